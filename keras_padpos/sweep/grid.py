"""The file that says what a sweep runs."""

import collections
import dataclasses
import difflib
import importlib
import itertools
import json
import os
import pkgutil
import subprocess
import sys
from collections.abc import Mapping
from collections.abc import Sequence
from typing import Any

from absl import flags

from keras_padpos.errors import InputError
from keras_padpos.errors import error_words
from keras_padpos.runs.flags import flag_text
from keras_padpos.sweep.run import SweepRun

_NOT_FOR_SWEEPS = {
    "workdir": "the sweep gives each run its own",
    "resume": "runs of a sweep always go on where they stopped",
    "overwrite": "runs of a sweep always go on where they stopped",
    "flagfile": "write its flags into this file",
}

_ANSWER = "from keras_padpos.sweep.grid import answer; answer()"


def check_sweep_flags(runs: Sequence[SweepRun]) -> None:
    """Ask each binary whether it takes the flags of its runs.

    A binary's module is imported in a process of its own, which is where its
    flags are defined, and absl reads each run's flags there. No run is
    started, and Keras is not imported.

    Example:
        >>> run = SweepRun("experiments.none", {"seed": 1}, place="study.yaml")
        >>> try:
        ...     check_sweep_flags([run])
        ... except InputError as error:
        ...     print(str(error).partition(" '")[0])
        study.yaml: there is no experiment

    Args:
        runs: The runs.

    Raises:
        InputError: If there is no such binary, it cannot be imported, has no
            `--workdir`, or does not take a flag or its value.
    """
    for experiment in dict.fromkeys(run.experiment for run in runs):
        mine = [run for run in runs if run.experiment == experiment]
        asked = {
            "experiment": experiment,
            "runs": [dict(r.flags) for r in mine],
        }
        done = subprocess.run(
            [sys.executable, "-c", _ANSWER],
            input=json.dumps(asked),
            capture_output=True,
            text=True,
            check=False,
        )
        try:
            fault = json.loads(done.stdout.splitlines()[-1])
        except (IndexError, ValueError):
            last = (done.stderr.strip() or "no words").splitlines()[-1]
            fault = [0, f"{experiment} cannot be asked for its flags ({last})"]
        if fault is not None:
            number, words = fault
            raise InputError(f"{mine[number].place}: {words}.")


def answer() -> None:
    """Tell the first fault in what standard input asks; for the process."""
    asked = json.load(sys.stdin)
    print(json.dumps(_first_fault(asked["experiment"], asked["runs"])))


def _first_fault(
    experiment: str, runs: Sequence[dict[str, Any]]
) -> tuple[int, str] | None:
    """Number of the run and what is wrong with it."""
    try:
        importlib.import_module(experiment)
    except ModuleNotFoundError as error:
        if error.name and f"{experiment}.".startswith(f"{error.name}."):
            return (
                0,
                f"there is no experiment {experiment!r}{_known(experiment)}",
            )
        return 0, f"{experiment} cannot be imported: {error}"
    except Exception as error:
        return 0, f"{experiment} cannot be imported: {error!r}"
    if "workdir" not in flags.FLAGS:
        return 0, f"{experiment} has no --workdir, so it is no experiment"
    for number, run in enumerate(runs):
        fault = _flag_fault(experiment, run)
        if fault:
            return number, fault
    return None


def _flag_fault(experiment: str, run: dict[str, Any]) -> str | None:
    for name, value in run.items():
        if name in _NOT_FOR_SWEEPS:
            return f"`{name}` must be left out: {_NOT_FOR_SWEEPS[name]}"
        if name not in flags.FLAGS:
            alike = difflib.get_close_matches(name, flags.FLAGS, n=1)
            hint = f"; `{alike[0]}` is one" if alike else ""
            return f"{experiment} has no flag `{name}`{hint}"
        if flags.FLAGS[name].boolean:
            if not isinstance(value, bool):
                return f"`{name}` must be true or false. Received: {value!r}"
        elif any(
            isinstance(item, bool)
            for item in (value if isinstance(value, list) else [value])
        ):
            return (
                f"`{name}` must be text or a number. Received: {value!r}. YAML "
                "reads yes, no, on and off as booleans: put them in quotes"
            )
    words = [f"--{name}={flag_text(value)}" for name, value in run.items()]
    try:
        flags.FLAGS([experiment, *words])
    except flags.Error as error:
        return str(error).rstrip(".")
    finally:
        # Else this run's values would be the next one's.
        flags.FLAGS.unparse_flags()
    return None


