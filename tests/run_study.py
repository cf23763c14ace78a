"""A study in this process, as its binary runs it."""

import contextlib
import io
import os
import warnings
from dataclasses import dataclass

from keras_padpos import studies


@dataclass(frozen=True)
class Done:
    returncode: int
    stdout: str
    stderr: str


def run_study(name, *argv, cwd):
    """Run the study `name` with flags in a folder; what it printed."""
    out, err = io.StringIO(), io.StringIO()
    before = os.getcwd()
    os.chdir(cwd)
    try:
        with (
            contextlib.redirect_stdout(out),
            contextlib.redirect_stderr(err),
            warnings.catch_warnings(),
        ):
            # As in a process of its own: a warning is a line, no error.
            warnings.simplefilter("default", UserWarning)
            try:
                studies.get(name).run([name, *map(str, argv)])
            except SystemExit as end:
                status = end.code
    finally:
        os.chdir(before)
    return Done(status or 0, out.getvalue(), err.getvalue())
