"""Training and scores of networks that say something of every pixel."""

import keras
import numpy as np
import pytest
from mask_folders import CLASSES
from mask_folders import write_duts
from mask_folders import write_voc
from oracles import gradient
from scipy import stats

from keras_padpos import data
from keras_padpos import metrics
from keras_padpos import models
from keras_padpos import tasks
from keras_padpos.tasks.attack_gradient import attack_loss
from keras_padpos.tasks.semantic_scores import BASELINES
from keras_padpos.tasks.semantic_training import PixelLoss
from keras_padpos.training import variable_state

SIZE = (20, 24)


@pytest.fixture(scope="module")
def voc(tmp_path_factory):
    folder = tmp_path_factory.mktemp("voc")
    write_voc(folder, {"train": 9, "test": 5})

    def opened(split, size=SIZE, **options):
        spec = f"voc:{folder}:{split}"
        return data.open_masks(spec, size=size, classes=CLASSES, **options)

    return opened


@pytest.fixture(scope="module")
def duts(tmp_path_factory):
    folder = tmp_path_factory.mktemp("duts")
    write_duts(folder, 8, 5)

    def opened(split, size=SIZE):
        return data.open_masks(f"duts:{folder}:{split}", size=size)

    return opened


def net(classes=CLASSES, mode="zeros", seed=0):
    inner = models.backbone(
        "vgg5",
        "random",
        mode,
        stages=["stage1_out", "stage2_out"],
        input_shape=(*SIZE, 3),
        seed=seed,
    )
    return models.semantic_net(inner, classes)


class Killed(Exception):
    pass


class Kept:
    """A checkpoint of every step; `kill` is the step that is the last."""

    def __init__(self, kill):
        self.kill = kill
        self.saved = None

    def load(self):
        return self.saved

    def offer(self, state):
        row, arrays = state()
        self.saved = row, {name: each.copy() for name, each in arrays.items()}
        self.kill -= 1
        if not self.kill:
            raise Killed


def test_the_loss_is_keras_own_where_all_pixels_have_a_class():
    rng = np.random.default_rng(0)
    logits = rng.normal(size=(2, 4, 5, 3)).astype("float32")
    truth = rng.integers(0, 3, (2, 4, 5))
    theirs = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    np.testing.assert_allclose(
        PixelLoss()(truth, logits), theirs(truth, logits), rtol=1e-5
    )
    theirs = keras.losses.BinaryCrossentropy(from_logits=True)
    np.testing.assert_allclose(
        PixelLoss()(truth > 0, logits[..., :1]),
        theirs((truth > 0)[..., None], logits[..., :1]),
        rtol=1e-5,
    )


@pytest.mark.parametrize("classes", [1, 3])
def test_void_pixels_have_no_gradient_and_no_weight(classes):
    rng = np.random.default_rng(0)
    logits = rng.normal(size=(1, 4, 5, classes)).astype("float32")
    truth = rng.integers(0, max(classes, 2), (1, 4, 5))
    void = truth.copy()
    void[:, 1:3] = 255
    loss = PixelLoss()

    def call(answers):
        return keras.ops.reshape(loss(void, answers), (1,))

    found = gradient(call, logits, np.ones(1, "float32"))
    assert not np.any(found[:, 1:3])
    assert np.all(found[:, [0, 3]])
    # As if these rows were not there.
    rest = [0, 3]
    np.testing.assert_allclose(
        loss(void, logits), loss(truth[:, rest], logits[:, rest]), rtol=1e-5
    )
    # Where nothing is known, nothing is learnt, and nothing is NaN.
    void[...] = 255
    assert not np.any(gradient(call, logits, np.ones(1, "float32")))
    assert float(loss(void, logits)) == 0


@pytest.mark.parametrize("classes", [1, 3])
@pytest.mark.parametrize("wild", [np.nan, np.inf, -np.inf])
def test_void_pixels_may_hold_what_is_no_number(classes, wild):
    rng = np.random.default_rng(0)
    logits = rng.normal(size=(1, 4, 5, classes)).astype("float32")
    truth = rng.integers(0, max(classes, 2), (1, 4, 5))
    truth[:, 1:3] = 255
    spoilt = logits.copy()
    spoilt[:, 1:3] = wild

    def pixel_loss(answers):
        return keras.ops.reshape(PixelLoss()(truth, answers), (1,))

    def attacked_loss(answers):
        return attack_loss(truth, answers)

    for loss in (pixel_loss, attacked_loss) if classes > 1 else (pixel_loss,):
        tame = gradient(loss, logits, np.ones(1, "float32"))
        assert np.isfinite(tame).all() and tame.any()
        np.testing.assert_array_equal(
            gradient(loss, spoilt, np.ones(1, "float32")), tame
        )


