"""What a report over runs says, before it is Markdown or HTML."""

import dataclasses
import json
import re
from collections.abc import Mapping
from collections.abc import Sequence
from typing import Any

import numpy as np

from keras_padpos.report._paper_tables import paper_tables
from keras_padpos.report.cells import LinkedWords
from keras_padpos.report.cells import cell_words
from keras_padpos.report.cells import duration_words
from keras_padpos.report.cells import flag_words
from keras_padpos.report.cells import value_words
from keras_padpos.report.orderings import evaluate_orderings
from keras_padpos.report.orderings import orderings_tables
from keras_padpos.report.paper_tables import paper_coverage
from keras_padpos.report.paper_tables import paper_difference_tables
from keras_padpos.report.paper_tables import paper_differences
from keras_padpos.report.provenance import skipped_words
from keras_padpos.report.provenance import start_words
from keras_padpos.report.read_runs import DAMAGED
from keras_padpos.report.read_runs import FINISHED
from keras_padpos.report.read_runs import UNFINISHED
from keras_padpos.report.read_runs import RunRecord
from keras_padpos.report.read_runs import run_groups
from keras_padpos.runs.work_directory import WorkDirectory

# From the experiment and the beginning of a figure's name.
_FIGURES = {
    ("position_probe", "predicted_maps"): (
        "Position maps that read-outs predict, a column a target and a row a "
        "network, beside the true maps"
    ),
    ("position_probe", "error_maps"): (
        "Where in the picture read-outs err, a column a target and a row a "
        "network"
    ),
    ("position_probe", "spc_per_stage"): (
        "SPC of read-outs from single stages and from all together, a line a "
        "network"
    ),
    ("padding_pattern", "surface"): (
        "Mean features of a layer over one crop and over more and more, and "
        "the pattern that padding leaves, as surfaces over the crop"
    ),
    ("padding_pattern", "modes"): (
        "The pattern of each padding mode at each layer, as maps"
    ),
    ("padding_pattern", "profile"): (
        "The pattern against the distance to the border, a line a padding mode"
    ),
    ("padding_pattern", "depth"): (
        "Relative size and signal-to-noise ratio of the pattern at each "
        "layer, a line a padding mode"
    ),
    ("pattern_formation", "formation"): (
        "Size and signal-to-noise ratio of the pattern against training "
        "steps, a panel a layer and a line a padding mode"
    ),
    ("pattern_formation", "first_patterns"): (
        "The pattern of each padding mode at each layer before training"
    ),
    ("pattern_formation", "last_patterns"): (
        "The pattern of each padding mode at each layer after training"
    ),
    ("fconv_tests", "red_green_examples"): (
        "Pictures of both classes of the red-green test, at their places and "
        "at the other's"
    ),
    ("fconv_tests", "accuracy_by_border"): (
        "Accuracy of the four-quadrant test against the width of the border, "
        "a line a network"
    ),
    ("location_task", "cells"): (
        "Score in each cell of the canvas, a map a padding mode"
    ),
    ("location_task", "distance"): (
        "Score against the distance of the cell to the border, a line a "
        "padding mode"
    ),
    ("location_task", "learning"): (
        "Accuracy while training, a line a padding mode"
    ),
    ("semantic_head", "bands"): (
        "Score by distance to the border, a line a padding mode, baselines "
        "dashed"
    ),
    ("semantic_head", "learning"): (
        "Loss while training, a line a padding mode"
    ),
    ("semantic_head", "examples"): (
        "Pictures, their masks, and what networks of each padding mode answer"
    ),
    ("robustness", "learning"): (
        "Accuracy while training, a line a padding mode"
    ),
    ("robustness", "fraction"): (
        "Accuracy against the share of pixels that are attacked, at the "
        "border and in the interior, a line a padding mode"
    ),
    ("robustness", "cutout"): (
        "Accuracy with squares cut out, a row a fill in training and a column "
        "a fill in test"
    ),
    ("robustness", "perturbations"): (
        "Universal perturbations, a column a region and a row a padding mode"
    ),
    ("texture", "learning"): ("Accuracy while training, a line a padding mode"),
    ("texture", "confusion"): (
        "Share of each class's pictures that is taken for each class, a map a "
        "padding mode"
    ),
    ("benchmark_padding", "padding_"): (
        "Time of padded convolutions over Keras' own, for each padding mode"
    ),
    ("inspect_model", "reach"): (
        "Positions that padding reaches at the end of each stage"
    ),
}


