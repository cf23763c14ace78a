"""A picture of what each stage of a network tells."""

import os
from collections.abc import Mapping
from collections.abc import Sequence

from keras_padpos.runs.atomic_file import atomic_file
from keras_padpos.runs.figure_title import figure_title
from keras_padpos.runs.fit_text import fit_text

ALL = "all"
"""The name of all stages together."""

_PANEL_INCHES = 2.9


def stage_figure(
    path: str | os.PathLike,
    curves: Mapping[str, Mapping[str, Mapping[str, float]]],
    title: str,
) -> None:
    """Draw SPC against the stage: a panel a target, a line a network.

    Stages stand from first to last, `all` after them and apart: no line leads
    there.

    Example:

    >>> import tempfile
    >>> curves = {"horizontal": {"vgg16": {"1": 0.1, "2": 0.3, "all": 0.7}}}
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     stage_figure(f"{folder}/stages.png", curves, "SPC of stages")

    Args:
        path: PNG file to write.
        curves: From a target to its lines, from a network's name to its
            scores, from a stage (a number from 1, as a string, or `"all"`) to
            SPC in [-1, 1].
        title: The line above.

    Raises:
        ValueError: If there is nothing to draw.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    stages = stage_order(curves)
    networks = list(
        dict.fromkeys(n for lines in curves.values() for n in lines)
    )
    figure = Figure(
        figsize=(
            max(_PANEL_INCHES * len(curves), 5),
            _PANEL_INCHES + 0.9 + 0.2 * len(networks),
        ),
        layout="constrained",
    )
    FigureCanvasAgg(figure)
    (axes,) = figure.subplots(1, len(curves), squeeze=False, sharey=True)
    handles = {}
    for axis, (target, lines) in zip(axes, curves.items(), strict=True):
        axis.axhline(0, color="0.8", linewidth=1)
        for name, scores in lines.items():
            single = [stage for stage in stages if stage in scores]
            if ALL in single:
                single.remove(ALL)
            (line,) = axis.plot(
                [stages.index(stage) for stage in single],
                [scores[stage] for stage in single],
                marker="o",
                # A network keeps its colour in all panels.
                color=f"C{networks.index(name) % 10}",
            )
            if ALL in scores:
                axis.plot(
                    stages.index(ALL),
                    scores[ALL],
                    marker="s",
                    color=line.get_color(),
                )
            handles[name] = line
        axis.set_xticks(range(len(stages)), stages)
        axis.set_xlim(-0.4, len(stages) - 0.6)
        axis.set_title(target.replace("_", " "), fontsize=10)
        axis.set_xlabel("stage", fontsize=9)
    axes[0].set_ylabel("SPC", fontsize=9)
    legend = figure.legend(
        handles=list(handles.values()),
        labels=list(handles),
        loc="outside lower center",
        fontsize=9,
        frameon=False,
    )
    # A line stands before each name.
    room = figure.get_figwidth() - 0.6
    higher = sum(fit_text(name, room) for name in legend.get_texts())
    figure.set_figheight(figure.get_figheight() + higher)
    figure_title(figure, title, fontsize=10)
    with atomic_file(path) as file:
        figure.savefig(file, format="png", dpi=120)


def stage_order(
    curves: Mapping[str, Mapping[str, Mapping[str, float]]],
) -> Sequence[str]:
    """The stages of all curves, in order.

    Example:

    >>> stage_order({"gaussian": {"a": {"all": 1, "10": 1}, "b": {"2": 1}}})
    ['2', '10', 'all']

    Args:
        curves: As for `stage_figure`.

    Returns:
        Numbers of stages, then `"all"` if it is there.

    Raises:
        ValueError: If there are none.
    """
    found = {
        stage
        for lines in curves.values()
        for scores in lines.values()
        for stage in scores
    }
    if not found:
        raise ValueError(
            "`curves` must hold at least one score. Received: "
            f"curves={dict(curves)}"
        )
    numbers = sorted(found - {ALL}, key=int)
    return [*numbers, ALL] if ALL in found else numbers
