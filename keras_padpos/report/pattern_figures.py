"""The figures of patterns that padding leaves."""

import re
from collections.abc import Mapping
from typing import Any

import numpy as np

from keras_padpos.report.cells import counted
from keras_padpos.report.figure import figure_legend
from keras_padpos.report.figure import hide_ticks
from keras_padpos.report.figure import open_figure
from keras_padpos.report.figure import panel_titles
from keras_padpos.report.figure import say_inside
from keras_padpos.report.names import pattern_networks
from keras_padpos.report.style import mode_label
from keras_padpos.report.style import mode_lines
from keras_padpos.report.table import Rows
from keras_padpos.report.table import grouped
from keras_padpos.report.table import values_of

_PANEL_INCHES = 2.9
_PROFILE_INCHES = 2.6
_MOST_MARKERS = 10
# What stands beside a panel.
_NUMBERS_INCHES = 0.6

_RELATIVE = "|E[D]| / std(O)"
_SNR = "mean of E[D]² / mean of Var(O)"

_MODE_INCHES = 1.45
# Of the modes' names.
_NAME_INCHES = 1.2
# The smallest value of a scale, over the largest.
_LEAST = 1e-4

_SURFACE_INCHES = 2.6
# At most so many lines a side, or surfaces turn black.
_LINES = 56


def plot_patterns(
    work: Any, rows: Rows, arrays: Mapping[str, np.ndarray]
) -> None:
    """Plot all figures of a run of `padding_pattern`.

    For each network, with its number before the name where there are several:

    * `surface_LAYER`: mean features over 1, 10, 100 and all crops beside the
      pattern, as surfaces and as heat maps, of the first padding mode that
      adds cells;
    * `modes`: the pattern of every mode at every layer;
    * `profile`: the pattern against the distance to the border;
    * `depth`: its size and signal-to-noise ratios against depth.

    Args:
        work: The run's directory; its `figure_path` makes paths of names.
        rows: Rows of the run, which name their arrays.
        arrays: As `PatternMeasurement.arrays` gives them.
    """
    networks = pattern_networks(rows)
    for number, (name, group) in enumerate(networks.items(), start=1):
        before = f"{number}_" if len(networks) > 1 else ""
        modes = values_of(group, "padding_mode")
        layers = values_of(group, "layer")
        about = (
            f"{name}, {group[0]['images']} crops of {group[0]['pictures']} "
            "pictures"
        )
        lines = {(row["padding_mode"], row["layer"]): row for row in group}
        adding = [mode for mode in modes if mode != "none"]
        for layer in layers if adding else []:
            file = re.sub(r"[^\w.+=-]+", "-", layer, flags=re.ASCII)
            _surface_figure(
                work.figure_path(f"{before}surface_{file}"),
                arrays,
                lines[adding[0], layer],
                f"{about}\n{layer}, {adding[0]} padding: channel mean of "
                "features (colour: with padding; grey: around the crop), and "
                "the pattern",
            )
        pattern, profile = (
            {key: arrays[f"{lines[key]['arrays']}/{kind}"] for key in lines}
            for kind in ("pattern", "profile")
        )
        for kind, plot, values, title in (
            (
                "modes",
                _modes_figure,
                pattern,
                "Pattern of padding: channel mean of |E[D]|",
            ),
            (
                "profile",
                _profile_figure,
                profile,
                "Pattern against the distance to the border",
            ),
            ("depth", _depth_figure, lines, "Pattern against depth"),
        ):
            path = work.figure_path(f"{before}{kind}")
            plot(path, values, modes, layers, f"{title}\n{about}")