def _known(experiment: str) -> str:
    package, _, _ = experiment.rpartition(".")
    if package != "experiments":
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


# More is a slip of the pen: a product of lists that were meant as values.
_MOST_RUNS = 100_000

_BLOCK = ("experiment", "flags", "grid")


def sweep_grid(path: str | os.PathLike) -> list[SweepRun]:
    """Read the runs of a sweep from a YAML file.

    A block names an `experiment`, `flags` that its runs share, and a `grid`
    from flag to list of values: one run for each combination, the last flag
    changing first. A block without `grid` is one run. The file is a block, or
    a list of blocks under `runs:`, with `experiment` and `flags` for all of
    them beside it; what stands in a block goes before.

    A value is text, a number, true or false; a list, in `flags` or as one of
    the values in `grid`, becomes one value with commas.

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
        The runs, in the order of the file. Whether the experiments and their
        flags exist is not known yet; `check_sweep_flags` asks.

    Raises:
        InputError: If the file cannot be read, or says something else; or if
            PyYAML is not installed.
    """
    path = os.fspath(path)
    content = _load(path)
    shared, blocks = _blocks(path, content)
    runs = []
    for place, block in blocks:
        runs += _block_runs(place, block, shared)
    _refuse_twins(runs)
    return _with_what_varies(runs)


