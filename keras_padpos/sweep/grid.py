"""The runs that a YAML file asks for."""

import dataclasses
import difflib
import hashlib
import importlib
import itertools
import json
import math
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from absl import flags

from keras_padpos import studies
from keras_padpos.errors import InputError
from keras_padpos.errors import did_you_mean
from keras_padpos.errors import error_text
from keras_padpos.errors import optional_import
from keras_padpos.runs.flags import Flag
from keras_padpos.runs.flags import Settings
from keras_padpos.runs.flags import flag_text
from keras_padpos.studies import STUDIES
from keras_padpos.sweep.folder import SweepLog

_NOT_FOR_SWEEPS = {
    "workdir": "the sweep gives each run its own",
    "resume": "runs of a sweep always go on where they stopped",
    "overwrite": "runs of a sweep always go on where they stopped",
    "flagfile": "write its flags into this file",
}

# More is a slip: a product of lists that were meant as values.
_MOST_RUNS = 100_000

_BLOCK = ("experiment", "flags", "grid")
_VALUE = (
    "text, a number, true, false, or a list of these for a value with commas"
)


@dataclasses.dataclass
class SweepRun:
    """A binary and its flags, without `--workdir`; and how far a sweep got.

    Example:
        >>> run = SweepRun("texture", {"seed": 1}, varied=("seed",))
        >>> run.name
        'texture-seed=1-f1adde177a'

    Args:
        experiment: The name of a study, or a binary's module with its package.
        flags: From flag name to value: text, number, boolean, or a list of
            these.
        varied: Names of the flags in which the runs of a sweep differ.

    Attributes:
        state: `"waiting"`, `"running"`, `"finished"` or `"failed"`.
        workdir: Where it works; set by the sweep, as is all below.
        log: What it prints into.
        before: Whether it was finished before this sweep began.
        attempts: How many times it was started.
        node: The machine of the last attempt.
        seconds: The time that it took.
        fault: Why it failed.
    """

    experiment: str
    flags: Mapping[str, Any]
    varied: tuple[str, ...] = ()
    state: str = "waiting"
    workdir: str = ""
    log: SweepLog = SweepLog(Path())
    before: bool = False
    attempts: int = 0
    node: str | None = None
    seconds: float | None = None
    fault: str = ""
    started: float | None = None  # of `time.monotonic`

    @property
    def digest(self) -> str:
        """Ten hexadecimal digits of experiment and flags, in any order."""
        text = "\n".join([self.experiment, *sorted(self.arguments())])
        return hashlib.sha256(text.encode()).hexdigest()[:10]

    @property
    def label(self) -> str:
        """The experiment and the flags that vary."""
        values = [
            f"{name}={flag_text(self.flags[name])}" for name in self.varied
        ]
        return " ".join([self.experiment.rpartition(".")[2], *values])

    @property
    def name(self) -> str:
        """Name of the work directory: the label and the digest."""
        readable = re.sub(r"[^\w.=+-]+", "-", self.label, flags=re.ASCII)
        return f"{readable[:120]}-{self.digest}"

    @property
    def elapsed(self) -> float | None:
        """Seconds that it took, or takes so far."""
        if self.state == "running" and self.started is not None:
            return time.monotonic() - self.started
        return self.seconds

    def arguments(self) -> list[str]:
        """The flags as arguments of a command line."""
        return [f"--{name}={flag_text(v)}" for name, v in self.flags.items()]

    def command(self, python: str = "python") -> list[str]:
        """The command line that runs it with `python` in its `workdir`."""
        is_study = "." not in self.experiment
        program = ["keras_padpos"] if is_study else []
        program += [self.experiment, *self.arguments()]
        return [python, "-m", *program, f"--workdir={self.workdir}"]


