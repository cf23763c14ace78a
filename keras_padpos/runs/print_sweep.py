"""The last words of a sweep."""

import os
import shlex
from pathlib import Path

from keras_padpos.runs.sweep_outcome import SweepOutcome


def print_sweep(outcome: SweepOutcome, out: str | os.PathLike) -> None:
    """Print how many runs are finished, which are not, and what is next.

    Example:
        >>> print_sweep(SweepOutcome([], 0.1), "runs/study")
        0 runs in runs/study: 0 finished (0 of them before), 0 failed, 0.1 s

    Args:
        outcome: What came of the sweep.
        out: Its folder, as it was given.
    """
    entries = outcome.entries
    finished = [entry for entry in entries if entry.state == "finished"]
    failed = [entry for entry in entries if entry.state == "failed"]
    before = sum(entry.before for entry in finished)
    unfinished = len(entries) - len(finished) - len(failed)
    print(
        f"{len(entries)} runs in {out}: {len(finished)} finished ({before} of "
        f"them before), {len(failed)} failed, "
        + (f"{unfinished} not finished, " if unfinished else "")
        + f"{outcome.seconds:.1f} s"
    )
    for entry in failed:
        print(f"  failed: {entry.run.label} ({entry.fault}), {entry.log.path}")
    if unfinished:
        print("The same command goes on with those that are not finished.")
    elif failed:
        print("The same command tries those that failed again.")
    if finished:
        folder = shlex.quote(str(out))
        page = Path(out, "report.html")
        again = " --overwrite" if page.expanduser().exists() else ""
        print(
            f"Report: python -m tools.report {folder} "
            f"--out={shlex.quote(str(page))}{again}"
        )
