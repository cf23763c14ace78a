"""Saliency scores against pysodmetrics on files, and against NumPy."""

import sys

import numpy as np
import pytest
from PIL import Image

from keras_padpos.metrics import BandedSaliency
from keras_padpos.metrics import SaliencyScores

sod = pytest.importorskip("py_sod_metrics")


def pictures():
    """Pictures of several sizes, with all that is special among them."""
    rng = np.random.default_rng(0)
    found = []
    for shape in ((31, 40), (40, 25), (16, 16), (16, 16), (24, 24)):
        truth = np.zeros(shape, bool)
        truth[4:20, 6:14] = True
        noise = rng.uniform(0.05, 0.5, shape)
        found.append((truth, np.where(truth, 1 - noise, noise)))
    found[2] = (np.zeros((16, 16), bool), found[2][1])
    found[3] = (np.ones((16, 16), bool), found[3][1])
    found[4] = (found[4][0], np.full((24, 24), 0.25))
    return found


def scored(found, **options):
    scores = SaliencyScores(**options)
    each = [scores.update(*picture) for picture in found]
    return scores, each


def test_it_agrees_with_pysodmetrics_on_files(tmp_path):
    measures = {
        "f": sod.FmeasureV2(
            {"f": sod.FmeasureHandler(with_dynamic=True, with_adaptive=True)}
        ),
        "mae": sod.MAE(),
        "s": sod.Smeasure(),
        "e": sod.Emeasure(),
    }
    for number, (truth, predicted) in enumerate(pictures()):
        for name, each in (("map", predicted), ("mask", truth)):
            Image.fromarray(np.round(255 * each).astype("uint8")).save(
                tmp_path / f"{name}{number}.png"
            )
    for number in range(len(pictures())):
        predicted, truth = (
            np.array(Image.open(tmp_path / f"{name}{number}.png"))
            for name in ("map", "mask")
        )
        for measure in measures.values():
            measure.step(predicted, truth)
    f = measures["f"].get_results()["f"]
    e = measures["e"].get_results()["em"]
    expected = {
        "images": 5,
        "max_f": f["dynamic"].max(),
        "mean_f": f["dynamic"].mean(),
        "adaptive_f": f["adaptive"],
        "mae": measures["mae"].get_results()["mae"],
        "s_measure": measures["s"].get_results()["sm"],
        "max_e": e["curve"].max(),
        "mean_e": e["curve"].mean(),
        "adaptive_e": e["adp"],
    }
    scores, _ = scored(pictures())
    found = scores.result()
    del found["bands"], found["pooled"]
    assert found == pytest.approx(expected, rel=1e-12)
    curves = scores.curves()
    np.testing.assert_allclose(curves["f_curve"], f["dynamic"][::-1])
    np.testing.assert_allclose(curves["e_curve"], e["curve"][::-1])


def test_mae_and_f_measure_are_those_of_numpy():
    (truth, predicted), *_ = found = pictures()[:2]
    scores, each = scored(found[:1])
    levels = np.round(predicted * 255)
    values = (levels - levels.min()) / (levels.max() - levels.min())
    assert each[0]["mae"] == pytest.approx(np.abs(values - truth).mean())
    said = values >= min(1, 2 * values.mean())
    precision, recall = (
        np.sum(said & truth) / np.sum(each) for each in (said, truth)
    )
    f = 1.3 * precision * recall / (0.3 * precision + recall)
    assert each[0]["adaptive_f"] == pytest.approx(f)
    curve = scores.curves()["f_curve"]
    for threshold in (0, 50, 150, 250):
        said = np.floor(values * 255) >= threshold
        right, said = np.sum(said & truth), np.sum(said)
        f = 1.3 * right / (0.3 * truth.sum() + said)
        assert curve[threshold] == pytest.approx(f, abs=5e-3)
    # Overall, means are over pictures, not over pixels.
    both, each = scored(found)
    assert both.result()["mae"] == pytest.approx(
        np.mean([one["mae"] for one in each])
    )
    assert both.result()["adaptive_f"] == pytest.approx(
        np.mean([one["adaptive_f"] for one in each])
    )


def test_of_one_picture_means_and_pooled_scores_are_the_same():
    scores, _ = scored(pictures()[:1])
    found = scores.result()
    for name in ("mae", "max_f", "mean_f", "adaptive_f"):
        assert found[name] == pytest.approx(found["pooled"][name], rel=1e-12)


def test_bands_are_those_of_banded_saliency():
    scores, _ = scored(pictures(), edges=(0.2,), normalize=False)
    banded = BandedSaliency((0.2,), normalize=False)
    for each in pictures():
        banded.update(*each)
    expected = banded.result()
    found = scores.result()
    assert found["bands"] == expected.pop("bands")
    assert found["pooled"] == expected


@pytest.mark.parametrize("row", [True, False])
def test_an_object_in_the_last_row_has_an_s_measure(row):
    truth = np.zeros((12, 12), bool)
    truth[-1, 3:9] = True
    truth = truth if row else truth.T
    good, bad = (
        scored([(truth, each)])[1][0]["s_measure"]
        for each in (0.9 * truth, 1.0 - truth)
    )
    assert good == pytest.approx(1, abs=1e-6)
    assert 0 <= bad < 0.1


def test_an_empty_mask_scores_as_documented():
    empty = np.zeros((10, 10), bool)
    (right,) = scored([(empty, np.zeros((10, 10)))])[1]
    assert (right["mae"], right["s_measure"]) == (0, 1)
    assert right["adaptive_f"] == 0
    # All pixels are at least twice a mean of 0.
    assert right["adaptive_e"] == 0
    truth = np.zeros((10, 10), bool)
    truth[2:5, 2:5] = True
    scores, _ = scored([(truth, truth.astype(float))])
    assert scores.result()["max_e"] == pytest.approx(100 / 99)


def test_parts_merge_and_a_state_goes_on():
    whole, _ = scored(pictures())
    one, _ = scored(pictures()[:2])
    other, _ = scored(pictures()[2:])
    again = SaliencyScores()
    again.restore(one.state())
    one.merge(other)
    for each in pictures()[2:]:
        again.update(*each)
    assert again.result() == whole.result()
    for name, each in whole.state().items():
        np.testing.assert_allclose(one.state()[name], each, rtol=1e-12)
    with pytest.raises(ValueError, match="must be a SaliencyScores made"):
        one.merge(BandedSaliency())


def test_a_picture_that_does_not_fit_leaves_nothing_behind():
    scores = SaliencyScores()
    with pytest.raises(ValueError, match="the shape of `truth`"):
        scores.update(np.zeros((3, 3)), np.zeros((3, 4)))
    with pytest.raises(ValueError, match="No picture was added"):
        scores.result()


def test_without_the_package_one_line_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "py_sod_metrics", None)
    with pytest.raises(ImportError) as caught:
        SaliencyScores()
    message = str(caught.value)
    assert message.startswith("A saliency score needs py_sod_metrics, which")
    assert message.endswith(': pip install "keras-padpos[segmentation]"')