def figure_words(experiment: str, name: str) -> str:
    """Say what a figure shows.

    Example:

    >>> figure_words("padding_pattern", "1_surface_block1_conv2")
    'Mean features of a layer over one crop and over more and more, and the \
pattern that padding leaves, as surfaces over the crop (1 surface block1 conv2)'
    >>> figure_words("my_task", "per_cell")
    'Figure of my_task: per cell'

    Args:
        experiment: Name of the experiment.
        name: Name of the figure, without its ending.

    Returns:
        A phrase; the figure's name alone if nothing is known of it.
    """
    words = name.replace("_", " ")
    # Of several networks in one run, each has its number in front.
    plain = re.sub(r"^\d+_", "", name)
    for (known, beginning), phrase in _FIGURES.items():
        if known == experiment and plain.startswith(beginning):
            return phrase + ("" if name == beginning else f" ({words})")
    return f"Figure of {experiment}: {words}"


# Where a row comes from, not what it is.
_ORIGIN = "run"


def merge_row_seeds(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Make one row of those whose strings and whole numbers are the same.

    Nothing is known of the experiment: decimal fractions, and lists of
    numbers, count as measured, all else as what was measured on. Where that
    leaves several rows to a seed, those that have the same values for every
    seed count as settings, one field after the other until each row has its
    own: sizes of an attack, say. If that does not help, the rows differ in
    something that is not seen, and stay as they are.

    Example:

    >>> rows = [{"model": "vgg5", "seed": seed, "accuracy": 0.5 + seed / 10}
    ...         for seed in (0, 1)]
    >>> (merged,) = merge_row_seeds(rows)
    >>> merged["seed"], merged["accuracy"]
    ('0, 1', '0.550 ± 0.071')
    >>> rows = [{"seed": seed, "size": size, "accuracy": seed / size}
    ...         for seed in (0, 1) for size in (2.5, 5.0)]
    >>> for row in merge_row_seeds(rows):
    ...     print(row["size"], row["accuracy"])
    2.5 0.200 ± 0.283
    5.0 0.100 ± 0.141

    Args:
        rows: Flat mappings with a `seed`, or without; `run`, if it is there,
            says where they come from.

    Returns:
        The rows in order of first appearance, each with `seeds`, how many
        there are. Where these are several, `seed` and `run` name them all;
        numbers are, in words, mean ± standard deviation (n - 1); lists of
        numbers of one shape are their mean; intervals, fields that end in
        `_ci95`, are left out: those of several seeds have no mean.
    """
    # Whatever is given twice has two places.
    rows = [dict(row) for row in rows]
    groups: dict[str, list[Mapping[str, Any]]] = {}
    for number, row in enumerate(rows):
        # A row without a seed is a group of its own.
        key = _key(row) if row.get("seed") is not None else str(number)
        groups.setdefault(key, []).append(row)
    places = {id(row): place for place, row in enumerate(rows)}
    merged: dict[int, dict[str, Any]] = {}
    for group in groups.values():
        for part in _by_setting(group):
            if len(part) > 1 and _are_seeds(part):
                seeds = [row["seed"] for row in part]
                merged[places[id(part[0])]] = _merged(part, seeds)
            else:
                merged |= {places[id(row)]: {**row, "seeds": 1} for row in part}
    return [merged[place] for place in sorted(merged)]


def _by_setting(group):
    """Split rows until there is one of each seed; all if that never is."""
    if _are_seeds(group):
        return [group]
    found = [group]
    # Settings stand before what was measured with them.
    for name, value in group[0].items():
        if _is_measured(value) and _is_setting(group, name):
            found = [part for each in found for part in _split(each, name)]
            if all(map(_are_seeds, found)):
                return found
    return [group]


def _are_seeds(rows):
    return len({str(row.get("seed")) for row in rows}) == len(rows)


def _is_setting(rows, name):
    """Whether each seed has the same values, in whatever order."""
    values: dict[str, list[str]] = {}
    for row in rows:
        mine = values.setdefault(str(row.get("seed")), [])
        mine.append(json.dumps(row[name]))
    first, *others = map(sorted, values.values())
    return bool(others) and all(other == first for other in others)


def _split(rows, name):
    parts: dict[str, list[Mapping[str, Any]]] = {}
    for row in rows:
        parts.setdefault(json.dumps(row[name]), []).append(row)
    return parts.values()


def _key(row):
    return json.dumps(
        [
            (name, None if _is_measured(value) else value)
            for name, value in row.items()
            if name not in ("seed", _ORIGIN)
        ],
        sort_keys=True,
    )


def _is_measured(value):
    """Numbers with a fraction; lists of names and of sizes are settings."""
    if isinstance(value, list):
        return any(map(_is_measured, value))
    return isinstance(value, float)


def _merged(group, seeds):
    merged = dict(group[0])
    for name in merged:
        values = [row.get(name) for row in group]
        if name == _ORIGIN:
            merged[name] = ", ".join(dict.fromkeys(map(str, values)))
        elif name.endswith("_ci95"):
            merged[name] = None
        elif _is_measured(merged[name]) and any(
            value != values[0] for value in values
        ):
            merged[name] = _mean(values)
    return {
        **merged,
        "seed": ", ".join(map(str, seeds)),
        "seeds": len(seeds),
    }


def _mean(values):
    try:
        arrays = np.array(values, dtype="float64")
    except (TypeError, ValueError):
        return None
    # What one seed has no number for has no mean.
    if not np.isfinite(arrays).all():
        return None
    mean = arrays.mean(axis=0)
    if mean.ndim:
        return mean.tolist()
    deviation = arrays.std(ddof=1)
    return f"{cell_words(float(mean))} ± {cell_words(float(deviation))}"


def run_anchor(runs: Sequence[RunRecord], run: RunRecord) -> str:
    """The place of a run on the page.

    Example:

    >>> from pathlib import Path
    >>> runs = [RunRecord(Path(name), name, "count") for name in "ab"]
    >>> run_anchor(runs, runs[1])
    'run-2'

    Args:
        runs: All runs of the page.
        run: One of them.

    Returns:
        An `id`.
    """
    return f"run-{[each.path for each in runs].index(run.path) + 1}"


def overview_table(runs: Sequence[RunRecord]) -> dict[str, Any]:
    """Lay out which runs there are.

    Example:

    >>> from pathlib import Path
    >>> run = RunRecord(Path("a"), "a", "count", rows=({"n": 1},),
    ...                 provenance={"seed": 3})
    >>> (line,) = overview_table([run])["rows"]
    >>> line["run"], line["state"], line["results"], line["seed"]
    ('a', 'finished', 1, 3)

    Args:
        runs: All runs of the page.

    Returns:
        Arguments of `print_table`; names of runs are `LinkedWords`. A machine
        that made all of them is named below.
    """
    machines = dict.fromkeys(
        str(machine["line"])
        for run in runs
        if isinstance(machine := run.provenance.get("machine"), dict)
        and machine.get("line")
    )
    notes = [f"All on: {machine}." for machine in machines]
    return {
        "title": "Runs",
        "columns": [
            "run",
            "experiment",
            "state",
            ("results", "rows"),
            "seed",
            ("started", "started (UTC)"),
            "took",
            "commit",
            *(["machine"] if len(machines) > 1 else []),
        ],
        "rows": [_line(runs, run) for run in runs],
        "notes": notes if len(machines) == 1 else [],
    }


def _line(runs, run):
    about = run.provenance
    machine = about.get("machine")
    commit = about.get("commit")
    words = None
    if commit:
        words = str(commit)[:7]
        words += "-dirty" if str(commit).endswith("-dirty") else ""
    return {
        "run": LinkedWords(run.name, run_anchor(runs, run)),
        "experiment": run.experiment,
        "state": run.state,
        "results": len(run.rows) if run.state == FINISHED else None,
        "seed": about.get("seed", run.config.get("seed")),
        "started": start_words(about["start"]) if "start" in about else None,
        "took": duration_words(about.get("wall_seconds")),
        "commit": words,
        "machine": machine.get("line") if isinstance(machine, dict) else None,
    }


MOST_ROWS = 1000
"""Rows of a table; what is beyond is left to CSV."""

_INTERVAL = "_ci95"

# Where the arrays of a row lie in arrays.npz: nothing to read.
_POINTERS = ("arrays", "reference")

# Fields that tell rows of several kinds apart, in one experiment.
_KINDS = ("table", "test", "what", "task", "kind")

# By what rows of several runs are sorted, in order of first appearance.
_ORDER = ("backbone", "model", "network", "weights", "padding_mode", "target")


def row_tables(runs: Sequence[RunRecord]) -> list[dict[str, Any]]:
    """Lay out rows of an experiment that nobody has laid out.

    Example:

    >>> from pathlib import Path
    >>> runs = [
    ...     RunRecord(Path(name), name, "count", {"rate": rate},
    ...               rows=({"model": "vgg5", "accuracy": rate},))
    ...     for name, rate in (("a", 0.1), ("b", 0.2))
    ... ]
    >>> (table,) = row_tables(runs)
    >>> table["columns"]
    [('run', 'run'), ('--rate', '--rate'), ('accuracy', 'accuracy')]
    >>> table["notes"]
    ['In all rows: model vgg5.']

    Args:
        runs: Finished runs of one experiment, with one config or several.

    Returns:
        Arguments of `print_table`, a table for each kind of row. Flags in
        which the runs differ, and which rows do not tell, are columns. Rows
        that differ in their seed alone go together (see `merge_row_seeds`).
        What is the same in all rows stands in a note, but for measured
        numbers. A pair called `NAME_ci95` stands behind `NAME`.
    """
    differing = _differing_flags(runs)
    rows = []
    for run in runs:
        flags = {
            f"--{name}": flag_words(run.config.get(name)) for name in differing
        }
        # Runs with other flags have other rows, whatever these say.
        seed = {"seed": run.config.get("seed")} if "seed" in run.config else {}
        rows += [
            {"run": run.name, **flags, **seed, **_without_pointers(row)}
            for row in run.rows
        ]
    return [
        _table(runs, title, _in_order(merge_row_seeds(kind)))
        for title, kind in _kinds(rows).items()
    ]


def _table(runs, title, rows):
    names = _columns(rows)
    same = {name: rows[0].get(name) for name in names if _is_same(rows, name)}
    if len(rows) == 1:
        same = {}
    shown = [name for name in names if name not in same]
    if len(runs) == 1:
        shown.remove("run")
    notes = []
    if same:
        words = ", ".join(
            f"{_heading(name)} {cell_words(value_words(value))}"
            for name, value in same.items()
            if value is not None
        )
        notes.append(f"In all rows: {words}.")
    if any(row["seeds"] > 1 for row in rows):
        notes.append("±: standard deviation over seeds (n - 1).")
    if len(rows) > MOST_ROWS:
        notes.append(
            f"These are the first {MOST_ROWS} of {len(rows)} rows; "
            "--format=csv writes all."
        )
    about = runs[0].experiment + (f", {title}" if title else "")
    return {
        "title": f"{about}: {_count(len(rows), 'row')}"
        + (f" of {len(runs)} runs" if len(runs) > 1 else ""),
        "columns": [(name, _heading(name)) for name in shown],
        "rows": [_line_of_row_tables(row) for row in rows[:MOST_ROWS]],
        "notes": notes,
    }


def _columns(rows):
    """Fields in order of first appearance, intervals behind their numbers."""
    names = dict.fromkeys(name for row in rows for name in row)
    # Their names say how many.
    del names["seeds"]
    found = []
    for name in names:
        number = name.removesuffix(_INTERVAL)
        if number == name or number not in names:
            found.append(name)
            if f"{name}{_INTERVAL}" in names:
                found.append(f"{name}{_INTERVAL}")
    return found


def _is_same(rows, name):
    """Whether all rows have one value, and it says on what was measured."""
    value = rows[0].get(name)
    if name == "run" or isinstance(value, (float, dict)) or "±" in str(value):
        return False
    if isinstance(value, list) and any(
        isinstance(item, (float, list)) for item in value
    ):
        return False
    return all(row.get(name) == value for row in rows)


def _line_of_row_tables(row):
    # What the page's filters go by stays as it is.
    return {name: value_words(value) for name, value in row.items()}


def _heading(name):
    if name.startswith("--"):
        return name
    if name.endswith(_INTERVAL):
        return "95 %"
    return name.replace("_", " ")


def _count(number, noun):
    return f"{number} {noun}" + ("s" if number != 1 else "")


def _without_pointers(row):
    return {
        # `run` and `seeds` are ours.
        (f"row: {name}" if name in ("run", "seeds") else name): value
        for name, value in row.items()
        if name not in _POINTERS
    }


def _differing_flags(runs):
    """Flags that are not alike in all runs, and that rows do not tell."""
    names = dict.fromkeys(name for run in runs for name in run.config)
    return [
        name
        for name in names
        if len({flag_words(run.config.get(name)) for run in runs}) > 1
        # Rows tell their own seed; networks follow from other flags.
        and name not in ("seed", "seeds", "networks")
        and not all(_is_told(run, name) for run in runs)
    ]


def _is_told(run, name):
    """Whether the values of a flag stand in the run's rows."""
    told = {
        flag_words(row[field])
        for row in run.rows
        for field in (name, name.removesuffix("s"))
        if field in row
    }
    value = run.config.get(name)
    given = value if isinstance(value, list) else [value]
    return bool(told) and told <= set(map(flag_words, given))


def _kinds(rows) -> dict[str, list[Mapping[str, Any]]]:
    """Rows by kind, where kinds have fields of their own."""
    for name in _KINDS:
        fields: dict[str, set[str]] = {}
        for row in rows:
            if not isinstance(row.get(name), str):
                break
            fields.setdefault(row[name], set()).update(row)
        else:
            alike = {frozenset(each) for each in fields.values()}
            if len(alike) > 1:
                return {
                    f"{name}: {value}": [r for r in rows if r[name] == value]
                    for value in fields
                }
    return {"": rows} if rows else {}


def _in_order(rows):
    """Alike networks beside each other, else as they came."""
    orders = {
        name: {
            value: number
            for number, value in enumerate(
                dict.fromkeys(str(row.get(name)) for row in rows)
            )
        }
        for name in _ORDER
    }
    return sorted(
        rows,
        key=lambda row: [orders[name][str(row.get(name))] for name in _ORDER],
    )


# What tells measurements apart, wherever rows have it.
_CONDITIONS = (
    "test",
    "task",
    "backbone",
    "model",
    "network",
    "weights",
    "padding_mode",
    "convolution",
    "splits",
    "train",
    "solver",
)


def seed_gaps(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """Say which networks and conditions lack seeds that others have.

    Example:

    >>> seed_gaps([
    ...     {"padding_mode": mode, "weights": "random", "seed": seed}
    ...     for mode, seeds in {"zeros": (0, 1, 2), "reflect": (0, 1)}.items()
    ...     for seed in seeds
    ... ])
    ['reflect: 2 seeds of 3, 2 is missing']

    Args:
        rows: Of runs that share their tables.

    Returns:
        A line for each that lacks some, in order of first appearance. An
        exact read-out of trained weights is the same whatever the seed, and
        needs but one.
    """
    found: dict[tuple, set[int]] = {}
    for row in rows:
        seed = row.get("seed")
        if isinstance(seed, int) and not _is_fixed(row):
            condition = tuple(str(row.get(name)) for name in _CONDITIONS)
            found.setdefault(condition, set()).add(seed)
    whole = set().union(*found.values())
    differing = [
        len({condition[place] for condition in found}) > 1
        for place in range(len(_CONDITIONS))
    ]
    lines = []
    for condition, seeds in found.items():
        if missing := sorted(whole - seeds):
            words = ", ".join(
                word
                for word, differs in zip(condition, differing, strict=True)
                if differs and word != "None"
            )
            lines.append(
                f"{words or 'one'}: {len(seeds)} "
                f"seed{'s' if len(seeds) > 1 else ''} of {len(whole)}, "
                f"{_ranges(missing)} {'are' if len(missing) > 1 else 'is'} "
                "missing"
            )
    return lines


def _is_fixed(row):
    return row.get("solver") == "exact" and row.get("weights") != "random"


def _ranges(numbers):
    """Such as `1 to 4, 7`."""
    found: list[list[int]] = []
    for number in numbers:
        if found and found[-1][-1] == number - 1:
            found[-1].append(number)
        else:
            found.append([number])
    return ", ".join(
        f"{each[0]} to {each[-1]}"
        if len(each) > 2
        else ", ".join(map(str, each))
        for each in found
    )


_MOST_UNITS = 8
_MOST_LINES = 20


def missing_parts(
    runs: Sequence[RunRecord],
    experiments: Mapping[str, Sequence[Any]],
    coverage: Sequence[Mapping[str, Any]],
    refused: Mapping[str, Sequence[str]],
) -> dict[str, list[str]]:
    """Say what is not there, or not as it should be.

    Example:

    >>> from pathlib import Path
    >>> run = RunRecord(Path("a"), "a", "count", state="unfinished",
    ...                 units=("one", "two"))
    >>> missing_parts([run], {}, [], {})
    {'Runs that are not finished': ['a (count): finished: one, two.']}

    Args:
        runs: All runs.
        experiments: From each experiment to its groups of runs.
        coverage: As `paper_coverage` returns it.
        refused: From names of runs, and of parts of the page, to why they
            cannot be shown as they should.

    Returns:
        From what is missing to lines; nothing that is all there.
    """
    found = {
        "Runs that are not finished": [
            _progress(run) for run in runs if run.state == UNFINISHED
        ],
        "Damaged results": [
            f"{run.name} ({run.experiment}): {' '.join(run.problems)}"
            for run in runs
            if run.state == DAMAGED
        ],
        "Files that are not as they should be": [
            *(
                f"{run.name}: {' '.join(run.problems)}"
                for run in runs
                if run.problems and run.state != DAMAGED
            ),
            *(
                f"{name}: {line}"
                for name, lines in refused.items()
                for line in lines
            ),
        ],
        "Papers' numbers that no run has beside": [
            f"{line['cite']}, {line['table']}: "
            f"{line['cells'] - line['covered']} of {line['cells']} "
            f"({line['without']})."
            for line in coverage
            # Who ran no such experiment misses nothing.
            if line["covered"] and line["without"]
        ],
        "Seeds that differ": [
            f"{name}: {line}."
            for name, groups in experiments.items()
            for group in groups
            for line in seed_gaps(
                [row for run in group.runs for row in run.rows]
            )
        ],
        "Versions that differ": _versions(runs),
        "Pictures that were left out": [
            f"{run.name}: {line}."
            for run in runs
            for line in skipped_words(run)
        ],
    }
    return {what: _some(lines) for what, lines in found.items() if lines}


def _progress(run):
    about = f"{run.name} ({run.experiment}): "
    if not run.units:
        return f"{about}no unit of work is finished."
    units = ", ".join(run.units[-_MOST_UNITS:])
    before = "… " if len(run.units) > _MOST_UNITS else ""
    return f"{about}finished: {before}{units}."


def _versions(runs):
    found: dict[str, dict[str, list[str]]] = {}
    for run in runs:
        versions = run.provenance.get("versions")
        if isinstance(versions, Mapping):
            for name, version in versions.items():
                mine = found.setdefault(str(name), {})
                mine.setdefault(str(version), []).append(run.name)
    return [
        f"{name}: "
        + "; ".join(
            f"{version} ({_names(names)})" for version, names in mine.items()
        )
        + "."
        for name, mine in found.items()
        if len(mine) > 1
    ]


def _names(names):
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return ", ".join(names[:3]) + more


def _some(lines):
    if len(lines) <= _MOST_LINES:
        return lines
    more = len(lines) - _MOST_LINES
    return [*lines[:_MOST_LINES], f"and {more} more."]


Table = dict[str, Any]


@dataclasses.dataclass(frozen=True)
class RunGroup:
    """Runs that share their tables.

    Args:
        runs: At least one.
        tables: Arguments of `print_table`.
        notes: What holds for all tables.
    """

    runs: tuple[RunRecord, ...]
    tables: tuple[Table, ...] = ()
    notes: tuple[str, ...] = ()


@dataclasses.dataclass(frozen=True)
class PaperPart:
    """One of the papers' tables that has numbers of ours.

    Args:
        cite: The paper, in short.
        table: The table's name there.
        caption: What it shows.
        compared: A table of differences, cell by cell.
        whole: The table drawn again, with every network of the runs.
    """

    cite: str
    table: str
    caption: str
    compared: Table
    whole: Table


@dataclasses.dataclass(frozen=True)
class ReportContent:
    """All that a report says.

    Args:
        title: Of the whole.
        runs: In the order of the command line.
        overview: A table with a line for each run.
        missing: From what is missing to lines that say where.
        coverage: A table of the papers' tables, and how many of their numbers
            have one of ours.
        sources: The papers, a dict each; see `published.PublishedTable`.
        papers: The papers' tables of read-outs that have numbers of ours.
        orderings: Tables of what the papers' orderings come to.
        experiments: From each experiment to its groups of runs.
    """

    title: str
    runs: tuple[RunRecord, ...]
    overview: Table
    missing: dict[str, list[str]]
    coverage: Table
    sources: tuple[dict[str, Any], ...]
    papers: tuple[PaperPart, ...]
    orderings: tuple[Table, ...]
    experiments: dict[str, tuple[RunGroup, ...]]


def report_content(
    runs: Sequence[RunRecord], title: str | None = None
) -> ReportContent:
    """Lay out what runs measured.

    Nothing in the runs' files makes this raise. Where rows are not what an
    experiment's own tables need, they are shown as those of an experiment
    that is not known, and the report says so.

    Example:

    >>> from pathlib import Path
    >>> run = RunRecord(Path("a"), "a", "count", rows=({"n": 1},))
    >>> content = report_content([run])
    >>> content.title
    'count: 1 run'

    Args:
        runs: As `find_runs` returns them.
        title: Of the report; if not given, it tells experiments and runs.

    Returns:
        The content.
    """
    refused: dict[str, list[str]] = {}
    experiments = {
        name: tuple(
            _groups(
                name, [run for run in runs if run.experiment == name], refused
            )
        )
        for name in dict.fromkeys(run.experiment for run in runs)
    }
    probes = [
        run
        for group in experiments.get("position_probe", ())
        for run in group.runs
        if run.state == FINISHED and run.name not in refused
    ]
    papers, orderings, differences = (), (), []
    if probes:
        try:
            papers, orderings, differences = _papers(probes)
        # The rows are anybody's, and the page is to be made all the same.
        except Exception as error:
            refused["The papers' tables of read-outs"] = [_reason(error)]
    coverage = paper_coverage(differences, _fconv_rows(experiments, refused))
    return ReportContent(
        title or _title(runs, experiments),
        tuple(runs),
        overview_table(runs),
        missing_parts(runs, experiments, coverage, refused),
        _coverage_table(coverage),
        _sources(coverage),
        papers,
        orderings,
        experiments,
    )


def _groups(experiment, runs, refused):
    """Runs with the tables that they share, then those without results."""
    finished = [run for run in runs if run.state == FINISHED]
    from keras_padpos.studies.layouts import LAYOUTS

    layout = LAYOUTS.get(experiment)
    plain = []
    if layout:
        for group in run_groups(finished, layout.told):
            for part in _parts(layout, group, refused):
                if part.tables:
                    yield part
                else:
                    plain += part.runs
    else:
        plain = finished
    if plain:
        yield RunGroup(tuple(plain), tuple(row_tables(plain)))
    rest = [run for run in runs if run.state != FINISHED]
    if rest:
        yield RunGroup(tuple(rest))


def _parts(layout, runs, refused):
    """The group, or its runs one by one if their tables cannot be drawn."""
    try:
        rows = layout.rows(runs)
        yield RunGroup(
            tuple(runs), tuple(layout.tables(rows)), tuple(layout.notes(rows))
        )
    # Rows of later versions, or of nobody knows what, have other fields; the
    # page is made all the same, and says so.
    except Exception as error:
        if len(runs) > 1:
            for run in runs:
                yield from _parts(layout, [run], refused)
        else:
            refused.setdefault(runs[0].name, []).append(
                f"Shown row by row, without the tables of "
                f"{runs[0].experiment}: {_reason(error)}"
            )
            yield RunGroup(tuple(runs))


def _reason(error: Exception) -> str:
    if isinstance(error, KeyError):
        return f"{error} is missing."
    return f"{str(error) or type(error).__name__}"


def _papers(probes):
    from keras_padpos import published
    from keras_padpos.studies.layouts import LAYOUTS

    layout = LAYOUTS["position_probe"]
    rows = layout.rows(probes)
    differences = paper_differences(rows)
    compared = paper_difference_tables(differences)
    whole = paper_tables(rows, intervals=True)
    names = list(dict.fromkeys(row["name"] for row in differences))
    papers = tuple(
        PaperPart(
            published.load_table(name).paper["cite"],
            published.load_table(name).table,
            published.load_table(name).caption,
            compared[name],
            table,
        )
        for name, table in zip(names, whole, strict=True)
        if name in compared
    )
    works = [
        WorkDirectory.open_finished(run.path, run.experiment) for run in probes
    ]
    tried = orderings_tables(evaluate_orderings(works))
    return papers, tuple(tried), differences


def _sources(coverage):
    from keras_padpos import published

    papers = [published.load_table(line["name"]).paper for line in coverage]
    return tuple({paper["cite"]: paper for paper in papers}.values())


def _fconv_rows(experiments, refused):
    return [
        row
        for group in experiments.get("fconv_tests", ())
        for run in group.runs
        if run.name not in refused
        for row in run.rows
    ]


def _title(runs, experiments):
    words = ", ".join(list(experiments)[:3])
    if len(experiments) > 3:
        words += f" and {len(experiments) - 3} more"
    return f"{words}: {len(runs)} run{'s' if len(runs) != 1 else ''}"


def _coverage_table(coverage):
    # What can be compared comes first, then what is.
    lines = sorted(
        coverage,
        key=lambda line: (line["covered"] is None, not line["covered"]),
    )
    return {
        "title": "How many of the papers' numbers have one of these runs' "
        "beside",
        "columns": [
            "paper",
            "table",
            ("cells", "numbers"),
            ("covered", "with ours"),
            ("without", "without"),
        ],
        "rows": [
            {
                "paper": line["cite"],
                "table": line["table"],
                "cells": line["cells"],
                "covered": line["covered"],
                "without": _without(line),
            }
            for line in lines
        ],
        "notes": [
            "Not compared: no experiment of ours measures the same, or this "
            "report does not know it."
        ],
    }


def _without(line):
    if line["covered"] is None:
        return "not compared"
    if not line["covered"]:
        return "all"
    return line["without"] or None
