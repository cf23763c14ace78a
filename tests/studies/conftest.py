"""What tests of studies share."""

import numpy as np
import pytest
from drawn_figures import DrawnFigures


@pytest.fixture
def drawn(tmp_path, monkeypatch):
    """Plot a study's figures, and catch them.

    `metrics` make the values of a row's array: curves have two steps.
    """

    def draw(study, rows, arrays=(), **metrics):
        arrays = dict(arrays)
        metrics["step"] = lambda row: [2, 4]
        for row in rows:
            for name, values in metrics.items():
                arrays[f"{row['arrays']}/{name}"] = np.array(values(row))
        figures = DrawnFigures(tmp_path, monkeypatch)
        study.figures(figures, rows, arrays)
        return figures

    return draw
