import numpy as np
import pytest

from keras_padpos.metrics import TranslationInvariance
from keras_padpos.metrics import patch_offsets


def scored(answer, shape=(17, 15), patch=(6, 5), stride=1, classes=3):
    scores = TranslationInvariance(classes, shape, patch)
    for top, left in patch_offsets(shape, patch, stride):
        part = slice(top, top + patch[0]), slice(left, left + patch[1])
        scores.update(answer(part, (top, left)), (top, left))
    return scores


@pytest.mark.parametrize("stride", [1, 2, 4])
def test_shifted_answers_that_are_the_same_have_no_entropy(stride):
    classes = np.random.default_rng(0).integers(0, 3, (17, 15))
    scores = scored(lambda part, _: classes[part], stride=stride)
    assert scores.result() == {
        "mean_entropy": 0.0,
        "disagreement": 0.0,
        "pixels": 5 * 5,
    }


def test_entropies_are_those_of_all_answers_to_a_pixel():
    rng = np.random.default_rng(0)
    shape, patch = (17, 15), (6, 5)
    answers = [[[] for _ in range(15)] for _ in range(17)]

    def answer(part, offset):
        found = np.minimum(rng.integers(0, 9, patch), 2)
        for row, column in np.ndindex(*patch):
            place = answers[offset[0] + row][offset[1] + column]
            place.append(found[row, column])
        return found

    scores = scored(answer, stride=2)
    entropy = np.full(shape, np.nan)
    for row in range(6, 17 - 6):
        for column in range(5, 15 - 5):
            counts = np.bincount(answers[row][column])
            shares = counts[counts > 0] / counts.sum()
            entropy[row, column] = -np.sum(shares * np.log2(shares))
    inner = entropy[6:-6, 5:-5]
    np.testing.assert_allclose(scores.entropy(), inner, atol=1e-12)
    assert scores.result() == {
        "mean_entropy": pytest.approx(inner.mean()),
        "disagreement": pytest.approx(np.mean(inner > 0)),
        "pixels": 25,
    }
    counted = rng.uniform(size=shape) < 0.5
    part = scores.result(counted)
    chosen = entropy[counted & ~np.isnan(entropy)]
    assert part["pixels"] == chosen.size
    assert part["mean_entropy"] == pytest.approx(chosen.mean())
    assert part["disagreement"] == pytest.approx(np.mean(chosen > 0))


def test_by_hand():
    # One pixel counts; it is seen four times: classes 0, 1, 1, 2.
    scores = TranslationInvariance(3, (5, 5), (2, 2))
    patches = {(1, 1): [[9, 9], [9, 0]], (1, 2): [[9, 9], [1, 9]]}
    patches |= {(2, 1): [[9, 1], [9, 9]], (2, 2): [[2, 9], [9, 9]]}
    for offset, patch in patches.items():
        scores.update(np.array(patch) % 9, offset)
    assert scores.result() == {
        "mean_entropy": pytest.approx(1.5),
        "disagreement": 1.0,
        "pixels": 1,
    }


def test_what_differs_at_a_patch_border_alone_is_found():
    def answer(part, _):
        found = np.zeros((6, 5), int)
        found[:, 0] = 1
        return found

    found = scored(answer).result()
    # Each pixel is in the first of five columns once.
    expected = -(0.2 * np.log2(0.2) + 0.8 * np.log2(0.8))
    assert found["mean_entropy"] == pytest.approx(expected)
    assert found["disagreement"] == 1


def test_no_pixel_has_no_score():
    scores = scored(lambda *_: np.zeros((6, 5), int))
    assert scores.result(np.zeros((17, 15), bool)) == {
        "mean_entropy": None,
        "disagreement": None,
        "pixels": 0,
    }


def test_every_pixel_must_be_covered():
    scores = TranslationInvariance(2, (6, 7), (2, 2))
    scores.update(np.zeros((2, 2), int), (2, 2))
    with pytest.raises(ValueError, match="None held row 2, column 4"):
        scores.result()


def test_offsets_stay_in_the_picture():
    offsets = patch_offsets((1050, 1400), (475, 475), 47)
    # The paper's: 13 places down, 20 across.
    assert len(offsets) == 13 * 20
    assert offsets[-1] == (12 * 47, 19 * 47)
    with pytest.raises(ValueError, match="`patch` must fit"):
        patch_offsets((4, 4), (5, 4), 1)
    with pytest.raises(
        ValueError, match="`stride` must be an int of at least 1"
    ):
        patch_offsets((4, 4), (2, 2), 0)


@pytest.mark.parametrize(
    ("patch", "offset", "message"),
    [
        (np.zeros((2, 3), int), (0, 0), "the patches' shape"),
        (np.full((2, 2), 2), (0, 0), "`predicted` must be classes from 0 to 1"),
        (np.zeros((2, 2), int), (4, 0), "leave the patch in the picture"),
        (np.zeros((2, 2), int), (0, -1), "leave the patch in the picture"),
    ],
)
def test_errors(patch, offset, message):
    with pytest.raises(ValueError, match=message):
        TranslationInvariance(2, (5, 5), (2, 2)).update(patch, offset)


def test_more_than_two_patches_must_fit():
    with pytest.raises(ValueError, match="more than twice the size"):
        TranslationInvariance(2, (4, 5), (2, 2))
    scores = scored(lambda *_: np.zeros((6, 5), int))
    with pytest.raises(ValueError, match="`counted` must be booleans"):
        scores.result(np.ones((5, 5), bool))