def trained(pairs, checkpoint):
    flip = data.JointAugmentation(
        [keras.layers.RandomFlip("horizontal")], seed=3
    )
    model, lines = net(mode="randn"), []
    tasks.train_semantic(
        model,
        pairs,
        epochs=3,
        batch_size=4,
        learning_rate=1e-2,
        augmentation=flip,
        log_steps=4,
        log=lambda **each: lines.append(each),
        checkpoint=checkpoint,
    )
    return variable_state(model.variables), lines


def test_killed_it_ends_as_if_it_never_was(voc):
    whole, lines = trained(voc("train"), None)
    assert [each["step"] for each in lines] == [4, 6]
    assert [each["epoch"] for each in lines] == [2, 3]
    kept = Kept(5)
    with pytest.raises(Killed):
        trained(voc("train"), kept)
    found, rest = trained(voc("train"), kept)
    assert rest == [each for each in lines if each["step"] >= 5]
    for name, each in whole.items():
        np.testing.assert_array_equal(found[name], each)


def test_what_is_read_is_every_picture_once_an_epoch(voc):
    train = voc("train", count=8)
    seen = []

    class Watched:
        shape, void, classes = train.shape, train.void, train.classes

        def __len__(self):
            return len(train)

        def batches(self, *arguments, epoch, start, **options):
            seen.append((epoch, start))
            return train.batches(
                *arguments, epoch=epoch, start=start, **options
            )

    tasks.train_semantic(net(), Watched(), epochs=3, batch_size=2, log_steps=3)
    # However often Keras peeks at the first batches.
    assert seen == [(0, 0), (1, 0), (2, 0)]


def test_it_learns_what_a_colour_is(voc):
    model = net()
    train = voc("train")
    tasks.train_semantic(
        model, train, epochs=25, batch_size=3, learning_rate=1e-2
    )
    tasks.calibrate_semantic(model, train, batch_size=3)
    test = voc("test")
    learnt, majority, prior = (
        tasks.score_semantic(each, test, batch_size=2)[0]["mean_iou"]
        for each in (
            tasks.semantic_answers(model),
            *tasks.semantic_baselines(train).values(),
        )
    )
    assert learnt > 0.6 > max(prior, majority)
    assert majority < 1 / 2


def test_statistics_are_those_of_as_many_pictures(voc):
    assert tasks.calibrate_semantic(net(), voc("train"), count=5) == 5
    assert tasks.calibrate_semantic(net(), voc("train"), batch_size=4) == 9
    bare = keras.Sequential(
        [keras.Input((*SIZE, 3)), keras.layers.Conv2D(2, 1)]
    )
    assert tasks.calibrate_semantic(bare, voc("train")) == 0


def test_class_maps_are_scored_by_band(voc):
    test = voc("test")
    pictures, masks = test.arrays()
    rng = np.random.default_rng(0)
    answers = rng.integers(0, CLASSES, masks.shape)
    given = iter(np.split(answers, [2, 4]))
    found = tasks.score_semantic(lambda x: next(given), test, batch_size=2)
    whole = metrics.BandedConfusion(CLASSES)
    whole.update(masks, answers)
    expected = whole.result()
    bands = expected.pop("bands")
    assert found == [{"band": "overall", **expected}, *bands]
    overall, *rest = found
    assert overall["pixels"] == sum(each["pixels"] for each in rest)
    assert overall["pixels"] == (masks != 255).sum()


def perfect(pairs, dtype):
    _, masks = pairs.arrays()
    given = iter(masks)

    def answer(pictures):
        known = [next(given) for _ in pictures]
        return np.where(np.array(known) == 255, 0, known).astype(dtype)

    return answer


def test_a_perfect_answer_has_perfect_scores(voc, duts):
    test = voc("test")
    for each in tasks.score_semantic(perfect(test, "int64"), test):
        assert each["mean_iou"] == each["pixel_accuracy"] == 1
    test = duts("test")
    found = tasks.score_semantic(perfect(test, "float32"), test, saliency=True)
    assert [each["band"] for each in found][:2] == ["overall", "pooled"]
    for each in found:
        assert each["mae"] == 0
        if each.get("salient_pixels", 1):
            assert each["max_f"] == pytest.approx(1)
    assert found[0]["s_measure"] == pytest.approx(1)
    pooled, *bands = found[1:]
    for name in ("pixels", "salient_pixels"):
        assert pooled[name] == sum(each[name] for each in bands)


def test_what_masks_alone_answer_needs_no_picture(tmp_path):
    write_voc(tmp_path, {"train": 4})
    train = data.open_masks(f"voc:{tmp_path}:train", size=SIZE, classes=CLASSES)
    expected = {
        name: answer(np.zeros((1, *train.shape, 3)))
        for name, answer in tasks.semantic_baselines(train).items()
    }
    for path in (tmp_path / "JPEGImages").iterdir():
        # The head tells the size; what follows cannot be decoded.
        path.write_bytes(path.read_bytes()[:200])
    with pytest.raises(ValueError, match="JPEGImages"):
        train.arrays()
    found = tasks.semantic_baselines(train, batch_size=3)
    for name, answer in found.items():
        np.testing.assert_array_equal(
            answer(np.zeros((1, *train.shape, 3))), expected[name]
        )
    with pytest.raises(ValueError, match="`batch_size` must be"):
        tasks.semantic_baselines(train, batch_size=0)


