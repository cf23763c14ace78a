"""Figures as Matplotlib's objects, caught when they are saved."""

import re
from pathlib import Path

import pytest
from matplotlib.figure import Figure


class DrawnFigures:
    """Stands in for a work directory, and keeps what is drawn into it.

    Attributes:
        found: From each figure's name to Matplotlib's figure.
    """

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.found: dict[str, Figure] = {}
        self._folder = folder
        self._names: list[str] = []
        save = Figure.savefig

        def keep(figure, *args, **options):
            self.found[self._names[-1]] = figure
            # What is asked of figures is asked of the picture.
            if options["format"] == "png":
                save(figure, *args, **options)

        monkeypatch.setattr(Figure, "savefig", keep)

    def figure_path(self, name: str) -> Path:
        # Names that a work directory takes; and none twice, which would put
        # one figure in another's place.
        assert re.fullmatch(r"[\w.+=-]+", name)
        assert name not in self._names
        self._names.append(name)
        return self._folder / f"{name}.png"

    def panels(self, name: str) -> dict:
        """From titles, or numbers where there are none, to axes."""
        return {
            axis.get_title() or number: axis
            for number, axis in enumerate(self.found[name].axes)
        }

    def lines(self, name: str, panel: str | None = None) -> dict:
        """From labels of lines in a panel, the first one, to their points."""
        axis = self.panels(name)[panel] if panel else self.found[name].axes[0]
        return {
            line.get_label(): line.get_xydata().round(6).tolist()
            for line in axis.get_lines()
        }

    def legend(self, name: str) -> list[str]:
        """What the legend tells."""
        (legend,) = self.found[name].legends
        return [text.get_text() for text in legend.get_texts()]
