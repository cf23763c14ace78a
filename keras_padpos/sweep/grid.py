"""The runs that a YAML file asks for."""

import dataclasses
import difflib
import hashlib
import importlib
import itertools
import json
import math
import os
import pkgutil
import re
import subprocess
import sys
from collections.abc import Iterator
from collections.abc import Mapping
from typing import Any

from absl import flags

from keras_padpos.errors import InputError
from keras_padpos.errors import MissingPackageError
from keras_padpos.errors import error_words
from keras_padpos.runs.flags import Flag
from keras_padpos.runs.flags import Settings
from keras_padpos.runs.flags import flag_text

_NOT_FOR_SWEEPS = {
    "workdir": "the sweep gives each run its own",
    "resume": "runs of a sweep always go on where they stopped",
    "overwrite": "runs of a sweep always go on where they stopped",
    "flagfile": "write its flags into this file",
}

# More is a slip: a product of lists that were meant as values.
_MOST_RUNS = 100_000

_BLOCK = ("experiment", "flags", "grid")


@dataclasses.dataclass(frozen=True)
class SweepRun:
    """A binary and its flags, without `--workdir`.

    Example:
        >>> run = SweepRun("experiments.count", {"seed": 1}, varied=("seed",))
        >>> run.name
        'count-seed=1-d8e1f2c80f'
        >>> run.command("runs/one")[1:]
        ['-m', 'experiments.count', '--seed=1', '--workdir=runs/one']

    Args:
        experiment: The binary's module, with its package.
        flags: From flag name to value: text, number, boolean, or a list of
            these.
        varied: Names of the flags in which the runs of a sweep differ.
    """

    experiment: str
    flags: Mapping[str, Any]
    varied: tuple[str, ...] = ()

    @property
    def digest(self) -> str:
        """Ten hexadecimal digits of experiment and flags, in any order."""
        text = "\n".join([self.experiment, *sorted(self.flag_arguments())])
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

    def flag_arguments(self) -> list[str]:
        """The flags as arguments of a command line."""
        return [f"--{name}={flag_text(v)}" for name, v in self.flags.items()]

    def command(self, workdir: str, python: str = "python") -> list[str]:
        """The command line that runs it with `python` in `workdir`."""
        arguments = [*self.flag_arguments(), f"--workdir={workdir}"]
        return [python, "-m", self.experiment, *arguments]