def _load(path: str) -> Any:
    try:
        import yaml
    except ImportError as error:
        raise InputError(
            "Sweeps need PyYAML: pip install 'keras-padpos[sweep]'"
        ) from error

    class Loader(yaml.SafeLoader):
        """Refuses a key that stands twice, which YAML's own loader drops."""

        def construct_mapping(self, node, deep=False):
            seen = set()
            for key, _ in node.value:
                if not isinstance(key, yaml.ScalarNode):
                    continue
                if key.value in seen:
                    raise yaml.constructor.ConstructorError(
                        problem=f"key {key.value!r} stands twice",
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


def _blocks(
    path: str, content: Any
) -> tuple[dict[str, Any], list[tuple[str, Any]]]:
    """What all blocks share, and each block with its place."""
    _check_mapping(path, content, ("experiment", "grid"))
    if "runs" not in content:
        return {}, [(path, content)]
    _check_keys(path, content, ("experiment", "flags", "runs"))
    blocks = content["runs"]
    if not isinstance(blocks, list) or not blocks:
        raise InputError(
            f"{path}: `runs` must be a list of blocks with {_words(_BLOCK)}. "
            f"Received: {_shown(blocks)}."
        )
    shared = {key: content[key] for key in content if key != "runs"}
    _check_flags(path, shared.get("flags", {}))
    return shared, [
        (f"{path}, block {number}", block)
        for number, block in enumerate(blocks, start=1)
    ]


def _block_runs(
    place: str, block: Any, shared: Mapping[str, Any]
) -> list[SweepRun]:
    _check_mapping(place, block, ("experiment", "grid"))
    _check_keys(place, block, _BLOCK)
    experiment = block.get("experiment", shared.get("experiment"))
    if not isinstance(experiment, str) or not experiment:
        raise InputError(
            f"{place}: `experiment` must name a binary of experiments, or a "
            f"module with its package. Received: {_shown(experiment)}."
        )
    if "." not in experiment:
        experiment = f"experiments.{experiment}"
    fixed = block.get("flags", {})
    _check_flags(place, fixed)
    grid = block.get("grid")
    if "grid" not in block:
        grid = {}
    else:
        _check_grid(place, grid)
    for name in fixed:
        if name in grid:
            raise InputError(
                f"{place}: `{name}` stands in `flags` and in `grid`. Leave it "
                "out of one of them."
            )
    count = 1
    for values in grid.values():
        count *= len(values)
    if count > _MOST_RUNS:
        raise InputError(
            f"{place}: `grid` makes {count} runs, more than {_MOST_RUNS}. A "
            "list within the list is one value with commas."
        )
    common = {**shared.get("flags", {}), **fixed}
    return [
        SweepRun(
            experiment,
            {**common, **dict(zip(grid, values, strict=True))},
            place=place,
        )
        for values in itertools.product(*grid.values())
    ]


def _check_mapping(place: str, value: Any, words: tuple[str, ...]) -> None:
    if not isinstance(value, dict) or not value:
        raise InputError(
            f"{place} must be a mapping such as `{words[0]}: ...`, "
            f"`{words[1]}: ...`. Received: {_shown(value)}."
        )


def _check_keys(place: str, block: dict, known: tuple[str, ...]) -> None:
    for key in block:
        if key not in known:
            raise InputError(
                f"{place}: key {_shown(key)} is not known. Expected: "
                f"{_words(known)}."
            )


def _check_flags(place: str, fixed: Any) -> None:
    _check_names(place, "flags", fixed)
    for name, value in fixed.items():
        _check_value(f"{place}, flags: `{name}`", value)


def _check_grid(place: str, grid: Any) -> None:
    _check_names(place, "grid", grid)
    if not grid:
        raise InputError(
            f"{place}: `grid` is empty. Name a flag and its values, or leave "
            "`grid` out for one run."
        )
    for name, values in grid.items():
        if not isinstance(values, list) or not values:
            raise InputError(
                f"{place}, grid: `{name}` must be a list of values, such as "
                f"[0, 1]. Received: {_shown(values)}."
            )
        for value in values:
            _check_value(f"{place}, grid: `{name}`", value)


def _check_names(place: str, key: str, value: Any) -> None:
    if not isinstance(value, dict):
        raise InputError(
            f"{place}: `{key}` must be a mapping from flag to value"
            f"{'s' if key == 'grid' else ''}. Received: {_shown(value)}."
        )
    for name in value:
        # YAML reads `on` and `no` as booleans.
        if not isinstance(name, str) or not name:
            raise InputError(
                f"{place}, {key}: a flag's name must be text. Received: "
                f"{_shown(name)}."
            )


def _check_value(place: str, value: Any) -> None:
    items = value if isinstance(value, list) else [value]
    if not items or not all(
        isinstance(item, (str, bool, int, float)) for item in items
    ):
        raise InputError(
            f"{place} must be text, a number, true, false, or a list of these "
            f"for a value with commas. Received: {_shown(value)}."
        )


def _refuse_twins(runs: list[SweepRun]) -> None:
    places = {}
    for run in runs:
        if run.digest in places:
            first = places[run.digest]
            where = "" if first == run.place else f" (and in {first})"
            words = " ".join([run.experiment, *run.flag_words()])
            raise InputError(
                f"{run.place}: the run {words!r} stands there twice{where}."
            )
        places[run.digest] = run.place


def _with_what_varies(runs: list[SweepRun]) -> list[SweepRun]:
    """Mark the flags that are not the same in all runs of an experiment."""
    seen = {}
    for run in runs:
        values = seen.setdefault(run.experiment, {})
        for name, value in run.flags.items():
            values.setdefault(name, []).append(flag_text(value))
    counts = collections.Counter(run.experiment for run in runs)

    def varies(experiment: str, name: str) -> bool:
        values = seen[experiment][name]
        return len(set(values)) > 1 or len(values) < counts[experiment]

    return [
        dataclasses.replace(
            run,
            varied=tuple(
                name for name in run.flags if varies(run.experiment, name)
            ),
        )
        for run in runs
    ]


def _words(names: tuple[str, ...]) -> str:
    return ", ".join(names)


def _shown(value: Any) -> str:
    text = "nothing" if value is None else repr(value)
    return text if len(text) <= 80 else f"{text[:77]}..."