def sweep_grid(path: str | os.PathLike) -> list[SweepRun]:
    """Read the runs of a sweep from a YAML file, and check their flags.

    A block names an `experiment`, `flags` that its runs share, and a `grid`
    from flag to list of values: one run for each combination, the last flag
    changing first. The file is a block, or a list of blocks under `runs:`,
    with `experiment` and `flags` for all of them beside it. A list as a value
    becomes one value with commas. Each binary checks the flags of its runs;
    no run is started, and Keras is not imported. A file::

        experiment: fconv_tests
        flags: {test: red_green, splits: disjoint}
        grid:
          padding_mode: [zeros, [reflect, circular]]

    Args:
        path: The file.

    Returns:
        The runs, in the order of the file.

    Raises:
        InputError: If the file cannot be read or has another content, there
            is no such binary, or it does not take a flag or its value.
        MissingPackageError: If PyYAML is not installed.
    """
    path = os.fspath(path)
    content = _load(path)
    shared, blocks = {}, {path: content}
    if isinstance(content, dict) and "runs" in content:
        _check_keys(path, content, ("experiment", "flags", "runs"))
        shared = dict(content)
        listed = shared.pop("runs")
        expected = f"a list of blocks with {', '.join(_BLOCK)}"
        is_list = isinstance(listed, list) and listed
        _check(is_list, f"{path}: `runs`", expected, listed)
        _flag_values(path, shared, "flags")
        blocks = {f"{path}, block {n}": b for n, b in enumerate(listed, 1)}
    runs: dict[str, SweepRun] = {}
    sources: dict[str, str] = {}
    for source, block in blocks.items():
        for run in _block_runs(source, block, shared):
            if run.digest in runs:
                command = " ".join([run.experiment, *run.arguments()])
                raise InputError(
                    f"{source}: the run {command!r} appears twice, first in "
                    f"{sources[run.digest]}."
                )
            sources[run.digest], runs[run.digest] = source, run
    for experiment in dict.fromkeys(run.experiment for run in runs.values()):
        same = {d: r for d, r in runs.items() if r.experiment == experiment}
        varied = _varied_flags(list(same.values()))
        for run in same.values():
            run.varied = tuple(name for name in run.flags if name in varied)
        flag_sets = [dict(run.flags) for run in same.values()]
        fault = _first_fault(experiment, flag_sets)
        if fault is not None:
            raise InputError(f"{sources[[*same][fault[0]]]}: {fault[1]}.")
    return list(runs.values())


def _load(path: str) -> Any:
    yaml = optional_import("yaml", "sweep", "A sweep")
    safe_loader: Any = yaml.SafeLoader

    class Loader(safe_loader):
        """Refuses a key that appears twice, which YAML's own loader drops."""

        def construct_mapping(self, node, deep=False):
            seen = set()
            for key, _ in node.value:
                if isinstance(key, yaml.ScalarNode) and key.value in seen:
                    raise yaml.constructor.ConstructorError(
                        problem=f"key {key.value!r} appears twice",
                        problem_mark=key.start_mark,
                    )
                seen.add(key.value if isinstance(key, yaml.ScalarNode) else 0)
            return super().construct_mapping(node, deep)

    try:
        with open(path, encoding="utf-8") as file:
            # Loader makes plain values only, as yaml.safe_load does.
            return yaml.load(file, Loader)  # noqa: S506
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = f", line {mark.line + 1}" if mark else ""
        problem = error.problem or error.context
        raise InputError(f"{path}{line}: {problem}.") from error
    except (OSError, ValueError, yaml.YAMLError) as error:
        raise InputError(f"Cannot read {path}: {error_text(error)}.") from error


def _block_runs(
    source: str, block: Any, shared: Mapping[str, Any]
) -> Iterator[SweepRun]:
    _check_keys(source, block, _BLOCK)
    experiment = block.get("experiment", shared.get("experiment"))
    expected = "the name of a study, or a module with its package"
    is_name = isinstance(experiment, str) and experiment
    _check(is_name, f"{source}: `experiment`", expected, experiment)
    fixed = _flag_values(source, block, "flags")
    grid = _flag_values(source, block, "grid")
    for name in fixed.keys() & grid:
        raise InputError(
            f"{source}: `{name}` is in `flags` and in `grid`. Leave it out of "
            "one of them."
        )
    count = math.prod(map(len, grid.values()))
    if count > _MOST_RUNS:
        raise InputError(
            f"{source}: `grid` makes {count} runs, more than {_MOST_RUNS}. A "
            "list within the list is one value with commas."
        )
    common = shared.get("flags", {}) | fixed
    for values in itertools.product(*grid.values()):
        varied = dict(zip(grid, values, strict=True))
        yield SweepRun(experiment, common | varied)


def _check(valid: Any, name: str, expected: str, received: Any) -> None:
    if not valid:
        text = "nothing" if received is None else repr(received)
        text = text if len(text) <= 80 else f"{text[:77]}..."
        raise InputError(f"{name} must be {expected}. Received: {text}.")


def _check_keys(source: str, block: Any, keys: tuple[str, ...]) -> None:
    example = "a mapping such as `experiment: ...`, `grid: ...`"
    _check(isinstance(block, dict) and block, source, example, block)
    for key in block:
        _check(key in keys, f"{source}: a key", f"of {', '.join(keys)}", key)


