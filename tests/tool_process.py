"""A binary in a process of its own that answers many command lines.

For a binary that imports modules out of the folder it is started in, which
must not stay in the process of the tests.
"""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]

_SERVE = """
import contextlib, importlib, io, json, os, sys
from absl import flags
from absl.testing import flagsaver
from keras_padpos import runs

answers = os.fdopen(os.dup(1), "w")
os.dup2(2, 1)
module = importlib.import_module(sys.argv[1])
options = json.loads(sys.argv[2])
sys.argv = [module.__file__]
saved = None
for line in sys.stdin:
    cwd, *rest = json.loads(line)
    os.chdir(cwd)
    if saved is not None:
        flagsaver.restore_flag_values(saved)
        flags.FLAGS.unparse_flags()
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        saved = saved or flagsaver.save_flag_values()
        try:
            argv = [module.__file__, *rest]
            runs.run(module.main, argv, **options)
        except SystemExit as end:
            status = end.code
    answer = [status or 0, out.getvalue(), err.getvalue()]
    print(json.dumps(answer), file=answers, flush=True)
"""


@dataclass(frozen=True)
class Done:
    returncode: int
    stdout: str
    stderr: str


class ToolProcess:
    """`tool(*argv, cwd=...)` runs a binary's `main`; use as a context."""

    def __init__(self, module, arguments, needs_keras=True):
        self._command = [sys.executable, "-c", _SERVE, module]
        options = {"arguments": arguments, "needs_keras": needs_keras}
        self._command.append(json.dumps(options))

    def __enter__(self):
        self._process = subprocess.Popen(
            self._command,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        return self

    def __exit__(self, *error):
        self._process.stdin.close()
        self._process.wait(timeout=60)
        self._process.stdout.close()

    def __call__(self, *argv, cwd):
        line = json.dumps([str(cwd), *map(str, argv)])
        print(line, file=self._process.stdin, flush=True)
        answer = self._process.stdout.readline()
        assert answer, "the process has ended"
        return Done(*json.loads(answer))
