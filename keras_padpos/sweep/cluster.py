"""Where the runs of a sweep are run: Ray."""

import contextlib
import logging
import math
import os
import secrets
import shutil
import socket
import tempfile
import time
from typing import Any

from keras_padpos.errors import InputError
from keras_padpos.errors import error_words
from keras_padpos.sweep.process import sweep_task
from keras_padpos.sweep.run import SweepEnd

# Ray keeps nothing for a sweep; this is the least that it takes.
_OBJECT_STORE = 80 * 2**20

# These decide what a run computes, or where Python finds it; so they are the
# same on all nodes. Ray sets OMP_NUM_THREADS for its workers.
_DRIVERS = ("KERAS_BACKEND", "PYTHONPATH", "OMP_NUM_THREADS")


class SweepCluster:
    """Runs tasks of a sweep on Ray; use as a context.

    Without an address, Ray is started on this machine alone and ended with
    the context: no dashboard, no usage statistics, its files in a temporary
    folder that is removed. With an address, the sweep joins a cluster that is
    there already; this machine must be one of its nodes.

    A task that is lost with its worker or node is not started again by Ray:
    `wait` tells of it, and whoever sweeps decides.

    Example:
        ```python
        with SweepCluster(cpus_per_run=2) as cluster:
            cluster.start("one", run, "runs/one", "logs/one.log", attempt=1)
            ended = cluster.wait(seconds=60)
        ```

    Args:
        address: `HOST:PORT` of a cluster, or `"auto"` for the one that this
            machine is a node of; `None` for this machine alone.
        cpus_per_run: Processors that Ray sets apart for a run; how many
            threads it has is the run's affair.
        gpus_per_run: GPUs likewise, of which a run sees no others; `None` is
            1 if a node has any, else 0.
        limit_threads: Whether TensorFlow and OpenMP are told to use no more
            threads than `cpus_per_run`.

    Raises:
        InputError: If Ray is not installed. On entering: if it cannot be
            started or joined, or no node can hold a run.
    """

    def __init__(
        self,
        address: str | None = None,
        *,
        cpus_per_run: float = 1,
        gpus_per_run: float | None = None,
        limit_threads: bool = False,
    ):
        # Before Ray is imported, which reads it then.
        os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
        try:
            import ray
        except ImportError as error:
            raise InputError(
                "A sweep needs Ray: pip install 'keras-padpos[sweep]'. "
                "--dry_run prints its commands without."
            ) from error
        self._ray = ray
        self._address = address
        self._cpus = cpus_per_run
        self._gpus = gpus_per_run
        self._limit_threads = limit_threads
        self._temporary = None
        self._under_way = {}
        self.at_once = 0
        """How many runs have room at once, as of entering."""
        self.nodes = 0
        """Number of nodes, as of entering."""

    def __enter__(self) -> "SweepCluster":
        logging.getLogger("ray").setLevel(logging.CRITICAL)
        try:
            self._connect()
            self._look_around()
        except BaseException:
            self._leave()
            raise
        return self

    def __exit__(self, *error) -> None:
        self._leave()

    def start(self, key: Any, *arguments: Any, **options: Any) -> None:
        """Start `sweep_task` where and as soon as there is room.

        Args:
            key: What `wait` is to call it.
            *arguments: Of `sweep_task`.
            **options: Of `sweep_task`, without `node`, `cwd` and
                `environment`.
        """
        reference = self._task.remote(
            *arguments,
            **options,
            cwd=os.getcwd(),
            environment=self._environment,
        )
        self._under_way[reference] = key

    def wait(self, seconds: float) -> list[tuple[Any, SweepEnd]]:
        """Wait until some run has ended, or for a while.

        Args:
            seconds: How long to wait at most.

        Returns:
            Keys of the runs that have ended since, and how.
        """
        references = list(self._under_way)
        if not references:
            return []
        self._ray.wait(references, num_returns=1, timeout=seconds)
        ready, _ = self._ray.wait(
            references, num_returns=len(references), timeout=0
        )
        return [(self._under_way.pop(ref), self._end(ref)) for ref in ready]

    def stop(self, seconds: float = 15) -> list[tuple[Any, SweepEnd]]:
        """Interrupt all runs, so that they end between two steps.

        Args:
            seconds: How long to wait for them; they are killed then.

        Returns:
            As `wait`, of the runs that ended meanwhile.
        """
        for reference in self._under_way:
            self._ray.cancel(reference, force=False)
        ended = []
        until = time.monotonic() + seconds
        while self._under_way and time.monotonic() < until:
            ended += self.wait(0.2)
        return ended

    def _connect(self) -> None:
        where, hint = "on this machine", ""
        options = {"log_to_driver": False, "logging_level": logging.CRITICAL}
        if self._address is None:
            # Ray opens ports to the network and would keep a token in the
            # home folder otherwise. Versions without tokens ignore it.
            os.environ.setdefault("RAY_AUTH_TOKEN", secrets.token_hex(32))
            self._temporary = _short_temporary_folder()
            options |= {
                "address": "local",
                "include_dashboard": False,
                "object_store_memory": _OBJECT_STORE,
                "_temp_dir": self._temporary,
            }
        else:
            where = f"at --address={self._address}"
            _check_address(self._address)
            options["address"] = self._address
            hint = ". If the cluster asks for a token, set RAY_AUTH_MODE=token"
        try:
            self._ray.init(**options)
        except Exception as error:
            # Whatever a wrong address or a machine without room makes of it.
            raise InputError(
                f"Cannot use Ray {where}: {error_words(error)}{hint}"
            ) from error

    def _look_around(self) -> None:
        nodes = [
            node["Resources"] for node in self._ray.nodes() if node["Alive"]
        ]
        most = {
            name: max((node.get(name, 0) for node in nodes), default=0)
            for name in ("CPU", "GPU")
        }
        given = self._gpus is not None
        gpus = self._gpus if given else float(most["GPU"] > 0)
        rooms = [
            math.floor(
                min(
                    node.get(name, 0) / needed
                    for name, needed in (("CPU", self._cpus), ("GPU", gpus))
                    if needed
                )
            )
            for node in nodes
        ]
        if not any(rooms):
            raise InputError(
                "No node has room for a run: --cpus_per_run and --gpus_per_run "
                f"must be at most {most['CPU']:g} and {most['GPU']:g}, the "
                f"most that a node has. Received: {self._cpus:g} and {gpus:g}."
            )
        self.at_once, self.nodes = sum(rooms), len(nodes)
        self._environment = {name: os.environ.get(name) for name in _DRIVERS}
        if most["GPU"] and not gpus:
            self._environment["CUDA_VISIBLE_DEVICES"] = ""
        if self._limit_threads:
            threads = str(max(1, int(self._cpus)))
            self._environment |= {
                "OMP_NUM_THREADS": threads,
                "TF_NUM_INTRAOP_THREADS": threads,
                "TF_NUM_INTEROP_THREADS": threads,
            }
        self._task = self._ray.remote(
            num_cpus=self._cpus, num_gpus=gpus, max_retries=0
        )(_on_worker)

    def _end(self, reference: Any) -> SweepEnd:
        exceptions = self._ray.exceptions
        try:
            return self._ray.get(reference)
        except exceptions.TaskCancelledError:
            return SweepEnd(stopped=True)
        except exceptions.RayTaskError as error:
            # A mistake in `sweep_task`, or a node without this package.
            words = str(error).strip().splitlines()[-1]
            if words.startswith("ModuleNotFoundError"):
                words += "; every node of the cluster needs this package"
            return SweepEnd(fault=words)
        except exceptions.RayError as error:
            return SweepEnd(fault=str(error).strip().splitlines()[0], lost=True)

    def _leave(self) -> None:
        with contextlib.suppress(Exception):
            self._ray.shutdown()
        if self._temporary is not None:
            shutil.rmtree(self._temporary, ignore_errors=True)


def _on_worker(*arguments: Any, **options: Any) -> SweepEnd:
    import ray

    number = ray.get_runtime_context().get_node_id()
    return sweep_task(
        *arguments, **options, node=f"{socket.gethostname()}/{number[:6]}"
    )


def _short_temporary_folder() -> str:
    """Ray has sockets in it, whose names may have 107 characters."""
    usual = tempfile.gettempdir()
    return tempfile.mkdtemp(
        prefix="ray-", dir=usual if len(usual) <= 30 else "/tmp"
    )


def _check_address(address: str) -> None:
    """Ask whether anybody listens; Ray would ask for minutes."""
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
            f"Nobody answers at --address={address}: {error_words(error)}. "
            "`ray start --head` prints the address of the cluster it starts."
        ) from error
