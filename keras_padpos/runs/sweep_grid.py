"""The file that says what a sweep runs."""

import collections
import dataclasses
import itertools
import os
from collections.abc import Mapping
from typing import Any

from keras_padpos.runs.error_words import error_words
from keras_padpos.runs.flag_text import flag_text
from keras_padpos.runs.sweep_run import SweepRun
from keras_padpos.runs.user_error import UserError

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
        UserError: If the file cannot be read, or says something else; or if
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
        raise UserError(
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
        raise UserError(f"{path}{line}: {problem}.") from error
    except (OSError, ValueError, yaml.YAMLError) as error:
        raise UserError(f"Cannot read {path}: {error_words(error)}.") from error


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
        raise UserError(
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
        raise UserError(
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
            raise UserError(
                f"{place}: `{name}` stands in `flags` and in `grid`. Leave it "
                "out of one of them."
            )
    count = 1
    for values in grid.values():
        count *= len(values)
    if count > _MOST_RUNS:
        raise UserError(
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
        raise UserError(
            f"{place} must be a mapping such as `{words[0]}: ...`, "
            f"`{words[1]}: ...`. Received: {_shown(value)}."
        )


def _check_keys(place: str, block: dict, known: tuple[str, ...]) -> None:
    for key in block:
        if key not in known:
            raise UserError(
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
        raise UserError(
            f"{place}: `grid` is empty. Name a flag and its values, or leave "
            "`grid` out for one run."
        )
    for name, values in grid.items():
        if not isinstance(values, list) or not values:
            raise UserError(
                f"{place}, grid: `{name}` must be a list of values, such as "
                f"[0, 1]. Received: {_shown(values)}."
            )
        for value in values:
            _check_value(f"{place}, grid: `{name}`", value)


def _check_names(place: str, key: str, value: Any) -> None:
    if not isinstance(value, dict):
        raise UserError(
            f"{place}: `{key}` must be a mapping from flag to value"
            f"{'s' if key == 'grid' else ''}. Received: {_shown(value)}."
        )
    for name in value:
        # YAML reads `on` and `no` as booleans.
        if not isinstance(name, str) or not name:
            raise UserError(
                f"{place}, {key}: a flag's name must be text. Received: "
                f"{_shown(name)}."
            )


def _check_value(place: str, value: Any) -> None:
    items = value if isinstance(value, list) else [value]
    if not items or not all(
        isinstance(item, (str, bool, int, float)) for item in items
    ):
        raise UserError(
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
            raise UserError(
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