def sweep_grid(path: str | os.PathLike) -> list[SweepRun]:
    """Read the runs of a sweep from a YAML file, and check their flags.

    A block names an `experiment`, `flags` that its runs share, and a `grid`
    from flag to list of values: one run for each combination, the last flag
    changing first. A block without `grid` is one run. The file is a block, or
    a list of blocks under `runs:`, with `experiment` and `flags` for all of
    them beside it; a block's own take precedence.

    A value is text, a number, true or false; a list, in `flags` or as one of
    the values in `grid`, becomes one value with commas. Each binary checks
    the flags of its runs; no run is started, and Keras is not imported.

    Example:
        >>> import pathlib, tempfile
        >>> file = pathlib.Path(tempfile.mkdtemp(), "study.yaml")
        >>> _ = file.write_text('''
        ... experiment: fconv_tests
        ... flags: {test: red_green, splits: disjoint}
        ... grid:
        ...   padding_mode: [zeros, [reflect, circular]]
        ... ''')
        >>> [run.label for run in sweep_grid(file)]
        ['fconv_tests padding_mode=zeros', \
'fconv_tests padding_mode=reflect,circular']

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
    shared, blocks = {}, [(path, content)]
    if isinstance(content, dict) and "runs" in content:
        _check_keys(path, content, ("experiment", "flags", "runs"))
        shared = dict(content)
        listed = shared.pop("runs")
        _check(
            isinstance(listed, list) and listed,
            f"{path}: `runs`",
            f"a list of blocks with {', '.join(_BLOCK)}",
            listed,
        )
        _flag_values(path, shared, "flags")
        blocks = [(f"{path}, block {n}", b) for n, b in enumerate(listed, 1)]
    runs: list[SweepRun] = []
    sources: dict[str, str] = {}
    for source, block in blocks:
        for run in _block_runs(source, block, shared):
            if run.digest in sources:
                command = " ".join([run.experiment, *run.flag_arguments()])
                raise InputError(
                    f"{source}: the run {command!r} appears twice, first in "
                    f"{sources[run.digest]}."
                )
            sources[run.digest] = source
            runs.append(run)
    varied = {}
    for experiment in dict.fromkeys(run.experiment for run in runs):
        its_runs = [run for run in runs if run.experiment == experiment]
        varied[experiment] = _varied_flags(its_runs)
        fault = _first_fault(experiment, [dict(run.flags) for run in its_runs])
        if fault is not None:
            number, text = fault
            source = sources[its_runs[number].digest]
            raise InputError(f"{source}: {text}.")
    return [
        dataclasses.replace(
            run,
            varied=tuple(n for n in run.flags if n in varied[run.experiment]),
        )
        for run in runs
    ]


def _load(path: str) -> Any:
    try:
        import yaml
    except ImportError as error:
        raise MissingPackageError(
            "Sweeps need PyYAML: pip install 'keras-padpos[sweep]'"
        ) from error

    class Loader(yaml.SafeLoader):
        """Refuses a key that appears twice, which YAML's own loader drops."""

        def construct_mapping(self, node, deep=False):
            seen = set()
            for key, _ in node.value:
                if not isinstance(key, yaml.ScalarNode):
                    continue
                if key.value in seen:
                    raise yaml.constructor.ConstructorError(
                        problem=f"key {key.value!r} appears twice",
                        problem_mark=key.start_mark,
                    )
                seen.add(key.value)
            return super().construct_mapping(node, deep)

    try:
        with open(path, encoding="utf-8") as file:
            # Loader makes plain values only, as yaml.safe_load does.
            return yaml.load(file, Loader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = f", line {mark.line + 1}" if mark else ""
        problem = error.problem or error.context
        raise InputError(f"{path}{line}: {problem}.") from error
    except (OSError, ValueError, yaml.YAMLError) as error:
        raise InputError(
            f"Cannot read {path}: {error_words(error)}."
        ) from error


def _block_runs(
    source: str, block: Any, shared: Mapping[str, Any]
) -> Iterator[SweepRun]:
    _check_keys(source, block, _BLOCK)
    experiment = block.get("experiment", shared.get("experiment"))
    _check(
        isinstance(experiment, str) and experiment,
        f"{source}: `experiment`",
        "a binary of experiments, or a module with its package",
        experiment,
    )
    if "." not in experiment:
        experiment = f"experiments.{experiment}"
    fixed = _flag_values(source, block, "flags")
    grid = _flag_values(source, block, "grid")
    for name in fixed:
        if name in grid:
            raise InputError(
                f"{source}: `{name}` is in `flags` and in `grid`. Leave it "
                "out of one of them."
            )
    count = math.prod(map(len, grid.values()))
    if count > _MOST_RUNS:
        raise InputError(
            f"{source}: `grid` makes {count} runs, more than {_MOST_RUNS}. A "
            "list within the list is one value with commas."
        )
    common = shared.get("flags", {}) | fixed
    for values in itertools.product(*grid.values()):
        combined = common | dict(zip(grid, values, strict=True))
        yield SweepRun(experiment, combined)


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
    mapping = "a mapping from flag to " + ("value", "values")[key == "grid"]
    _check(isinstance(content, dict), f"{source}: `{key}`", mapping, content)
    if key == "grid" and key in block:
        _check(content, f"{source}: `grid`", f"{mapping}, or left out", content)
    for name, value in content.items():
        # YAML reads `on` and `no` as booleans.
        _check(
            isinstance(name, str) and name,
            f"{source}, {key}: a flag's name",
            "text",
            name,
        )
        label = f"{source}, {key}: `{name}`"
        values = [value]
        if key == "grid":
            values = value
            listed = isinstance(value, list) and value
            _check(listed, label, "a list of values, such as [0, 1]", value)
        for each in values:
            items = each if isinstance(each, list) else [each]
            _check(
                items
                and all(isinstance(i, (str, bool, int, float)) for i in items),
                label,
                "text, a number, true, false, or a list of these for a value "
                "with commas",
                each,
            )
    return content


def _varied_flags(runs: list[SweepRun]) -> set[str]:
    """Names of the flags that are not the same in all runs."""
    texts: dict[str, list[str]] = {}
    for run in runs:
        for name, value in run.flags.items():
            texts.setdefault(name, []).append(flag_text(value))
    return {
        name
        for name, values in texts.items()
        if len(set(values)) > 1 or len(values) < len(runs)
    }


def _first_fault(
    experiment: str, flag_sets: list[dict[str, Any]]
) -> tuple[int, str] | None:
    """Number of the first wrong set of flags, and what is wrong with it.

    The binary is imported in a process of its own: its flags may be absl's.
    """
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


def _flags_of(
    experiment: str,
) -> tuple[flags.FlagValues, Mapping[str, Flag]]:
    """A binary's flags, and those that its study declares, if it is one."""
    try:
        module = importlib.import_module(experiment)
    except ModuleNotFoundError as error:
        if error.name and f"{experiment}.".startswith(f"{error.name}."):
            raise InputError(
                f"there is no experiment {experiment!r}{_among(experiment)}"
            ) from error
        raise InputError(f"{experiment} cannot be imported: {error}") from error
    except Exception as error:
        raise InputError(
            f"{experiment} cannot be imported: {error!r}"
        ) from error
    study = getattr(module, "STUDY", None)
    if study is not None:
        defined = flags.FlagValues()
        study.define(defined)
        return defined, study.declared
    if "workdir" not in flags.FLAGS:
        raise InputError(
            f"{experiment} has no --workdir, so it is no experiment"
        )
    return flags.FLAGS, {}


def _among(experiment: str) -> str:
    if not experiment.startswith("experiments."):
        return ""
    try:
        import experiments
    except ImportError:
        return (
            ", nor a package `experiments`: start the sweep in the folder that "
            "holds it"
        )
    modules = pkgutil.iter_modules(experiments.__path__)
    return f" among {', '.join(module.name for module in modules)}"


def _first_flag_fault(
    defined: flags.FlagValues,
    declared: Mapping[str, Flag],
    experiment: str,
    flag_sets: list[dict[str, Any]],
) -> tuple[int, str] | None:
    for number, values in enumerate(flag_sets):
        fault = _flag_fault(defined, experiment, values)
        if fault:
            return number, fault
        run = SweepRun(experiment, values)
        try:
            defined([experiment, *run.flag_arguments()])
            Settings(declared, defined).check()
        except (flags.Error, InputError) as error:
            return number, str(error).rstrip(".")
        finally:
            # Else these values would be those of the next check.
            defined.unparse_flags()
    return None


def _flag_fault(
    defined: flags.FlagValues, experiment: str, values: Mapping[str, Any]
) -> str | None:
    """Why a run's values, as YAML reads them, are not for these flags."""
    for name, value in values.items():
        if name in _NOT_FOR_SWEEPS:
            return f"`{name}` must be left out: {_NOT_FOR_SWEEPS[name]}"
        if name not in defined:
            alike = difflib.get_close_matches(name, defined, n=1)
            hint = f"; `{alike[0]}` is one" if alike else ""
            return f"{experiment} has no flag `{name}`{hint}"
        items = value if isinstance(value, list) else [value]
        if defined[name].boolean:
            if not isinstance(value, bool):
                return f"`{name}` must be true or false. Received: {value!r}"
        elif any(isinstance(item, bool) for item in items):
            return (
                f"`{name}` must be text or a number. Received: {value!r}. YAML "
                "reads yes, no, on and off as booleans: put them in quotes"
            )
    return None
