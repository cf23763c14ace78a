import numpy as np
import pytest
from drawn_figures import DrawnFigures
from finished_probe import made_arrays
from finished_probe import probe_row
from finished_probe import rgb_row
from PIL import Image

from keras_padpos.errors import InputError
from keras_padpos.report import draw_position_figures
from keras_padpos.report import position_figures
from keras_padpos.report.depth_figure import stage_figure
from keras_padpos.report.maps_figure import error_maps_figure
from keras_padpos.runs import WorkDirectory

CASE_STUDY = ("horizontal", "vertical", "gaussian")


@pytest.fixture
def drawn(tmp_path, monkeypatch):
    """Draw rows; returns what each figure was given, by its file's name."""

    def draw(rows):
        given = {}
        for name in ("predicted_maps", "stage", "error_maps"):
            function = getattr(position_figures, f"{name}_figure")

            def keep(path, *args, function=function):
                given[path.stem] = args
                function(path, *args)

            monkeypatch.setattr(position_figures, f"{name}_figure", keep)
        work = WorkDirectory(tmp_path / "work", "position_probe", {})
        draw_position_figures(work, *made_arrays(rows, pictures=7))
        files = {file.stem for file in (work.path / "figures").iterdir()}
        assert files == set(given)
        for file in (work.path / "figures").iterdir():
            with Image.open(file) as figure:
                assert len(np.unique(np.asarray(figure))) > 2
        return given

    return draw


def test_only_what_applies_is_drawn(drawn):
    assert set(drawn([probe_row(), rgb_row()])) == {"predicted_maps"}


def test_predicted_maps_are_those_of_the_first_head_and_seed(drawn):
    rows = [
        probe_row(0.5),
        probe_row(0.9, kernel_size=7),
        probe_row(0.8, stages="4"),
        probe_row(0.6, weights="random", solver="exact", seed=0),
        probe_row(0.7, weights="random", seed=1),
        probe_row(0.4, test_set="other"),
        rgb_row(0.0, target="vertical"),
    ]
    maps, columns, captions, _ = drawn(rows)["predicted_maps"]
    assert columns == ["horizontal"]
    # The bare picture lacks that target.
    assert captions == {
        "target": [""],
        "vgg16 (HED)\nzeros padding": ["SPC 0.500"],
        "vgg16 (random, seed 0)\nzeros padding": ["SPC 0.600"],
    }
    assert list(maps) == list(captions)


def test_stages_of_each_network_are_a_line(drawn):
    rows = [
        probe_row(int(stage) / 10, stages=stage) for stage in ("1", "2", "5")
    ]
    rows += [
        probe_row(0.9),
        # Not on the curve: several stages, another head, another set.
        probe_row(0.1, stages="4,5"),
        probe_row(0.1, stages="3", kernel_size=7),
        probe_row(0.1, stages="3", test_set="black"),
        # Without single stages no line.
        probe_row(0.1, padding_mode="reflect"),
        rgb_row(0.1, stages="1"),
    ]
    rows += [
        probe_row(spearman, stages="4", weights="random", seed=seed)
        for seed, spearman in enumerate([0.2, 0.4])
    ]
    curves, title = drawn(rows)["spc_per_stage"]
    (lines,) = curves.values()
    assert {
        name: {stage: round(spc, 6) for stage, spc in line.items()}
        for name, line in lines.items()
    } == {
        "vgg16 (HED), zeros padding": {
            "1": 0.1,
            "2": 0.2,
            "5": 0.5,
            "all": 0.9,
        },
        "vgg16 (random), zeros padding": {"4": 0.3},
    }
    assert "3x3 head, exact solver" in title


def test_errors_are_the_mean_over_the_three_maps(drawn):
    rows = [
        probe_row(0.5, target=target, kernel_size=size)
        for size in (1, 3)
        for target in CASE_STUDY[: 2 if size == 1 else 3]
    ]
    # One map missing: no column.
    rows += [rgb_row(0.0, target=target) for target in CASE_STUDY[1:]]
    given = drawn(rows)["error_maps"]
    maps, title, pictures = given
    assert list(maps) == ["vgg16 (HED)\nzeros padding"]
    # By hand: the examples are .1 above and .3 below the target.
    (errors,) = maps.values()
    np.testing.assert_allclose(errors[0], np.full((6, 6), 0.1), atol=1e-9)
    np.testing.assert_allclose(errors[1], np.full((6, 6), 0.3), atol=1e-9)
    assert "3x3 head" in title
    np.testing.assert_array_equal(pictures, np.full((2, 8, 8, 3), 7))


def test_errors_differ_by_map(tmp_path, monkeypatch):
    rows, arrays = made_arrays(
        [probe_row(target=target) for target in CASE_STUDY]
    )
    for number, error in enumerate([0.3, -0.6, 0.0]):
        target = arrays[f"{number}/target"]
        arrays[f"{number}/examples"] = target[None] + error
    del arrays["pictures/photos/test"]
    given = []
    monkeypatch.setattr(
        position_figures, "error_maps_figure", lambda *args: given.extend(args)
    )
    work = WorkDirectory(tmp_path / "work", "position_probe", {})
    draw_position_figures(work, rows, arrays)
    (errors,) = given[1].values()
    np.testing.assert_allclose(errors, np.full((1, 6, 6), 0.3), atol=1e-9)
    assert given[3] is None


def test_stages_stand_in_order(tmp_path, monkeypatch):
    figures = DrawnFigures(tmp_path, monkeypatch)
    curves = {"a": {"n": {"10": 0, "all": 0}, "m": {"9": 0}}, "b": {}}
    stage_figure(figures.figure_path("stages"), curves, "T")
    ticks = figures.panels("stages")["a"].get_xticklabels()
    assert [tick.get_text() for tick in ticks] == ["9", "10", "all"]
    with pytest.raises(InputError, match="at least one score"):
        stage_figure(tmp_path / "none.png", {"a": {}}, "T")


def _pixels(path):
    with Image.open(path) as figure:
        return np.asarray(figure.convert("RGB"), "float64")


def test_the_error_figure_shares_one_scale(tmp_path):
    # One that goes astray leaves the others as they are.
    low, high = np.zeros((4, 4)), np.full((4, 4), 0.5)
    high[0, 0] = 90
    error_maps_figure(tmp_path / "a.png", {"n": [low], "m": [high]}, "T")
    pixels = _pixels(tmp_path / "a.png")
    # Inferno's ends: near black, and a light yellow.
    for colour in ([0, 0, 3], [252, 255, 164]):
        share = (np.abs(pixels - colour).max(axis=-1) <= 1).mean()
        assert share > 0.1
