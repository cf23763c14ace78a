"""What a run logged, as a picture of lines."""

import io
import itertools
import math
import re
import warnings

from keras_padpos.errors import printable
from keras_padpos.report.cells import is_number
from keras_padpos.report.figure import empty_figure
from keras_padpos.report.style import figure_style
from keras_padpos.report.style import label_modes
from keras_padpos.report.style import line_styles
from keras_padpos.report.table import Rows

# The horizontal axis: the first of these that takes several values.
_TIMES = ("step", "epoch")

# Values that no axis could hold are left out.
_LARGEST = 1e200

# What numbers units and their seeds.
_SEED = re.compile(r"^\d+-|[-_ ]?seed[-_ ]?\d+", re.IGNORECASE)

_MOST_PANELS = 6
_MOST_NAMES = 8
_COLUMNS = 3

# Of a name, in characters.
_LONGEST = 60

# Values that span more are drawn on a logarithmic axis.
_LARGE_SPAN = 50


def learning_curves(
    lines: Rows,
) -> tuple[str, dict[str, dict[str, dict[float, float]]]]:
    """Sort lines of metrics.jsonl into panels and curves."""
    for time in _TIMES:
        timed = [line for line in lines if _is_finite(line.get(time))]
        if len({line[time] for line in timed}) > 1:
            break
    else:
        return "", {}
    fields = dict.fromkeys(name for line in timed for name in line)
    names = [
        name
        for name in fields
        if any(isinstance(line.get(name), str) for line in timed)
        # What all curves have in common tells nothing.
        and len({str(line.get(name)) for line in timed}) > 1
    ]
    panels: dict[str, dict[str, dict[float, float]]] = {}
    for metric in fields:
        curves: dict[str, dict[float, float]] = {}
        for line in timed:
            if metric not in _TIMES and _is_finite(line.get(metric)):
                label = ", ".join(str(line[n]) for n in names if n in line)
                curves.setdefault(label, {})[line[time]] = line[metric]
        curves = {
            label: dict(sorted(points.items()))
            for label, points in curves.items()
            if len(points) > 1
        }
        if len({y for points in curves.values() for y in points.values()}) > 1:
            panels[metric] = curves
    return time, panels


def _is_finite(value):
    # Whole numbers can be larger than any float.
    return is_number(value) and abs(value) < _LARGEST


@figure_style()
def draw_curves(lines: Rows) -> tuple[str, bytes] | None:
    """Plot what `learning_curves` finds: what is to be seen, and a PNG file."""
    time, panels = learning_curves(lines)
    if not panels:
        return None
    further = len(panels) - _MOST_PANELS
    panels = dict(itertools.islice(panels.items(), _MOST_PANELS))
    columns = min(len(panels), _COLUMNS)
    rows = math.ceil(len(panels) / columns)
    labels = (label for curves in panels.values() for label in curves)
    families = list(dict.fromkeys(map(_family, labels)))
    styles = line_styles(label_modes(families))
    figure = empty_figure((3.6 * columns, 2.6 * rows))
    axes = figure.subplots(rows, columns, squeeze=False).ravel()
    for axis in axes[len(panels) :]:
        axis.set_axis_off()
    handles = {}
    for axis, (metric, curves) in zip(axes, panels.items(), strict=False):
        values = [y for points in curves.values() for y in points.values()]
        low, high = min(values), max(values)
        if low > 0 and _LARGE_SPAN < high / low < _LARGEST:
            axis.set_yscale("log")
        for label, points in curves.items():
            style = styles[_family(label)]
            (handles[style["label"]],) = axis.plot(
                list(points),
                list(points.values()),
                color=style["color"],
                linestyle=style["linestyle"],
                linewidth=1,
            )
        axis.set_ylabel(_plain(metric), parse_math=False)
        axis.set_xlabel(time)
    if 1 < len(handles) <= _MOST_NAMES:
        legend = figure.legend(
            handles.values(),
            map(_plain, handles),
            loc="outside lower center",
            fontsize=8,
        )
        for text in legend.get_texts():
            text.set_parse_math(False)
    file = io.BytesIO()
    with warnings.catch_warnings():
        # Letters that the font lacks, and ranges that are all but infinite.
        warnings.simplefilter("ignore")
        figure.savefig(file, format="png", dpi=100)
    title = f"{', '.join(map(_plain, panels))} against {time}"
    title += f"; {further} more are not drawn" if further > 0 else ""
    return title, file.getvalue()


def _family(label):
    """What is left of a label without the seed."""
    return _SEED.sub("", label).strip("-_, ") or label


def _plain(name):
    return printable(name.replace("_", " ")[:_LONGEST])
