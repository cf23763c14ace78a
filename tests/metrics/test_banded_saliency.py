import numpy as np
import pytest

from keras_padpos.metrics import BandedSaliency
from keras_padpos.metrics import border_bands
from keras_padpos.metrics.banded_saliency import saliency_values

EDGES = (0.1, 0.25)


def picture(shape=(19, 26), seed=0):
    rng = np.random.default_rng(seed)
    truth = np.zeros(shape, bool)
    truth[rng.integers(1, 8) :, rng.integers(1, 8) : 20] = True
    noisy = 0.6 * truth + rng.uniform(0, 0.4, shape)
    return truth, np.round(noisy * 255).astype("uint8")


def by_hand(pictures, wanted):
    """Scores of the pixels that `wanted` picks, threshold by threshold."""
    errors, curve, chosen = [], [], []
    for truth, predicted in pictures:
        low, high = int(predicted.min()), int(predicted.max())
        values = (predicted.astype(float) - low) / (high - low)
        where = wanted(truth)
        errors.extend(np.abs(values - truth)[where])
        chosen.append((values, truth[where], where))
    salient = sum(truth.sum() for _, truth, _ in chosen)

    def f_measure(above):
        right = sum(
            np.sum(each & truth)
            for each, (_, truth, _) in zip(above, chosen, strict=True)
        )
        if not right:
            return 0.0
        precision = right / sum(each.sum() for each in above)
        recall = right / salient
        return 1.3 * precision * recall / (0.3 * precision + recall)

    for threshold in range(256):
        curve.append(
            f_measure(
                [
                    np.floor(values[where] * 255 + 1e-9) >= threshold
                    for values, _, where in chosen
                ]
            )
        )
    adaptive = [
        values[where] >= min(1, 2 * values.mean())
        for values, _, where in chosen
    ]
    return np.mean(errors), max(curve), np.mean(curve), f_measure(adaptive)


def test_each_band_is_scored_as_by_hand():
    pictures = [picture(), picture((40, 23), 1), picture((21, 21), 2)]
    scores = BandedSaliency(EDGES)
    for truth, predicted in pictures:
        scores.update(truth, predicted)
    found = scores.result()
    parts = [lambda truth: np.ones(truth.shape, bool)] + [
        lambda truth, band=band: border_bands(*truth.shape, EDGES) == band
        for band in range(3)
    ]
    for each, wanted in zip([found, *found["bands"]], parts, strict=True):
        mae, greatest, mean, adaptive = by_hand(pictures, wanted)
        assert each["mae"] == pytest.approx(mae)
        assert each["max_f"] == pytest.approx(greatest)
        # Truncation may move a pixel on a level to the one below.
        assert each["mean_f"] == pytest.approx(mean, abs=5e-3)
        assert each["adaptive_f"] == pytest.approx(adaptive)
    assert sum(each["pixels"] for each in found["bands"]) == found["pixels"]
    assert found["pixels"] == sum(truth.size for truth, _ in pictures)
    weighted = [each["mae"] * each["pixels"] for each in found["bands"]]
    assert sum(weighted) / found["pixels"] == pytest.approx(found["mae"])


def test_a_perfect_map_is_perfect_and_its_opposite_is_not():
    truth, _ = picture()
    perfect, opposite = BandedSaliency(EDGES), BandedSaliency(EDGES)
    perfect.update(truth, truth.astype("float32"))
    opposite.update(truth.astype(int), 1.0 - truth)
    for each in (perfect.result(), *perfect.result()["bands"]):
        assert (each["mae"], each["max_f"], each["adaptive_f"]) == (0, 1, 1)
    for each in (opposite.result(), *opposite.result()["bands"]):
        assert (each["mae"], each["adaptive_f"]) == (1, 0)


def test_stretching_is_a_choice():
    predicted = np.array([[0.0, 0.1], [0.2, 0.2]])
    np.testing.assert_allclose(
        saliency_values(predicted), [[0, 26 / 51], [1, 1]]
    )
    np.testing.assert_allclose(
        saliency_values(predicted, normalize=False),
        [[0, 26 / 255], [0.2, 0.2]],
    )
    # All the same stay what they are.
    assert (saliency_values(np.full((2, 2), 0.2)) == 0.2).all()
    scores = BandedSaliency((), normalize=False)
    scores.update(np.zeros((2, 2), bool), predicted)
    assert scores.result()["mae"] == pytest.approx((26 / 255 + 0.4) / 4)


def test_no_salient_pixel_has_no_f_measure():
    scores = BandedSaliency(EDGES)
    truth = np.zeros((20, 20), bool)
    truth[8:12, 8:12] = True
    scores.update(truth, np.full(truth.shape, 0.0))
    outermost, _, interior = scores.result()["bands"]
    assert outermost["max_f"] is outermost["adaptive_f"] is None
    # Of nothing, all is at least twice the mean.
    assert interior["adaptive_f"] == pytest.approx(interior["max_f"])
    assert interior["salient_pixels"] == 16


def test_parts_merge_and_a_state_goes_on():
    pictures = [picture(seed=seed) for seed in range(3)]
    whole, one, other = (BandedSaliency(EDGES) for _ in range(3))
    for number, each in enumerate(pictures):
        whole.update(*each)
        (other if number else one).update(*each)
    again = BandedSaliency(EDGES)
    again.restore(one.state())
    one.merge(other)
    for each in pictures[1:]:
        again.update(*each)
    expected = whole.result()
    assert again.result() == expected
    found = one.result()
    assert found.pop("mae") == pytest.approx(expected.pop("mae"))
    found, expected = found.pop("bands"), expected.pop("bands")
    for mine, theirs in zip(found, expected, strict=True):
        assert mine.pop("mae") == pytest.approx(theirs.pop("mae"))
        assert mine == theirs
    with pytest.raises(ValueError, match="made with the same arguments"):
        one.merge(BandedSaliency(EDGES, normalize=False))


@pytest.mark.parametrize(
    ("truth", "predicted", "message"),
    [
        (np.zeros((2, 2)), np.full((2, 2), 1.5), r"must lie in \[0, 1\]"),
        (np.zeros((2, 2)), np.full((2, 2), np.nan), r"must lie in \[0, 1\]"),
        (np.zeros((2, 2)), np.zeros((2, 2), int), "or uint8. Received: int64"),
        (np.zeros((2, 2)), np.zeros((1, 2, 2)), r"shape \(height, width\)"),
        (np.zeros((2, 3)), np.zeros((2, 2)), "the shape of `truth`"),
        (np.full((2, 2), 255), np.zeros((2, 2)), "0 and 1. Received: 255"),
        (np.full((2, 2), -1), np.zeros((2, 2)), "0 and 1. Received: -1"),
    ],
)
def test_errors(truth, predicted, message):
    scores = BandedSaliency()
    with pytest.raises(ValueError, match=message):
        scores.update(truth, predicted)
    assert scores.result()["pixels"] == 0
