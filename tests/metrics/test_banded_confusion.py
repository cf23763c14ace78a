import warnings

import keras
import numpy as np
import pytest

from keras_padpos.metrics import BandedConfusion
from keras_padpos.metrics import border_bands
from keras_padpos.metrics import mean_iou
from keras_padpos.metrics._iou import class_iou

EDGES = (0.1, 0.3)


def maps(shape, classes=4, seed=0, void=True):
    rng = np.random.default_rng(seed)
    truth = rng.integers(0, classes, shape).astype("uint8")
    predicted = np.where(
        rng.uniform(size=shape) < 0.6, truth, rng.integers(0, classes, shape)
    )
    if void:
        truth[rng.uniform(size=shape) < 0.2] = 255
    return truth, predicted


def by_hand(truth, predicted, where, classes):
    """Scores of single pixels, without a confusion matrix."""
    ious = []
    for each in range(classes):
        true, said = truth[where] == each, predicted[where] == each
        either = np.sum(true | said)
        ious.append(np.sum(true & said) / either if either else None)
    there = [each for each in ious if each is not None]
    return ious, np.mean(there), np.mean(truth[where] == predicted[where])


def test_each_band_is_scored_as_by_hand():
    truth, predicted = maps((3, 21, 30))
    truth[truth == 3] = 0
    predicted[predicted == 3] = 1
    confusion = BandedConfusion(4, EDGES)
    confusion.update(truth[:2], predicted[:2])
    confusion.update(truth[2:], predicted[2:])
    found = confusion.result()
    bands = np.broadcast_to(border_bands(21, 30, EDGES), truth.shape)
    counted = truth != 255
    parts = [counted] + [counted & (bands == band) for band in range(3)]
    for scores, where in zip([found, *found["bands"]], parts, strict=True):
        ious, mean, accuracy = by_hand(truth, predicted, where, 4)
        assert scores["class_iou"] == pytest.approx(ious)
        assert scores["class_iou"][3] is None
        assert scores["mean_iou"] == pytest.approx(mean)
        assert scores["pixel_accuracy"] == pytest.approx(accuracy)
        assert scores["pixels"] == where.sum()
    assert [each["band"] for each in found["bands"]] == [
        "0-10 %",
        "10-30 %",
        "interior",
    ]


def test_it_agrees_with_keras():
    truth, predicted = maps((4, 17, 13))
    confusion = BandedConfusion(4)
    confusion.update(truth, predicted)
    metric = keras.metrics.MeanIoU(4, ignore_class=255)
    with warnings.catch_warnings():
        # JAX has no int64.
        warnings.simplefilter("ignore", UserWarning)
        metric.update_state(truth.astype("int32"), predicted.astype("int32"))
        expected = float(metric.result())
    found = confusion.result()["mean_iou"]
    assert found == pytest.approx(expected, abs=1e-6)
    assert mean_iou(confusion.confusion.sum(axis=0)) == found


def test_sizes_may_differ_and_bands_add_up():
    confusion = BandedConfusion(4, EDGES)
    overall = np.zeros((4, 4), int)
    for number, shape in enumerate([(1, 9, 40), (2, 33, 8), (1, 1, 1)]):
        truth, predicted = maps(shape, seed=number)
        confusion.update(truth, predicted)
        for one, other in zip(truth.ravel(), predicted.ravel(), strict=True):
            if one != 255:
                overall[one, other] += 1
    np.testing.assert_array_equal(confusion.confusion.sum(axis=0), overall)


@pytest.mark.parametrize("void", [0, -1, None])
def test_any_class_can_be_void_or_none(void):
    truth, predicted = maps((1, 12, 12), void=False)
    confusion = BandedConfusion(4, void=void)
    confusion.update(truth, predicted)
    counted = 144 - (np.sum(truth == 0) if void == 0 else 0)
    assert confusion.result()["pixels"] == counted


def test_parts_merge_and_a_state_goes_on():
    truth, predicted = maps((6, 15, 15))
    whole, one, other = (BandedConfusion(4, EDGES) for _ in range(3))
    whole.update(truth, predicted)
    one.update(truth[:2], predicted[:2])
    other.update(truth[2:], predicted[2:])
    saved = one.state()
    one.merge(other)
    assert one.result() == whole.result()
    # What was saved is a copy.
    again = BandedConfusion(4, EDGES)
    again.restore(saved)
    assert again.result() != whole.result()
    again.update(truth[2:], predicted[2:])
    assert again.result() == whole.result()


def test_others_do_not_merge():
    one = BandedConfusion(4, EDGES)
    for other in (
        BandedConfusion(4),
        BandedConfusion(3, EDGES),
        BandedConfusion(4, EDGES, void=None),
        BandedConfusion(4, EDGES, void=0),
    ):
        with pytest.raises(ValueError, match="made with the same arguments"):
            one.merge(other)
        with pytest.raises(ValueError, match="made with the same arguments"):
            one.restore(other.state())
    with pytest.raises(ValueError, match="Received: arrays"):
        one.restore({})


def test_nothing_counted_has_no_score():
    confusion = BandedConfusion(2, EDGES)
    # Too small for a pixel in the outermost band.
    confusion.update(np.zeros((1, 4, 4), int), np.zeros((1, 4, 4), int))
    found = confusion.result()
    assert found["bands"][0] == {
        "band": "0-10 %",
        "mean_iou": None,
        "pixel_accuracy": None,
        "class_iou": [None, None],
        "pixels": 0,
    }
    assert found["mean_iou"] == 1
    assert np.isnan(mean_iou(np.zeros((2, 2))))


def test_a_class_counts_that_is_only_answered():
    confusion = np.array([[3, 1], [0, 0]])
    assert class_iou(confusion).tolist() == [0.75, 0]
    assert mean_iou(confusion) == 0.375
    # And one that is nowhere does not.
    assert mean_iou(np.diag([3, 0, 5])) == 1


@pytest.mark.parametrize(
    ("truth", "predicted", "message"),
    [
        (np.zeros((2, 2), int), np.zeros((2, 2), int), r"\(pictures, height"),
        (np.zeros((1, 2, 2)), np.zeros((1, 2, 2), int), "`truth` must be int"),
        (np.full((1, 2, 2), 2), np.zeros((1, 2, 2), int), "255 for void. Rec"),
        (
            np.zeros((1, 2, 2), int),
            np.full((1, 2, 2), 255),
            "`predicted` must be classes from 0 to 1. Received: 255",
        ),
        (np.zeros((1, 2, 2), int), np.zeros((1, 2, 3), int), "shape of `truth"),
    ],
)
def test_errors(truth, predicted, message):
    with pytest.raises(ValueError, match=message):
        BandedConfusion(2).update(truth, predicted)


@pytest.mark.parametrize("classes", [0, 2.0, True])
def test_classes_must_be_a_count(classes):
    with pytest.raises(ValueError, match="`classes` must be an int"):
        BandedConfusion(classes)