def plot_formation(
    work: Any, rows: Rows, arrays: Mapping[str, np.ndarray]
) -> None:
    """Plot all figures of a run of `pattern_formation`.

    * `formation`: the patterns' size and signal-to-noise ratio against
      training steps, a panel a layer;
    * `first_patterns` and `last_patterns`: the pattern of every mode at every
      layer before and after training, mean over seeds.

    Args:
        work: The run's directory; its `figure_path` makes paths of names.
        rows: Rows of the run, which name their arrays.
        arrays: Maps under `ARRAYS/pattern`.
    """
    modes, layers = values_of(rows, "padding_mode"), values_of(rows, "layer")
    steps, seeds = values_of(rows, "step"), len(values_of(rows, "seed"))
    about = (
        f"{rows[0]['model']}, {counted(seeds, 'seed')} a mode, "
        f"{rows[0]['images']} crops"
    )
    _steps_figure(
        work.figure_path("formation"),
        rows,
        modes,
        layers,
        "Pattern of padding while training: geometric mean and range over "
        f"seeds\n{about}",
    )
    for name, time, step in (
        ("first_patterns", "before training", min(steps)),
        ("last_patterns", f"after {max(steps)} steps", max(steps)),
    ):
        at_step = [row for row in rows if row["step"] == step]
        patterns = {
            key: [arrays[f"{row['arrays']}/pattern"] for row in group]
            for key, group in grouped(
                at_step, ["padding_mode", "layer"]
            ).items()
        }
        _modes_figure(
            work.figure_path(name),
            {key: np.mean(each, axis=0) for key, each in patterns.items()},
            modes,
            layers,
            f"Pattern of padding {time}: channel mean of |E[D]|\n{about}",
        )


def _features(arrays, key):
    """From a number of crops to the mean features over so many."""
    start = f"{key}/features_"
    names = [name for name in arrays if name.startswith(start)]
    counts = sorted(int(name.removeprefix(start)) for name in names)
    return {count: arrays[f"{start}{count}"] for count in counts}


def _steps_figure(path, rows, modes, layers, title):
    """Size and signal-to-noise ratio against steps, means over seeds."""
    size = max(_PANEL_INCHES * len(layers) + 1.6, 6), 6.2
    with open_figure(path, title, size) as figure:
        axes = figure.subplots(2, len(layers), squeeze=False)
        steps = sorted({row["step"] for row in rows})
        cells = grouped(rows, ["padding_mode", "layer", "step"])
        for line, field, label in (
            (axes[0], "relative", _RELATIVE),
            (axes[1], "snr", _SNR),
        ):
            for axis, layer in zip(line, layers, strict=True):
                for mode, style in mode_lines(modes).items():
                    seeds = {n: cells.get((mode, layer, n), []) for n in steps}
                    _band(axis, seeds, field, style)
                # Step 0 has its place left of the logarithmic part.
                axis.set_xscale("symlog", linthresh=10)
                axis.set_xticks(steps, [str(step) for step in steps])
                axis.minorticks_off()
                if axis.lines:
                    axis.set_yscale("log")
                axis.tick_params(which="both", labelsize=7)
                axis.tick_params(axis="x", rotation=45)
            line[0].set_ylabel(label, fontsize=9)
        for axis, layer in zip(axes[0], layers, strict=True):
            axis.set_title(layer, fontsize=9)
        for axis in axes[-1]:
            axis.set_xlabel("training steps", fontsize=8)
        figure_legend(figure, axes.ravel(), "outside right center", fontsize=8)


def _band(axis, seeds, field, style):
    points = []
    for step, rows in seeds.items():
        values = [row[field] for row in rows]
        if values and all(value and value > 0 for value in values):
            mean = np.exp(np.mean(np.log(values)))
            points.append((step, mean, min(values), max(values)))
    if points:
        steps, means, lows, highs = zip(*points, strict=True)
        axis.plot(steps, means, markersize=4, **style)
        axis.fill_between(
            steps, lows, highs, color=style["color"], alpha=0.15, linewidth=0
        )


