"""The Ray cluster that a sweep runs on."""

import contextlib
import dataclasses
import logging
import os
import secrets
import socket
import tempfile
import time
from typing import Any

from keras_padpos.errors import InputError
from keras_padpos.errors import error_text
from keras_padpos.errors import optional_import
from keras_padpos.sweep.grid import SweepRun
from keras_padpos.sweep.process import SweepEnd
from keras_padpos.sweep.process import sweep_task

# A sweep stores no objects in Ray; this is the least that Ray accepts.
_OBJECT_STORE = 80 * 2**20

# These decide what a run computes, or where Python finds it, so all nodes use
# the values of this process. Ray sets OMP_NUM_THREADS for its workers.
_SHARED_VARIABLES = ("KERAS_BACKEND", "PYTHONPATH", "OMP_NUM_THREADS")


@dataclasses.dataclass
class SweepCluster:
    """Runs the tasks of a sweep on Ray; use as a context."""

    address: str | None = None
    cpus_per_run: float = 1
    gpus_per_run: float | None = None
    limit_threads: bool = False

    def __post_init__(self):
        # Before Ray is imported, which reads it then.
        os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
        self._ray = optional_import(
            "ray", "sweep", "A sweep (--dry_run does not)"
        )
        self._task: Any = None
        self._under_way: dict[Any, SweepRun] = {}
        # As of entering: how many runs have room at once, on how many nodes.
        self.at_once = self.nodes = 0

    def __enter__(self) -> "SweepCluster":
        logging.getLogger("ray").setLevel(logging.CRITICAL)
        with contextlib.ExitStack() as stack:
            self._connect(stack)
            self._plan_resources()
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *error) -> None:
        self._stack.close()

    def start(self, run: SweepRun) -> None:
        """Start a run as soon as a node has room."""
        # Ray copies it: it is sent as it is now.
        reference = self._task.remote(
            run, cwd=os.getcwd(), environment=self._environment
        )
        self._under_way[reference] = run

    def wait(self, seconds: float) -> list[tuple[SweepRun, SweepEnd]]:
        """The runs that have ended, and how; waits for one at most."""
        references = list(self._under_way)
        if not references:
            return []
        self._ray.wait(references, num_returns=1, timeout=seconds)
        ready, _ = self._ray.wait(
            references, num_returns=len(references), timeout=0
        )
        return [(self._under_way.pop(ref), self._end(ref)) for ref in ready]

    def stop(self) -> list[tuple[SweepRun, SweepEnd]]:
        """Interrupt all runs, and kill them after 15 seconds; as `wait`."""
        for reference in self._under_way:
            self._ray.cancel(reference, force=False)
        ended = []
        until = time.monotonic() + 15
        while self._under_way and time.monotonic() < until:
            ended += self.wait(0.2)
        return ended

    def _connect(self, stack: contextlib.ExitStack) -> None:
        where, hint = "on this machine", ""
        options: dict[str, Any] = {
            "log_to_driver": False,
            "logging_level": logging.CRITICAL,
        }
        if self.address is None:
            # Ray opens ports to the network and would keep a token in the
            # home folder otherwise. Versions without tokens ignore it.
            os.environ.setdefault("RAY_AUTH_TOKEN", secrets.token_hex(32))
            # For sockets, whose paths may have 107 characters.
            folder = tempfile.gettempdir()
            temporary = tempfile.TemporaryDirectory(
                prefix="ray-",
                dir=folder if len(folder) <= 30 else "/tmp",
                ignore_cleanup_errors=True,
            )
            options |= {
                "address": "local",
                "include_dashboard": False,
                "object_store_memory": _OBJECT_STORE,
                # Ray opens its folder to everybody; that around it stays
                # its owner's alone.
                "_temp_dir": os.path.join(stack.enter_context(temporary), "r"),
            }
        else:
            where = f"at --address={self.address}"
            hint = ". If the cluster asks for a token, set RAY_AUTH_MODE=token"
            _check_address(self.address)
            options["address"] = self.address
        stack.callback(_shut_down, self._ray)
        try:
            self._ray.init(**options)
        except Exception as error:
            # The class depends on what is wrong: the address, the memory.
            raise InputError(
                f"Cannot use Ray {where}: {error_text(error)}{hint}"
            ) from error

    def _plan_resources(self) -> None:
        """Count the room for runs, and set resources and environment."""
        nodes = [
            node["Resources"] for node in self._ray.nodes() if node["Alive"]
        ]
        most_cpus, most_gpus = (
            max((node.get(name, 0) for node in nodes), default=0)
            for name in ("CPU", "GPU")
        )
        gpus = self.gpus_per_run
        if gpus is None:
            gpus = float(most_gpus > 0)
        needs = {"CPU": self.cpus_per_run, "GPU": gpus}
        rooms = [
            min(node.get(name, 0) // n for name, n in needs.items() if n)
            for node in nodes
        ]
        if not any(rooms):
            raise InputError(
                "No node has room for a run: --cpus_per_run and --gpus_per_run "
                f"must be at most {most_cpus:g} and {most_gpus:g}, the most "
                "that a node has. Received: "
                f"{self.cpus_per_run:g} and {gpus:g}."
            )
        self.at_once, self.nodes = int(sum(rooms)), len(nodes)
        self._environment = {
            name: os.environ.get(name) for name in _SHARED_VARIABLES
        }
        if most_gpus and not gpus:
            self._environment["CUDA_VISIBLE_DEVICES"] = ""
        if self.limit_threads:
            threads = str(max(1, int(self.cpus_per_run)))
            self._environment |= {
                "OMP_NUM_THREADS": threads,
                "TF_NUM_INTRAOP_THREADS": threads,
                "TF_NUM_INTEROP_THREADS": threads,
            }
        self._task = self._ray.remote(
            num_cpus=self.cpus_per_run, num_gpus=gpus, max_retries=0
        )(_on_worker)

    def _end(self, reference: Any) -> SweepEnd:
        exceptions = self._ray.exceptions
        try:
            return self._ray.get(reference)
        except exceptions.TaskCancelledError:
            return SweepEnd("stopped")
        except exceptions.RayTaskError as error:
            # A mistake in `sweep_task`, or a node without this package.
            fault = str(error).strip().splitlines()[-1]
            if fault.startswith("ModuleNotFoundError"):
                fault += "; every node of the cluster needs this package"
            return SweepEnd("failed", fault=fault)
        except exceptions.RayError as error:
            return SweepEnd("lost", fault=str(error).strip().splitlines()[0])


def _shut_down(ray: Any) -> None:
    with contextlib.suppress(Exception):
        ray.shutdown()


def _on_worker(run: SweepRun, **options: Any) -> SweepEnd:
    import ray

    node = ray.get_runtime_context().get_node_id()
    return sweep_task(run, **options, node=f"{socket.gethostname()}/{node[:6]}")


def _check_address(address: str) -> None:
    """Connect once: Ray would try for minutes."""
    if address == "auto":
        return
    host, _, port = address.rpartition(":")
    if not host or not port.isdecimal() or "/" in host:
        raise InputError(
            "--address must be HOST:PORT of a Ray cluster, or auto. Received: "
            f"{address}"
        )
    try:
        socket.create_connection((host.strip("[]"), int(port)), 10).close()
    except (OSError, OverflowError) as error:
        raise InputError(
            f"Nothing answers at --address={address}: {error_text(error)}. "
            "`ray start --head` prints the address of the cluster it starts."
        ) from error
