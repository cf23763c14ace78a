"""How figures look: one style, and the line of each padding mode."""

import contextlib
from collections.abc import Iterable
from collections.abc import Iterator
from collections.abc import Mapping
from collections.abc import Sequence
from typing import Any
from typing import NamedTuple
from typing import TypeVar


class ModeStyle(NamedTuple):
    """Colour, marker and dashes of a padding mode, as Matplotlib names them."""

    color: str
    marker: str
    linestyle: str


_Label = TypeVar("_Label")

MODE_STYLES = {
    "zeros": ModeStyle("#0072B2", "o", "-"),
    "none": ModeStyle("#000000", "x", "--"),
    "reference": ModeStyle("#A6A6A6", "+", ":"),
    "reflect": ModeStyle("#E69F00", "^", "-"),
    "symmetric": ModeStyle("#009E73", "s", "-"),
    # With one cell of padding these are the same numbers: the dashes of the
    # one leave the line of the other visible.
    "replicate": ModeStyle("#CC79A7", "D", "--"),
    "circular": ModeStyle("#D55E00", "v", "-."),
    "partial": ModeStyle("#56B4E9", "P", "-"),
    "distribution": ModeStyle("#882255", "h", "--"),
    "randn": ModeStyle("#999933", "*", ":"),
    "random_sides": ModeStyle("#7A5230", ">", "-."),
    "constant": ModeStyle("#332288", "<", "-."),
    "interpolate": ModeStyle("#8FD175", "X", "-"),
    "own": ModeStyle("#9467FF", "p", "-"),
    "earth": ModeStyle("#117733", "d", "-"),
    "extrapolate": ModeStyle("#A01A58", "8", "--"),
}
"""The line of each padding mode in every figure.

The colours are Okabe and Ito's and others that stay apart for colour-blind
readers; no two modes share a marker. A mode per axis, such as
`replicate+circular`, has the colour of its first and the marker of its last.
"""

MODE_LABELS = {"none": "no padding", "reference": "real neighbours"}
"""What a padding mode is called where its name alone says too little."""

_COLOURS = ("#0072B2", "#E69F00", "#009E73", "#D55E00", "#CC79A7", "#56B4E9")
_DASHES = ("-", "--", ":", "-.")
_FILLS = ("none", "full", "left", "right")


def _style() -> Any:
    from cycler import cycler

    return {
        "axes.labelsize": 9,
        "axes.prop_cycle": cycler(color=_COLOURS),
        "axes.titlesize": 9,
        "figure.titlesize": 10,
        "font.family": "DejaVu Sans",
        "font.size": 9,
        "image.cmap": "viridis",
        "image.interpolation": "nearest",
        "legend.fontsize": 8,
        "legend.frameon": False,
        "lines.linewidth": 1.4,
        "lines.markersize": 5,
        # Letters stay letters, which can be searched for.
        "pdf.fonttype": 42,
        "xtick.labelsize": 8,
        "ytick.labelsize": 8,
    }


@contextlib.contextmanager
def figure_style() -> Iterator[None]:
    """Plot in the style of this package; also a decorator."""
    import matplotlib

    with matplotlib.rc_context(_style()):
        yield


def mode_lines(modes: Iterable[str]) -> dict[str, dict[str, Any]]:
    """Each mode's style in all panels, as Matplotlib's `plot` takes it.

    Example:

    >>> mode_lines(["zeros"])["zeros"]["color"]
    '#0072B2'
    """
    return line_styles({mode: mode for mode in modes})


def line_styles(
    modes: Mapping[_Label, str | None],
) -> dict[_Label, dict[str, Any]]:
    """The style of each line, as Matplotlib's `plot` takes it.

    Lines of the same mode share its colour and marker, and differ in their
    dashes and in how markers are filled. What is of no mode in `MODE_STYLES`
    gets the style of a mode that no line is of.

    Args:
        modes: From the label of each line to its padding mode, or `None`.
    """
    names = [_mode_name(mode) for mode in modes.values()]
    spare = [name for name in reversed(MODE_STYLES) if name not in names]
    spare = spare or list(MODE_STYLES)
    counts: dict[str, int] = {}
    others: dict[Any, str] = {}
    styles: dict[_Label, dict[str, Any]] = {}
    for (label, mode), name in zip(modes.items(), names, strict=True):
        if name is None:
            key = label if mode is None else mode
            name = others.setdefault(key, spare[len(others) % len(spare)])
        number = counts[name] = counts.get(name, -1) + 1
        styles[label] = _line(_mode_style(name), number) | {
            "label": mode_label(str(label))
        }
    return styles


def mode_label(mode: str) -> str:
    """What a padding mode is called in figures and tables.

    Example:

    >>> mode_label("none"), mode_label("zeros")
    ('no padding', 'zeros')
    >>> mode_label("replicate+circular")
    'replicate (H), circular (W)'
    """
    parts = mode.split("+")
    if len(parts) == 2 and _mode_name(mode):
        return "{} (H), {} (W)".format(*parts)
    return MODE_LABELS.get(mode, mode)


def label_modes(labels: Sequence[str]) -> dict[str, str | None]:
    """Of which padding mode labels such as `vgg5-zeros` are, if of one.

    Example:

    >>> label_modes(["vgg5-zeros", "head"])
    {'vgg5-zeros': 'zeros', 'head': None}
    """
    modes = {}
    for label in labels:
        words = label.replace(",", "-").replace(" ", "-").split("-")
        named = [word for word in words if _mode_name(word)]
        modes[label] = named[0] if len(named) == 1 else None
    return modes


def _mode_name(mode):
    """The name in the table; a mode may have arguments behind its name."""
    parts = [part.partition("(")[0].lower() for part in (mode or "").split("+")]
    return "+".join(parts) if set(parts) <= set(MODE_STYLES) else None


def _mode_style(name):
    first, last = (MODE_STYLES[name.split("+")[end]] for end in (0, -1))
    return first._replace(marker=last.marker)


def _line(style, number):
    dashes = _DASHES.index(style.linestyle) + number
    return {
        "color": style.color,
        "marker": style.marker,
        "linestyle": _DASHES[dashes % len(_DASHES)],
        "fillstyle": _FILLS[number % len(_FILLS)],
    }