def _depth_figure(path, rows, modes, layers, title):
    """Size and signal-to-noise ratio by layer; a pattern of 0 is left out."""
    with open_figure(path, title, (9.5, 4.6)) as figure:
        axes = figure.subplots(1, 2)
        for axis, field, label in zip(
            axes,
            ("relative", "snr"),
            (_RELATIVE, f"{_SNR}, dB"),
            strict=True,
        ):
            in_db = field != "relative"
            for number, (mode, style) in enumerate(mode_lines(modes).items()):
                # Side by side, so that bars do not hide each other.
                shift = 0.06 * (number - (len(modes) - 1) / 2)
                own = [rows[mode, layer] for layer in layers]
                _error_bars(axis, own, field, in_db, shift, style)
            if not in_db and axis.lines:
                axis.set_yscale("log")
            axis.set_xticks(range(len(layers)), layers, rotation=30, ha="right")
            # Of few layers, too, the points stand above their names.
            axis.set_xlim(-0.5, len(layers) - 0.5)
            axis.tick_params(labelsize=7, which="both")
            axis.set_ylabel(label, fontsize=9)
        figure_legend(figure, axes, "outside right center", fontsize=8)


def _error_bars(axis, rows, field, in_db, shift, style):
    bars = []
    for number, row in enumerate(rows):
        value = row[field]
        if not value:
            continue
        low, high = row[f"{field}_ci95"] or (value, value)
        if in_db:
            value, low, high = (10 * np.log10(v) for v in (value, low, high))
        bars.append((number + shift, value, value - low, high - value))
    if bars:
        x, values, below, above = zip(*bars, strict=True)
        axis.errorbar(x, values, [below, above], elinewidth=1, **style)


