"""What a worker does for one run of a sweep."""

import os
import signal
import sys
import time
from collections.abc import Mapping
from pathlib import Path

from keras_padpos.runs.error_words import error_words
from keras_padpos.runs.sweep_end import SweepEnd
from keras_padpos.runs.sweep_log import SweepLog
from keras_padpos.runs.sweep_process import sweep_process
from keras_padpos.runs.sweep_run import SweepRun

# What `DirectoryLock` says of a directory that another process works in.
_IN_USE = "{!r} is in use by "


def sweep_task(
    run: SweepRun,
    workdir: str,
    log: str,
    *,
    attempt: int,
    node: str,
    cwd: str,
    environment: Mapping[str, str | None],
    patience: float = 60,
) -> SweepEnd:
    """Run a binary in a process of its own and say how it ended.

    Where results.json is there, nothing is run. Where another process works
    in the directory, which is how a run looks whose worker was lost a moment
    ago, it is tried again for a while.

    Example:
        >>> import tempfile
        >>> folder = tempfile.mkdtemp()
        >>> end = sweep_task(
        ...     SweepRun("no_such.module", {}),
        ...     f"{folder}/work",
        ...     f"{folder}/run.log",
        ...     attempt=1,
        ...     node="here",
        ...     cwd=folder,
        ...     environment={"KERAS_BACKEND": "tensorflow"},
        ... )
        >>> end.fault
        'exit status 1'

    Args:
        run: The run.
        workdir: Its work directory.
        log: The file that it prints into; its folder must be there.
        attempt: Number of the attempt, for the log.
        node: Name of this machine, for the log.
        cwd: Where it runs.
        environment: Variables to set, or with `None` to remove.
        patience: How long to wait for a directory that is in use, in seconds.

    Returns:
        How it ended.
    """
    for folder in (cwd, Path(log).parent):
        if not os.path.isdir(folder):
            return SweepEnd(
                node,
                fault=f"{node} does not see {str(folder)!r}: the nodes of a "
                "sweep need a shared folder under the same path",
            )
    started = time.monotonic()
    finished = Path(workdir, "results.json").exists
    if finished():
        return SweepEnd(node, 0.0)
    command = run.command(workdir, sys.executable)
    pause = 1.0
    while True:
        words = SweepLog(log).from_here()
        try:
            words.begin(attempt, node, command)
            with open(log, "ab") as output:
                status = sweep_process(
                    command, output, cwd=cwd, env=_environment(environment)
                )
        except OSError as error:
            return SweepEnd(node, fault=f"{node}: {error_words(error)}")
        seconds = time.monotonic() - started
        if status == 0 and finished():
            return SweepEnd(node, seconds)
        locked = _IN_USE.format(str(workdir))
        in_use = status == 1 and any(
            locked in line for line in words.last_lines(5)
        )
        if not in_use:
            return SweepEnd(node, seconds, fault=_status_words(status))
        if seconds + pause > patience:
            # Of a machine that is gone, whose lock outlives it.
            return SweepEnd(
                node, seconds, fault=_status_words(status), lost=True
            )
        time.sleep(pause)
        pause *= 2


def _environment(changes: Mapping[str, str | None]) -> dict[str, str]:
    kept = {
        name: value
        for name, value in os.environ.items()
        # Of no concern to a run, and a token to the cluster among them.
        if not name.startswith("RAY_")
    }
    for name, value in changes.items():
        if value is None:
            kept.pop(name, None)
        else:
            kept[name] = value
    return kept


def _status_words(status: int) -> str:
    if status == 0:
        return "it ended without results.json"
    if status > 0:
        return f"exit status {status}"
    name = signal.Signals(-status).name
    hint = ", as when memory runs out" if name == "SIGKILL" else ""
    return f"killed by {name}{hint}"