def test_saliency_is_learnt_too(duts):
    train, test = duts("train"), duts("test")
    model = net(1)
    tasks.train_semantic(
        model, train, epochs=25, batch_size=4, learning_rate=1e-2
    )
    tasks.calibrate_semantic(model, train, batch_size=4)
    base = tasks.semantic_baselines(train, saliency=True)
    assert list(base) == list(BASELINES)
    learnt, majority, prior = (
        tasks.score_semantic(each, test, saliency=True, batch_size=2)[0]
        for each in (tasks.semantic_answers(model), *base.values())
    )
    assert learnt["max_f"] > 0.8 > prior["max_f"]
    assert learnt["mae"] < min(prior["mae"], majority["mae"])


def test_baselines_are_counts_of_the_training_masks(voc):
    train = voc("train")
    _, masks = train.arrays()
    counts = np.stack([(masks == each).sum(axis=0) for each in range(CLASSES)])
    base = tasks.semantic_baselines(train, batch_size=4)
    answer = base["majority"](np.zeros((2, *SIZE, 3)))
    assert answer.shape == (2, *SIZE)
    assert (answer == counts.sum(axis=(1, 2)).argmax()).all()
    known = counts.any(axis=0)
    assert known.any() and not known.all()
    answer = base["prior"](np.zeros((1, *SIZE, 3)))[0]
    np.testing.assert_array_equal(answer[known], counts.argmax(axis=0)[known])


def test_patches_are_answered_as_one_by_one(duts):
    enlarged = tasks.invariance_size((7, 9))
    assert enlarged == (15, 20)
    pairs = duts("test", size=enlarged)

    def answer(patches):
        # Neither of the place alone nor of the picture alone.
        assert patches.dtype == "float32" and patches.shape[1:] == (7, 9, 3)
        bright = patches.max(axis=-1) / 255
        return (bright * np.linspace(0, 1, 9)).astype("float32")

    found = tasks.score_invariance(answer, pairs, (7, 9), batch_size=4)
    entropies, shares = [], []
    for picture, _ in pairs:
        for row in range(7, 15 - 7):
            for column in range(9, 20 - 9):
                salient = [
                    picture[row, column].max() / 255 * (column - left) / 8
                    >= 0.5
                    for top in range(row - 6, row + 1)
                    for left in range(column - 8, column + 1)
                ]
                share = np.mean(salient)
                entropies.append(stats.entropy([share, 1 - share], base=2))
                shares.append(0 < share < 1)
    assert found == {
        "mean_entropy": pytest.approx(np.mean(entropies), abs=1e-6),
        "disagreement": pytest.approx(np.mean(shares)),
        "invariance_images": len(pairs),
    }
    assert 0 < found["mean_entropy"] < found["disagreement"]


def test_a_network_that_commutes_with_translation_always_agrees(voc):
    pairs = voc("test", size=tasks.invariance_size(SIZE))

    def brightest(patches):
        return patches.argmax(axis=-1)

    found = tasks.score_invariance(brightest, pairs, SIZE, stride=5)
    assert found["mean_entropy"] == found["disagreement"] == 0


@pytest.mark.parametrize(
    ("make", "options", "said"),
    [
        (net, {"batch_size": 10}, "at least one batch of 10. Received: 9"),
        (lambda: net(2), {}, "masks of at most 2 classes"),
        (lambda: net(1), {}, "masks of at most 2 classes"),
    ],
)
def test_what_does_not_fit_is_refused(voc, make, options, said):
    with pytest.raises(ValueError, match=said):
        tasks.train_semantic(make(), voc("train"), epochs=1, **options)


class Uncounted:
    def __len__(self):
        raise TypeError


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({}, "`pairs` must be of a known number of pictures"),
        ({"epochs": 1.5}, "`epochs` must be an int of at least 1"),
        ({"batch_size": True}, "`batch_size` must be an int of at least 1"),
        ({"learning_rate": -1.0}, "`learning_rate` must be a number of 0"),
        ({"learning_rate": np.inf}, "`learning_rate` must be a number of 0"),
    ],
)
def test_what_cannot_train_is_refused(options, said):
    with pytest.raises(ValueError, match=said):
        tasks.train_semantic(None, Uncounted(), **{"epochs": 1, **options})


def test_pictures_of_another_size_are_refused(voc):
    with pytest.raises(ValueError, match=r"must be pictures of \(20, 24\)"):
        tasks.train_semantic(net(), voc("train", size=32), epochs=1)
