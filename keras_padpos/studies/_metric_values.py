"""What several metrics say of the same networks."""

import re
from collections.abc import Mapping
from collections.abc import Sequence
from pathlib import PurePath
from typing import Any
from typing import NamedTuple

from keras_padpos.errors import InputError
from keras_padpos.runs.work_directory import WorkDirectory

METRIC_RUNS = (
    "position_probe",
    "padding_pattern",
    "pattern_formation",
    "fconv_tests",
)
"""The experiments whose runs hold metrics of networks."""

_PATTERN = ("relative", "snr_of_means", "snr")
_FILE = re.compile(r"(?P<model>.+?)-(?P<mode>[a-z_]+)-seed(?P<seed>\d+)")
# Fields that tell read-outs, or tests, of one network apart.
_HEAD = ("test_set", "stages", "kernel_size", "head_layers", "head_padding")
_TEST = ("train", "splits")


class MetricValue(NamedTuple):
    """What one metric says of one network.

    Example:

    >>> MetricValue("vgg5", "zeros", 0, "PPP relative, conv", 0.3).value
    0.3

    Attributes:
        model: The network, its padding and seed aside.
        padding_mode: How it pads.
        seed: Which of several.
        metric: Name of the metric.
        value: What it says; `None` if nothing.
    """

    model: str
    padding_mode: str
    seed: int
    metric: str
    value: float | None


def metric_values(
    works: Sequence[WorkDirectory], layers: Sequence[str] = ("last",)
) -> list[MetricValue]:
    """Gather the metrics of networks out of finished runs.

    * `position_probe`: PosENet's score, the mean Spearman correlation, for
      each target (and head and test set, where there are several);
    * `padding_pattern`: the pattern's `relative`, `snr_of_means` and `snr`;
      `pattern_formation`: the same at the last step;
    * `fconv_tests`: accuracy in the four-quadrant test, for each border.

    The bare picture and the red-green test, which is about networks of its
    own, are left out. A network out of a file is known by the file's name,
    `MODEL-MODE-seedN` with anything behind, as `pattern_formation` calls them.

    Args:
        works: Directories of finished runs of these experiments.
        layers: Layers at which patterns are taken: names, `["all"]`, or
            `["last"]`, the last of each network.

    Returns:
        The values, in the order of the runs and their rows.

    Raises:
        InputError: If a run is of another experiment, a file's name tells no
            mode and seed, two rows give one metric of one network, or nothing
            is left.
    """
    found: dict[tuple, MetricValue] = {}
    for work in works:
        for value in _values(work, layers):
            if found.setdefault(value[:4], value) is not value:
                raise InputError(
                    f"Two rows give {value.metric} of {value.model}, padding "
                    f"{value.padding_mode}, seed {value.seed}; the second is "
                    f"in {work}. Leave one of the runs out."
                )
    if not found:
        raise InputError(
            "The runs hold no metric of a network (at --layers="
            f"{','.join(layers)}). Received: {', '.join(map(str, works))}"
        )
    return list(found.values())


def _values(work, layers):
    rows = work.load_results()["rows"]
    take = {
        "position_probe": _of_probe,
        "padding_pattern": _of_patterns,
        "pattern_formation": _of_formation,
        "fconv_tests": _of_quadrants,
    }[work.experiment]
    return take(rows, layers) if rows else []


def _of_probe(rows, layers):
    rows = [row for row in rows if row["backbone"] != "rgb"]
    return [
        MetricValue(
            *_network(row),
            _words(f"PosENet SPC, {row['target']}", row, rows, _HEAD),
            row["spearman"],
        )
        for row in rows
    ]


def _of_patterns(rows, layers):
    return [
        MetricValue(*_network(row), *pattern)
        for row in rows
        for pattern in _patterns(row, rows, layers)
    ]


def _of_formation(rows, layers):
    last = max(row["step"] for row in rows)
    return [
        MetricValue(row["model"], row["padding_mode"], row["seed"], *pattern)
        for row in rows
        if row["step"] == last
        for pattern in _patterns(row, rows, layers)
    ]


def _of_quadrants(rows, layers):
    rows = [row for row in rows if row["test"] == "four_quadrants"]
    return [
        MetricValue(
            *_network(row),
            _words(
                f"F-Conv quadrants, border {row['border']}", row, rows, _TEST
            ),
            row["accuracy"],
        )
        for row in rows
    ]


def _patterns(row, rows, layers):
    """Name and value of each figure of a pattern that is asked for."""
    if list(layers) == ["last"]:
        name = row.get("backbone")
        mine = [each for each in rows if each.get("backbone") == name]
        layers = [mine[-1]["layer"]]
    if list(layers) == ["all"] or row["layer"] in layers:
        for figure in _PATTERN:
            yield f"PPP {figure}, {row['layer']}", row[figure]


def _words(name, row, rows, fields):
    """A metric's name, with what tells it from others of the run."""
    return ", ".join(
        [
            name,
            *(
                f"{field.replace('_', ' ')} {row[field]}"
                for field in fields
                if len({str(each[field]) for each in rows}) > 1
            ),
        ]
    )


def _network(row: Mapping[str, Any]) -> tuple[str, str, int]:
    """Model, padding mode and seed."""
    mode = row["padding_mode"]
    if not str(row["backbone"]).endswith(".keras"):
        mode = "zeros" if mode == "own" else mode
        return f"{row['backbone']} ({row['weights']})", mode, row["seed"]
    name = PurePath(row["backbone"]).name
    found = _FILE.match(name)
    if not found:
        raise InputError(
            "The file of a network must be called MODEL-MODE-seedN, such as "
            f"vgg5-zeros-seed0.keras. Received: {name!r}"
        )
    model, trained, seed = found["model"], found["mode"], int(found["seed"])
    if row["weights"] == "random":
        model, seed = f"{model} (random)", row["seed"]
    elif mode not in ("own", trained):
        model = f"{model} trained with {trained}"
    return model, trained if mode == "own" else mode, seed
