"""A study in this process, as its binary runs it."""

import contextlib
import functools
import io
import json
import warnings
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from keras_padpos import studies


@dataclass(frozen=True)
class Done:
    returncode: int
    stdout: str
    stderr: str


def run_study(name, *argv, cwd):
    """Run the study `name` with flags in a folder; what it printed."""
    return run_program(studies.get(name), name, *argv, cwd=cwd)


def run_program(program, *argv, cwd):
    """Run a study or a tool with a command line in a folder."""
    argv = [*map(str, argv)]
    return captured(functools.partial(program.run, argv), cwd)


def captured(command, cwd):
    """Call what ends with an exit status in a folder; what it printed."""
    out, err = io.StringIO(), io.StringIO()
    with (
        contextlib.chdir(cwd),
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
        warnings.catch_warnings(),
    ):
        # As in a process of its own: a warning is a line, no error.
        warnings.simplefilter("default", UserWarning)
        try:
            command()
        except SystemExit as end:
            status = end.code
    return Done(status or 0, out.getvalue(), err.getvalue())


@dataclass(frozen=True)
class Finished:
    """What a finished run printed and left."""

    stdout: str
    stderr: str
    work: Path

    @functools.cached_property
    def results(self):
        return json.loads((self.work / "results.json").read_text())

    @property
    def rows(self):
        return self.results["rows"]

    @functools.cached_property
    def arrays(self):
        with np.load(self.work / "arrays.npz") as arrays:
            return dict(arrays)

    @property
    def figures(self):
        return {file.stem for file in (self.work / "figures").iterdir()}

    @property
    def models(self):
        return sorted((self.work / "models").glob("*"))

    @property
    def lines(self):
        text = (self.work / "metrics.jsonl").read_text()
        return [json.loads(line) for line in text.splitlines()]


class StudyRuns:
    """Runs of a study in a folder, all with some flags."""

    def __init__(self, name, folder, *shared):
        self.name, self.folder, self.shared = name, folder, shared

    def start(self, *flags, work):
        flags = (*self.shared, *flags, f"--workdir={work}")
        return run_study(self.name, *flags, cwd=self.folder)

    def __call__(self, *flags, work="work"):
        done = self.start(*flags, work=work)
        assert done.returncode == 0, done.stderr
        return Finished(done.stdout, done.stderr, self.folder / work)

    def check_refused(self, flags, message):
        """One line says what is wrong, and nothing is written."""
        done = self.start(*flags.split(), work="refused")
        assert done.returncode == 1, done.stderr
        (line,) = done.stderr.splitlines()
        assert line.startswith(f"{self.name}: error: ")
        assert message in line
        assert not (self.folder / "refused").exists()
