import keras
import numpy as np
import pytest

from keras_padpos.data import JointAugmentation

# The corners of a cube: no mixture of several of them is one of them, so a
# colour tells its class even in an interpolated picture.
COLOURS = 255.0 * np.array(
    [[0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1], [1, 1, 0], [0, 1, 1]]
)
WHITE = (255.0, 255.0, 255.0)
VOID = 255


def coded_pictures(height=20, width=28, number=3, seed=0):
    """Masks of patches, and pictures whose colours are the classes."""
    rng = np.random.default_rng(seed)
    small = rng.integers(0, 6, (number, height // 4, width // 4))
    masks = small.repeat(4, axis=1).repeat(4, axis=2).astype("uint8")
    masks[:, :4, :4] = VOID
    return coded(masks), masks


def coded(masks):
    table = np.full((256, 3), np.nan)
    table[:6], table[VOID] = COLOURS, WHITE
    return table[masks].astype("float32")


def known(pictures):
    """The classes of the pixels that have a class' very colour; else -1."""
    classes = np.full(pictures.shape[:3], -1)
    for number, colour in [*enumerate(COLOURS), (VOID, WHITE)]:
        classes[np.abs(pictures - colour).max(axis=-1) < 1e-2] = number
    return classes


def make(name, interpolation="bilinear", fill_mode="constant"):
    layers = keras.layers
    warp = {
        "interpolation": interpolation,
        "fill_mode": fill_mode,
        "fill_value": 255.0,
    }
    return {
        "flip": lambda: [layers.RandomFlip("horizontal_and_vertical")],
        "crop": lambda: [layers.RandomCrop(11, 17)],
        "rotation": lambda: [layers.RandomRotation(0.2, **warp)],
        "translation": lambda: [layers.RandomTranslation(0.4, 0.4, **warp)],
        "zoom": lambda: [layers.RandomZoom((-0.4, 0.6), **warp)],
        "stretch": lambda: [layers.RandomZoom(0.4, 0.4, **warp)],
        "all": lambda: [
            layers.RandomFlip("horizontal"),
            layers.RandomZoom(0.3, **warp),
            layers.RandomRotation(0.1, **warp),
            layers.RandomCrop(12, 16),
        ],
    }[name]()


WARPS = ["rotation", "translation", "zoom", "stretch"]
NAMES = ["flip", "crop", *WARPS, "all"]


@pytest.mark.parametrize("name", NAMES)
def test_masks_go_where_their_pictures_go(name):
    pictures, masks = coded_pictures()
    augmentation = JointAugmentation(make(name, "nearest"), seed=5)
    changed = []
    for epoch in range(4):
        moved, moved_masks = augmentation(
            pictures, masks, epoch=epoch, number=0
        )
        assert (moved.dtype, moved_masks.dtype) == ("float32", "uint8")
        # Outside is white as well as void.
        np.testing.assert_array_equal(known(moved), moved_masks)
        changed.append(moved_masks)
    shape = (3, *augmentation.output_shape((20, 28)))
    assert all(each.shape == shape for each in changed)
    assert not (changed[0] == changed[1]).all()
    if shape[1:] == (20, 28):
        assert any((each != masks).any() for each in changed)


@pytest.mark.parametrize("fill_mode", ["constant", "reflect"])
@pytest.mark.parametrize("name", [*WARPS, "all"])
def test_interpolated_pictures_leave_masks_whole(name, fill_mode):
    pictures, masks = coded_pictures()
    layers = make(name, fill_mode=fill_mode)
    moved, moved_masks = JointAugmentation(layers, seed=2)(
        pictures, masks, epoch=0, number=0
    )
    classes = known(moved)
    told = classes >= 0
    assert 0.2 < told.mean() < 1
    np.testing.assert_array_equal(classes[told], moved_masks[told])
    assert set(np.unique(moved_masks)) <= {*range(6), VOID}


def test_only_a_constant_fill_is_void():
    pictures = np.full((4, 16, 16, 3), 255, "uint8")
    masks = np.full((4, 16, 16), 3, "uint8")
    for fill_mode, values in (("constant", {3, VOID}), ("reflect", {3})):
        layer = keras.layers.RandomTranslation(
            0.5, 0.5, fill_mode=fill_mode, fill_value=7.0
        )
        moved, moved_masks = JointAugmentation([layer], seed=1)(
            pictures, masks, epoch=0, number=0
        )
        assert set(np.unique(moved_masks)) == values
        # A picture has the layer's own value there.
        inside = moved_masks == 3
        assert (moved[inside] > 254).mean() > 0.8
        assert (np.abs(moved[~inside] - 7) < 125).all()


def test_flips_and_crops_are_exact():
    rng = np.random.default_rng(0)
    pictures = rng.integers(0, 256, (6, 9, 12, 3), dtype="uint8")
    masks = rng.integers(0, 256, (6, 9, 12), dtype="uint8")
    flip = JointAugmentation([keras.layers.RandomFlip("horizontal")])
    crop = JointAugmentation([keras.layers.RandomCrop(4, 5)])
    flipped, places = set(), set()
    for epoch in range(3):
        moved, moved_masks = flip(pictures, masks, epoch=epoch, number=0)
        for number in range(6):
            turned = bool((moved[number] != pictures[number]).any())
            flipped.add(turned)
            step = -1 if turned else 1
            np.testing.assert_array_equal(
                moved[number], pictures[number, :, ::step]
            )
            np.testing.assert_array_equal(
                moved_masks[number], masks[number, :, ::step]
            )
        moved, moved_masks = crop(pictures, masks, epoch=epoch, number=0)
        for number in range(6):
            found = [
                (top, left)
                for top in range(6)
                for left in range(8)
                if (
                    masks[number, top : top + 4, left : left + 5]
                    == moved_masks[number]
                ).all()
            ]
            ((top, left),) = found
            places.add((top, left))
            np.testing.assert_array_equal(
                moved[number],
                pictures[number, top : top + 4, left : left + 5],
            )
    assert flipped == {False, True}
    # Each picture of a batch has a place of its own.
    assert len(places) > 6


def test_draws_depend_on_seed_epoch_and_batch_alone():
    pictures, masks = coded_pictures()

    def drawn(seed, epoch, number, augmentation=None):
        augmentation = augmentation or JointAugmentation(make("all"), seed=seed)
        return augmentation(pictures, masks, epoch=epoch, number=number)

    one = JointAugmentation(make("all"), seed=3)
    first = drawn(3, 1, 2, one)
    drawn(3, 5, 0, one)
    for again in (drawn(3, 1, 2, one), drawn(3, 1, 2)):
        np.testing.assert_array_equal(again[0], first[0])
        np.testing.assert_array_equal(again[1], first[1])
    for other in (drawn(4, 1, 2), drawn(3, 2, 1), drawn(3, 1, 3)):
        assert (other[1] != first[1]).any()
    # The seed of a layer itself plays no part.
    seeded = [
        type(layer).from_config({**layer.get_config(), "seed": 77})
        for layer in make("all")
    ]
    again = JointAugmentation(seeded, seed=3)(
        pictures, masks, epoch=1, number=2
    )
    np.testing.assert_array_equal(again[0], first[0])


def test_two_equal_layers_draw_on_their_own():
    pictures, masks = coded_pictures(number=16)
    flip = keras.layers.RandomFlip("horizontal")
    _, twice = JointAugmentation([flip, flip], seed=1)(
        pictures, masks, epoch=0, number=0
    )
    assert (twice != masks).any()


@pytest.mark.parametrize(
    "name",
    ["RandomBrightness", "RandomContrast", "RandomHue", "RandomSaturation"],
)
def test_colours_leave_masks_alone(name):
    arguments = {"value_range": (0, 255)}
    layer = getattr(keras.layers, name)(0.4, **arguments)
    pictures, masks = coded_pictures()
    pictures = pictures * 0.5 + 30
    changed, same = JointAugmentation([layer], seed=1)(
        pictures, masks, epoch=0, number=0
    )
    np.testing.assert_array_equal(same, masks)
    assert np.abs(changed - pictures).max() > 1
    assert changed.min() >= 0 and changed.max() <= 255.001


def test_pictures_without_masks_are_drawn_the_same():
    pictures, masks = coded_pictures()
    augmentation = JointAugmentation(make("all"), seed=3)
    alone, none = augmentation(pictures, epoch=1, number=2)
    together, _ = augmentation(pictures, masks, epoch=1, number=2)
    assert none is None
    np.testing.assert_array_equal(alone, together)


def test_what_came_is_not_changed():
    pictures, masks = coded_pictures()
    before = pictures.copy(), masks.copy()
    JointAugmentation(make("all"), seed=3)(pictures, masks, epoch=0, number=0)
    np.testing.assert_array_equal(pictures, before[0])
    np.testing.assert_array_equal(masks, before[1])
    pictures, masks = pictures.astype("uint8"), masks.astype("int32")
    moved, same = JointAugmentation([])(pictures, masks, epoch=0, number=0)
    np.testing.assert_array_equal(moved, pictures)
    assert (moved.dtype, same.dtype) == ("float32", "uint8")


def test_half_precision_does_not_reach_masks():
    keras.config.set_dtype_policy("mixed_float16")
    try:
        layers = make("all", "nearest")
    finally:
        keras.config.set_dtype_policy("float32")
    pictures, masks = coded_pictures()
    augmentation = JointAugmentation(layers, seed=3)
    halved = augmentation(pictures, masks, epoch=0, number=0)
    layers = make("all", "nearest")
    whole = JointAugmentation(layers, seed=3)(
        pictures, masks, epoch=0, number=0
    )
    np.testing.assert_array_equal(halved[0], whole[0])
    np.testing.assert_array_equal(halved[1], whole[1])


def test_errors():
    layers = keras.layers
    with pytest.raises(ValueError, match="`layers` must be Keras layers of"):
        JointAugmentation([layers.RandomErasing()])
    with pytest.raises(ValueError, match="`seed` must be an int of at least"):
        JointAugmentation([], seed=-1)
    crop = JointAugmentation([layers.RandomCrop(8, 9)])
    pictures, masks = np.zeros((1, 9, 9, 3)), np.zeros((1, 9, 9))
    assert crop(pictures, masks, epoch=0, number=0)[1].shape == (1, 8, 9)
    with pytest.raises(ValueError, match=r"RandomCrop\(8, 9\) for .*\(9, 8\)"):
        crop.output_shape((9, 8))
    with pytest.raises(ValueError, match="must crop no more than there is"):
        crop(pictures[:, :7], masks[:, :7], epoch=0, number=0)
    with pytest.raises(ValueError, match="`pictures` and `masks` must have"):
        crop(pictures, masks[:, 1:], epoch=0, number=0)
    with pytest.raises(ValueError, match="`pictures` and `masks` must have"):
        crop(pictures[0], epoch=0, number=0)
