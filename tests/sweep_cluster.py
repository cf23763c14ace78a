"""A Ray cluster on this machine, for the tests of sweeps.

In a process of its own: Ray reads its settings when it is imported.
"""

import contextlib
import json
import os
import secrets
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

_SERVE = """
import json, os, sys
answers = os.fdopen(os.dup(1), "w")
os.dup2(2, 1)
from ray.cluster_utils import Cluster

# Nothing is stored; Ray's least.
store = {"object_store_memory": 80 * 2**20}
cluster = Cluster()
nodes = {}
for line in sys.stdin:
    command, argument = json.loads(line)
    if command == "add":
        node = cluster.add_node(**argument, **store)
        answer = node.node_id[:6]
        nodes[answer] = node
    else:
        graceful = command == "remove"
        cluster.remove_node(nodes.pop(argument), allow_graceful=graceful)
        answer = None
    print(json.dumps([answer, cluster.address]), file=answers, flush=True)
cluster.shutdown()
"""


class SweepCluster:
    """Nodes come with `add` and go with `remove` or `kill`."""

    def __init__(self, process):
        self._process = process
        self.address = None

    def add(self, **resources):
        """Add a node; the name that a sweep gives it."""
        return self._ask("add", resources)

    def remove(self, name):
        self._ask("remove", name)

    def kill(self, name):
        self._ask("kill", name)

    def _ask(self, command, argument):
        line = json.dumps([command, argument])
        print(line, file=self._process.stdin, flush=True)
        answer, self.address = json.loads(self._process.stdout.readline())
        return answer


@contextlib.contextmanager
def sweep_cluster(cpus):
    """A cluster whose first node has so many processors.

    The environment of processes started within it says how to join.
    """
    with contextlib.ExitStack() as stack:
        monkeypatch = stack.enter_context(pytest.MonkeyPatch.context())
        # Else Ray looks for a token in the home folder.
        monkeypatch.setenv("RAY_AUTH_TOKEN", secrets.token_hex(32))
        monkeypatch.setenv("RAY_AUTH_MODE", "token")
        monkeypatch.setenv("RAY_USAGE_STATS_ENABLED", "0")
        # Runs import the package, and the stub from where they are started.
        monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(ROOT), "."]))
        log = stack.enter_context(tempfile.TemporaryFile())
        temporary = stack.enter_context(
            tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        )
        process = stack.enter_context(
            subprocess.Popen(
                [sys.executable, "-c", _SERVE],
                env={**os.environ, "RAY_TMPDIR": temporary},
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )
        )
        # It ends with its input.
        stack.callback(process.wait)
        stack.callback(process.stdin.close)
        cluster = SweepCluster(process)
        cluster.add(num_cpus=cpus, include_dashboard=False)
        yield cluster


def start_sweep(*argv, cwd):
    """Start `python -m tools.sweep` and give back its process."""
    return subprocess.Popen(
        [sys.executable, "-m", "tools.sweep", *map(str, argv)],
        cwd=cwd,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
