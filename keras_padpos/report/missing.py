"""What is not there, or not as it should be."""

from collections.abc import Iterable
from collections.abc import Mapping
from collections.abc import Sequence
from typing import Any

from keras_padpos.report import read_runs
from keras_padpos.report.cells import counted
from keras_padpos.report.cells import listed

_MOST_UNITS = 8
_MOST_LINES = 20

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


def missing_parts(
    runs: Sequence[read_runs.RunRecord],
    experiments: Mapping[str, Iterable[Any]],
    coverage: Sequence[Mapping[str, Any]],
    refused: Mapping[str, Sequence[str]],
) -> dict[str, list[str]]:
    """Say what is not there, or not as it should be."""
    missing = {
        "Runs that are not finished": [
            f"{run.name} ({run.experiment}): {_progress(run)}"
            for run in runs
            if run.state == read_runs.UNFINISHED
        ],
        "Damaged results": [
            f"{run.name} ({run.experiment}): {' '.join(run.problems)}"
            for run in runs
            if run.state == read_runs.DAMAGED
        ],
        "Files that are not as they should be": [
            f"{run.name}: {' '.join(run.problems)}"
            for run in runs
            if run.problems and run.state != read_runs.DAMAGED
        ]
        + [f"{name}: {each}" for name in refused for each in refused[name]],
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
            for line in _seed_gaps(
                row for run in group.runs for row in run.rows
            )
        ],
        "Versions that differ": list(_versions(runs)),
        "Pictures that were left out": list(_skipped_pictures(runs)),
    }
    for lines in missing.values():
        if len(lines) > _MOST_LINES:
            lines[_MOST_LINES:] = [f"and {len(lines) - _MOST_LINES} more."]
    return {what: lines for what, lines in missing.items() if lines}


def _progress(run):
    if not run.units:
        return "no unit of work is finished."
    before = "… " if len(run.units) > _MOST_UNITS else ""
    return f"finished: {before}{', '.join(run.units[-_MOST_UNITS:])}."


def _skipped_pictures(runs: Iterable[read_runs.RunRecord]) -> Iterable[str]:
    """A line a set, with up to three reasons."""
    for run in runs:
        skipped = run.provenance.get("skipped")
        if not isinstance(skipped, Mapping):
            continue
        for name, reasons in skipped.items():
            reasons = reasons if isinstance(reasons, list) else [reasons]
            if reasons:
                texts = listed(map(str, reasons), 3, "; ", "; {} more")
                yield f"{run.name}: {name}: {len(reasons)} left out ({texts})."


def _versions(runs: Iterable[read_runs.RunRecord]) -> Iterable[str]:
    packages: dict[str, dict[str, list[str]]] = {}
    for run in runs:
        versions = run.provenance.get("versions")
        if isinstance(versions, Mapping):
            for name, version in versions.items():
                by_version = packages.setdefault(str(name), {})
                by_version.setdefault(str(version), []).append(run.name)
    for name, by_version in packages.items():
        if len(by_version) > 1:
            texts = (
                f"{version} ({listed(names, 3, ', ', ' and {} more')})"
                for version, names in by_version.items()
            )
            yield f"{name}: {'; '.join(texts)}."


def _seed_gaps(rows: Iterable[Mapping[str, Any]]) -> Iterable[str]:
    """Say which networks and conditions lack seeds that others have."""
    seeds: dict[tuple, set[int]] = {}
    for row in rows:
        # An exact probe of trained weights is the same whatever the seed.
        fixed = row.get("solver") == "exact" and row.get("weights") != "random"
        if isinstance(row.get("seed"), int) and not fixed:
            condition = tuple(str(row.get(name)) for name in _CONDITIONS)
            seeds.setdefault(condition, set()).add(row["seed"])
    whole = set().union(*seeds.values())
    differing = [len(set(values)) > 1 for values in zip(*seeds, strict=True)]
    for condition, own in seeds.items():
        if missing := sorted(whole - own):
            label = ", ".join(
                value
                for value, differs in zip(condition, differing, strict=True)
                if differs and value != "None"
            )
            yield (
                f"{label or 'one'}: {counted(len(own), 'seed')} of "
                f"{len(whole)}, {_ranges(missing)} "
                f"{'are' if len(missing) > 1 else 'is'} missing"
            )


def _ranges(numbers):
    """Such as `1 to 4, 7`."""
    ranges: list[list[int]] = []
    for number in numbers:
        if ranges and ranges[-1][-1] == number - 1:
            ranges[-1].append(number)
        else:
            ranges.append([number])
    return ", ".join(
        f"{own[0]} to {own[-1]}" if len(own) > 2 else ", ".join(map(str, own))
        for own in ranges
    )
