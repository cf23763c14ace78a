"""Write a report's file."""

import sys
from collections.abc import Sequence
from pathlib import Path

from keras_padpos.files.disk import atomic_file
from keras_padpos.report.read_runs import DAMAGED
from keras_padpos.report.read_runs import UNFINISHED
from keras_padpos.report.read_runs import RunRecord

# More than fits into an e-mail.
_LARGE = 50_000_000


def write_report(text: str, runs: Sequence[RunRecord], out: Path | None) -> str:
    """Write a report's file, whole or not at all.

    Args:
        text: As `report_text` returns it.
        runs: What it is about.
        out: As `check_report_file` returns it.

    Returns:
        What was written, in words.

    Raises:
        OSError: If it cannot be written.
    """
    # A name out of a file may hold what UTF-8 has no bytes for.
    content = text.encode("utf-8", errors="replace")
    if out is None:
        sys.stdout.write(content.decode("utf-8"))
        sys.stdout.flush()
    else:
        with atomic_file(out) as stream:
            stream.write(content)
    states = [run.state for run in runs]
    words = [f"{len(runs)} run{'s' if len(runs) != 1 else ''}"]
    words += [
        f"{states.count(state)} of them {state}"
        for state in (UNFINISHED, DAMAGED)
        if state in states
    ]
    size = _size_words(len(content))
    if len(content) > _LARGE and out is not None:
        words.append("--nofigures makes it small")
    return f"{out or 'standard output'}: {size}, {', '.join(words)}"


def _size_words(size: int) -> str:
    if size < 1000:
        return f"{size} bytes"
    if size < 999_500:
        return f"{size / 1e3:.3g} kB"
    return f"{size / 1e6:.3g} MB"