def _flag_values(
    source: str, block: Mapping[str, Any], key: str
) -> dict[str, Any]:
    """A block's `flags`, or its `grid`, which has a list for each flag."""
    content = block.get(key, {})
    in_grid = key == "grid"
    mapping = f"a mapping from flag to value{'s' if in_grid else ''}"
    _check(isinstance(content, dict), f"{source}: `{key}`", mapping, content)
    if in_grid and key in block:
        _check(content, f"{source}: `grid`", f"{mapping}, or left out", content)
    for name, value in content.items():
        # YAML reads `on` and `no` as booleans.
        is_name = isinstance(name, str) and name
        _check(is_name, f"{source}, {key}: a flag's name", "text", name)
        label = f"{source}, {key}: `{name}`"
        if in_grid:
            listed = isinstance(value, list) and value
            _check(listed, label, "a list of values, such as [0, 1]", value)
        for each in value if in_grid else [value]:
            items = each if isinstance(each, list) else [each]
            plain = [isinstance(i, (str, bool, int, float)) for i in items]
            _check(plain and all(plain), label, _VALUE, each)
    return content


def _varied_flags(runs: list[SweepRun]) -> set[str]:
    """Names of the flags that are not the same in all runs."""
    sets = [{n: flag_text(v) for n, v in run.flags.items()} for run in runs]
    names = {name for flag_set in sets for name in flag_set}
    return {n for n in names if len({each.get(n) for each in sets}) > 1}


def _first_fault(
    experiment: str, flag_sets: list[dict[str, Any]]
) -> tuple[int, str] | None:
    """Number of the first wrong set of flags, and what is wrong with it."""
    done = subprocess.run(
        [sys.executable, "-c", f"from {__name__} import _answer; _answer()"],
        input=json.dumps([experiment, flag_sets]),
        capture_output=True,
        text=True,
        check=False,
    )
    try:
        return json.loads(done.stdout.splitlines()[-1])
    except (IndexError, ValueError):
        line = (done.stderr.strip() or "no output").splitlines()[-1]
        return 0, f"{experiment} does not define its flags ({line})"


def _answer() -> None:
    """In that process: read the question and print the fault."""
    experiment, flag_sets = json.load(sys.stdin)
    try:
        fault = _first_flag_fault(*_flags_of(experiment), experiment, flag_sets)
    except InputError as error:
        fault = 0, str(error)
    print(json.dumps(fault))


def _flags_of(experiment: str) -> tuple[flags.FlagValues, Mapping[str, Flag]]:
    """A binary's flags, and those that its study declares, if it is one."""
    if "." not in experiment:
        if experiment not in STUDIES:
            raise InputError(
                f"there is no study {experiment!r}."
                f"{did_you_mean(experiment, STUDIES)} Studies are "
                f"{', '.join(STUDIES)}; a module is written with its package"
            )
        return _study_flags(studies.get(experiment))
    try:
        module = importlib.import_module(experiment)
    except Exception as error:
        missing = getattr(error, "name", None)
        if not missing or not f"{experiment}.".startswith(f"{missing}."):
            reason = str(error) if missing else repr(error)
            raise InputError(
                f"{experiment} cannot be imported: {reason}"
            ) from error
        raise InputError(f"there is no module {experiment!r}") from error
    if hasattr(module, "STUDY"):
        return _study_flags(module.STUDY)
    if "workdir" not in flags.FLAGS:
        raise InputError(
            f"{experiment} has no --workdir, so it is no experiment"
        )
    return flags.FLAGS, {}


def _study_flags(study: Any) -> tuple[flags.FlagValues, Mapping[str, Flag]]:
    defined = flags.FlagValues()
    study.program.define(defined)
    return defined, study.declared


def _first_flag_fault(
    defined: flags.FlagValues,
    declared: Mapping[str, Flag],
    experiment: str,
    flag_sets: list[dict[str, Any]],
) -> tuple[int, str] | None:
    for number, values in enumerate(flag_sets):
        try:
            for name, value in values.items():
                _check_flag(defined, experiment, name, value)
            defined([experiment, *SweepRun(experiment, values).arguments()])
            Settings(declared, defined).check()
        except (flags.Error, InputError) as error:
            return number, str(error).rstrip(".")
        finally:
            # Else these values would be those of the next check.
            defined.unparse_flags()
    return None


def _check_flag(
    defined: flags.FlagValues, experiment: str, name: str, value: Any
) -> None:
    """Refuse a value, as YAML reads it, that is not for this flag."""
    if name in _NOT_FOR_SWEEPS:
        raise InputError(f"`{name}` must be left out: {_NOT_FOR_SWEEPS[name]}")
    if name not in defined:
        alike = difflib.get_close_matches(name, defined, n=1)
        hint = f"; `{alike[0]}` is one" if alike else ""
        raise InputError(f"{experiment} has no flag `{name}`{hint}")
    items = value if isinstance(value, list) else [value]
    if defined[name].boolean:
        _check(isinstance(value, bool), f"`{name}`", "true or false", value)
    elif any(isinstance(item, bool) for item in items):
        raise InputError(
            f"`{name}` must be text or a number. Received: {value!r}. YAML "
            "reads yes, no, on and off as booleans: put them in quotes"
        )