def _profile_figure(path, profiles, modes, layers, title):
    """Patterns against the distance to the border, a panel a layer."""
    size = max(_PROFILE_INCHES * len(layers), 5.5), _PROFILE_INCHES + 1.5
    with open_figure(path, title, size) as figure:
        (axes,) = figure.subplots(1, len(layers), squeeze=False)
        for axis, layer in zip(axes, layers, strict=True):
            for mode, style in mode_lines(modes).items():
                profile = np.asarray(profiles[mode, layer])
                shown = profile > 0
                # A logarithmic scale has no place for a pattern of 0.
                if shown.any():
                    axis.plot(
                        np.flatnonzero(shown),
                        profile[shown],
                        markersize=4,
                        markevery=-(-shown.sum() // _MOST_MARKERS),
                        **style,
                    )
            if any((profiles[mode, layer] > 0).any() for mode in modes):
                axis.set_yscale("log")
            axis.xaxis.get_major_locator().set_params(integer=True)
            axis.set_xlabel("positions from the border", fontsize=8)
            axis.tick_params(labelsize=7, which="both")
        panel_titles(
            figure, axes, layers, size[0] / len(layers) - _NUMBERS_INCHES
        )
        axes[0].set_ylabel("channel mean of |E[D]|", fontsize=8)
        figure_legend(
            figure,
            axes,
            "outside lower center",
            # Of one layer or two, five of the longest names are too wide.
            ncols=5 if len(layers) > 2 else 4,
            fontsize=8,
        )


def _modes_figure(path, maps, modes, layers, title):
    """A row for each mode, a column for each layer, which has one scale."""
    from matplotlib.colors import LogNorm

    width = max(_MODE_INCHES * len(layers) + _NAME_INCHES, 5.5)
    size = width, _MODE_INCHES * len(modes) + 1.2
    with open_figure(path, title, size) as figure:
        axes = figure.subplots(len(modes), len(layers), squeeze=False)
        for column, layer in zip(axes.T, layers, strict=True):
            top = max(_largest(maps[mode, layer]) for mode in modes)
            if top * _LEAST <= np.finfo("float32").tiny:
                top = 1.0  # nothing to scale by
            norm = LogNorm(top * _LEAST, top)
            for axis, mode in zip(column, modes, strict=True):
                pattern = maps[mode, layer]
                # What is not finite is drawn as the largest.
                shown = np.nan_to_num(pattern, nan=top, posinf=top)
                shown = np.maximum(shown, top * _LEAST)
                image = axis.imshow(shown, norm=norm, cmap="inferno")
                hide_ticks(axis)
                if not np.isfinite(pattern).all():
                    share = 100 * np.mean(~np.isfinite(pattern))
                    say_inside(axis, f"{share:.0f} % no number")
                elif not pattern.any():
                    say_inside(axis, "0 everywhere")
                elif pattern.max() < top * _LEAST:
                    say_inside(axis, f"at most {pattern.max():.1e}")
            bar = figure.colorbar(
                image,
                ax=column,
                location="bottom",
                aspect=12,
                pad=0.01,
                extend="min",
            )
            bar.ax.tick_params(labelsize=6)
        for axis, mode in zip(axes[:, 0], modes, strict=True):
            axis.set_ylabel(
                mode_label(mode),
                rotation=0,
                ha="right",
                va="center",
                fontsize=9,
            )
        room = (width - _NAME_INCHES) / len(layers)
        panel_titles(figure, axes[0], layers, room, fontsize=8)


def _largest(pattern):
    finite = pattern[np.isfinite(pattern)]
    return float(finite.max()) if finite.size else 0.0


def _surface_figure(path, arrays, row, title):
    """Mean features over more and more crops, and the pattern."""
    features = _features(arrays, row["arrays"])
    reference = _features(arrays, row["reference"])
    place = arrays[f"{row['reference']}/place"]
    pattern = arrays[f"{row['arrays']}/pattern"]
    columns = len(features) + 1
    size = _SURFACE_INCHES * columns, 2 * _SURFACE_INCHES + 0.6
    with open_figure(path, title, size) as figure:
        for column, (count, values) in enumerate(features.items(), start=1):
            around, bounds = _apron(reference[count], place)
            axis = figure.add_subplot(2, columns, column, projection="3d")
            _surface(axis, around, bounds, color="0.75", alpha=0.6)
            _surface(axis, values, place, cmap="viridis")
            axis.set_title(counted(count, "crop"), fontsize=9, y=0.98)
            heat = figure.add_subplot(2, columns, columns + column)
            _heat(heat, values)
        last = figure.add_subplot(2, columns, columns, projection="3d")
        _surface(last, pattern, place, cmap="inferno")
        last.set_zlim(0)
        last.set_title("pattern, |E[D]|", fontsize=9, y=0.98)
        heat = figure.add_subplot(2, columns, 2 * columns)
        _heat(heat, pattern, "inferno", 0)


def _apron(values, place):
    """What lies around the crop, up to half its size."""
    bounds = []
    for (start, stop), size in zip(place, values.shape, strict=True):
        reach = (stop - start) // 2
        bounds.append((max(start - reach, 0), min(stop + reach, size)))
    (top, bottom), (left, right) = bounds
    apron = values[top:bottom, left:right].copy()
    (first, last), (start, stop) = place
    # A surface behind another would show through it.
    apron[
        first + 1 - top : last - 1 - top, start + 1 - left : stop - 1 - left
    ] = np.nan
    return apron, bounds


def _surface(axis, values, bounds, **style):
    (top, bottom), (left, right) = bounds
    rows, columns = np.mgrid[top:bottom, left:right]
    axis.plot_surface(
        columns,
        rows,
        values,
        rcount=_LINES,
        ccount=_LINES,
        linewidth=0,
        antialiased=False,
        # Thousands of surfaces are pixels in a PDF, too.
        rasterized=True,
        **style,
    )
    hide_ticks(axis)
    axis.tick_params(labelsize=6, pad=-2)
    axis.invert_yaxis()


def _heat(axis, values, cmap="viridis", least=None):
    image = axis.imshow(values, cmap=cmap, vmin=least)
    hide_ticks(axis)
    bar = axis.figure.colorbar(image, ax=axis, shrink=0.8)
    bar.ax.tick_params(labelsize=6)
