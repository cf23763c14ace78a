import itertools
import os
import subprocess
import sys
import time

import numpy as np
import pytest
from PIL import Image

from keras_padpos.data import JointAugmentation
from keras_padpos.data import open_labelled
from keras_padpos.data import open_masks
from keras_padpos.data.masked_pictures import MaskedPictures

NAMES = ["b", "a", "d", "c"]
# Width and height, as Pillow has them.
SIZES = {"a": (20, 14), "b": (12, 16), "c": (9, 9), "d": (30, 10)}
CLASSES = 5


def example(name):
    rng = np.random.default_rng(ord(name))
    width, height = SIZES[name]
    pixels = rng.integers(0, 256, (height, width, 3), dtype="uint8")
    mask = rng.integers(0, CLASSES, (height, width), dtype="uint8")
    mask[:2] = 255
    return pixels, mask


def save_mask(path, values, mode="P"):
    image = Image.fromarray(values)
    if mode == "P":
        # Colours that are not the indices: 37 times them, in red.
        palette = [(37 * i % 256, 0, 9) for i in range(256)]
        image.putpalette(sum(palette, ()))
    image.save(path)


@pytest.fixture
def voc(tmp_path):
    """Four pictures in the layout of Pascal VOC, three of them in `train`."""
    for folder in ("JPEGImages", "SegmentationClass", "ImageSets/Segmentation"):
        (tmp_path / folder).mkdir(parents=True)
    for name in NAMES:
        pixels, mask = example(name)
        # Stored without loss, so that pixels can be compared.
        path = tmp_path / "JPEGImages" / f"{name}.png"
        Image.fromarray(pixels).save(path)
        path = tmp_path / "SegmentationClass" / f"{name}.png"
        save_mask(path, mask, "L" if name == "d" else "P")
    write_list(tmp_path, "train", ["b", "", " a ", "d"])
    write_list(tmp_path, "val", ["c"])
    return tmp_path


def write_list(folder, split, names):
    path = folder / "ImageSets" / "Segmentation" / f"{split}.txt"
    path.write_text("\n".join(names) + "\n")


@pytest.fixture
def duts(tmp_path):
    """Three pictures for training and one for testing."""
    rng = np.random.default_rng(0)
    for split, names in (("TR", "bca"), ("TE", "d")):
        for kind in ("Image", "Mask"):
            folder = tmp_path / f"DUTS-{split}" / f"DUTS-{split}-{kind}"
            folder.mkdir(parents=True)
            for name in names:
                width, height = SIZES[name]
                if kind == "Image":
                    pixels, _ = example(name)
                    Image.fromarray(pixels).save(folder / f"{name}.jpg")
                else:
                    grey = rng.integers(0, 256, (height, width), dtype="uint8")
                    grey[0, :2] = 127, 128
                    Image.fromarray(grey).save(folder / f"{name}.png")
    return tmp_path


def resized(name, shape):
    image = Image.fromarray(example(name)[0])
    return np.asarray(image.resize(shape[::-1], Image.BICUBIC))


def assert_nearest(actual, mask):
    """Each pixel is of the class that its centre lies in.

    A centre between two pixels may be of either.
    """
    equal = np.zeros(actual.shape, bool)
    for tie in itertools.product((-1e-6, 1e-6), repeat=2):
        rows, columns = (
            np.floor((np.arange(new) + 0.5) * old / new + each).astype(int)
            for new, old, each in zip(
                actual.shape, mask.shape, tie, strict=True
            )
        )
        equal |= actual == mask[rows[:, None], columns]
    assert equal.all()


@pytest.mark.parametrize("shape", [(14, 20), (8, 8), (31, 17), (1, 40)])
def test_voc(voc, shape):
    masks = open_masks(f"voc:{voc}:train", size=shape, classes=CLASSES)
    assert len(masks) == 3
    assert masks.sources == ("b.png", "a.png", "d.png")
    assert (masks.classes, masks.class_names, masks.void) == (5, None, 255)
    assert masks.shape == shape
    for _ in range(2):
        for name, pair in zip("bad", masks, strict=True):
            assert (pair[0].dtype, pair[1].dtype) == ("uint8", "uint8")
            np.testing.assert_array_equal(pair[0], resized(name, shape))
            assert pair[1].shape == shape
            assert_nearest(pair[1], example(name)[1])
    pictures, all_masks = masks.arrays()
    assert (pictures.dtype, all_masks.dtype) == ("uint8", "uint8")
    for place, (picture, mask) in enumerate(masks):
        np.testing.assert_array_equal(pictures[place], picture)
        np.testing.assert_array_equal(all_masks[place], mask)


def test_examples_are_spread_over_the_set(voc):
    write_list(voc, "more", list("cadb"))
    masks = open_masks(f"voc:{voc}:more", size=8, classes=CLASSES)
    pictures, targets = masks.arrays()
    for count, among, chosen in (
        (2, 99, [0, 2]),
        (2, 3, [0, 1]),
        (9, 9, [0, 1, 2, 3]),
    ):
        some, others = masks.examples(count, among)
        np.testing.assert_array_equal(some, pictures[chosen])
        np.testing.assert_array_equal(others, targets[chosen])
        assert others.dtype == targets.dtype


def test_voc_in_its_own_size_is_what_is_stored(voc):
    ((picture, mask),) = open_masks(
        f"voc:{voc}:val", size=9, classes=list("vwxyz")
    )
    np.testing.assert_array_equal(picture, example("c")[0])
    np.testing.assert_array_equal(mask, example("c")[1])


@pytest.mark.parametrize("ending", ["jpg", "jpeg"])
def test_jpegs(voc, ending):
    pixels, _ = example("c")
    (voc / "JPEGImages" / "c.png").unlink()
    path = voc / "JPEGImages" / f"c.{ending}"
    Image.fromarray(pixels).save(path)
    ((picture, _),) = open_masks(f"voc:{voc}:val", size=9, classes=5)
    np.testing.assert_array_equal(picture, np.asarray(Image.open(path)))


def test_pascals_own_classes(voc):
    for folder in ("JPEGImages", "SegmentationClass"):
        os.rename(voc / folder / "c.png", voc / folder / "2007_000033.png")
    write_list(voc, "val", ["2007_000033"])
    masks = open_masks(f"voc:{voc}:val")
    assert (masks.classes, len(masks.class_names)) == (21, 21)
    assert masks.class_names[::20] == ("background", "tvmonitor")
    masks = open_masks(f"voc:{voc}:val", classes=["one", "two"])
    assert masks.class_names == ("one", "two")


@pytest.mark.parametrize(
    ("part", "chosen"), [("[:2]", "ba"), ("[1:]", "ad"), ("[-1:]", "d")]
)
def test_slices_and_counts(voc, part, chosen):
    masks = open_masks(f"voc:{voc}:train{part}", size=8, classes=5)
    assert [name[0] for name in masks.sources] == list(chosen)
    masks = open_masks(f"voc:{voc}:train{part}", size=8, classes=5, count=1)
    assert (len(masks), len(list(masks)), len(masks.sources)) == (1, 1, 1)
    assert_nearest(next(iter(masks))[1], example(chosen[0])[1])


def test_duts(duts):
    masks = open_masks(f"duts:{duts}:train", size=(8, 11))
    assert (len(masks), masks.classes) == (3, 2)
    assert masks.class_names == ("background", "salient")
    assert masks.sources == ("a.jpg", "b.jpg", "c.jpg")
    for name, (picture, mask) in zip("abc", masks, strict=True):
        inner = duts / "DUTS-TR"
        image = Image.open(inner / "DUTS-TR-Image" / f"{name}.jpg")
        grey = Image.open(inner / "DUTS-TR-Mask" / f"{name}.png")
        image = image.resize((11, 8), Image.BICUBIC)
        np.testing.assert_array_equal(picture, np.asarray(image))
        assert mask.shape == (8, 11)
        assert_nearest(mask, np.asarray(grey) > 127.5)
    ((_, mask),) = open_masks(f"duts:{duts}:test", size=(10, 30))
    assert mask[0, :2].tolist() == [0, 1]
    assert len(open_masks(f"duts:{duts}:train[1:]")) == 2


@pytest.mark.parametrize("mode", ["1", "P", "RGB"])
def test_duts_masks_of_other_kinds(duts, mode):
    path = duts / "DUTS-TE" / "DUTS-TE-Mask" / "d.png"
    stored = Image.open(path).point(lambda grey: 255 * (grey > 127))
    stored.convert(mode).save(path)
    ((_, mask),) = open_masks(f"duts:{duts}:test", size=(10, 30))
    np.testing.assert_array_equal(mask * 255, np.asarray(stored))


def test_batches_order_and_resuming(voc):
    write_list(voc, "all", NAMES)
    masks = open_masks(f"voc:{voc}:all", size=8, classes=5)
    pictures, values = masks.arrays()
    batches = list(masks.batches(3))
    assert [len(batch) for batch, _ in batches] == [3, 1]
    assert batches[0][0].dtype == "float32" and batches[0][1].dtype == "uint8"
    for place, stored in enumerate((pictures, values)):
        joined = np.concatenate([batch[place] for batch in batches])
        np.testing.assert_array_equal(joined, stored)
    assert len(list(masks.batches(3, drop_remainder=True))) == 1

    def order(**kwargs):
        found = []
        for batch, mask in masks.batches(1, **kwargs):
            (number,) = np.flatnonzero((pictures == batch).all((1, 2, 3)))
            np.testing.assert_array_equal(mask[0], values[number])
            found.append(int(number))
        return found

    orders = [order(shuffle_seed=1, epoch=epoch) for epoch in range(6)]
    assert all(sorted(each) == [0, 1, 2, 3] for each in orders)
    assert len({tuple(each) for each in orders}) > 2
    assert order(shuffle_seed=1, epoch=4) == orders[4]
    assert order(shuffle_seed=1, epoch=4, start=2) == orders[4][2:]
    assert order(start=4) == []


def test_what_is_left_out_is_not_decoded(voc):
    (voc / "SegmentationClass" / "b.png").write_bytes(b"broken")
    masks = open_masks(f"voc:{voc}:train", size=8, classes=5)
    assert len(list(masks.batches(1, start=1))) == 2
    with pytest.raises(ValueError, match="b.png"):
        list(masks.batches(1))


def test_reading_ahead_is_bounded_and_in_order():
    started = []

    class Numbers(MaskedPictures):
        def candidates(self):
            return iter(range(1000))

        def load(self, number):
            started.append(number)
            time.sleep(0.001 * (number % 3 == 0))
            return np.full((2, 2, 3), number % 256, "uint8"), number % 5

    from keras_padpos.data import PairedSet

    pairs = iter(PairedSet("numbers", (2, 2), Numbers((2, 2), 1000, 5)))
    assert [next(pairs)[1] for _ in range(40)] == [i % 5 for i in range(40)]
    pairs.close()
    assert len(started) <= 40 + 4 * 8


@pytest.mark.parametrize(("held", "told"), [(3, "3"), (7, "more"), (6, "more")])
def test_a_set_that_is_not_as_long_as_it_says(held, told):
    class Numbers(MaskedPictures):
        def candidates(self):
            return iter(range(held))

        def load(self, number):
            return np.full((2, 2, 3), number, "uint8"), np.zeros((2, 2))

    from keras_padpos.data import PairedSet

    pairs = PairedSet("numbers", (2, 2), Numbers((2, 2), 5, 5))
    message = f"it says, 5. Received: spec='numbers', which holds {told}"
    for read in (
        pairs.arrays,
        lambda: list(pairs),
        lambda: list(pairs.batches(2)),
        lambda: list(pairs.batches(3, start=1)),
        lambda: list(pairs.batches(1, shuffle_seed=0)),
    ):
        with pytest.raises(ValueError, match=message):
            read()
    assert list(pairs.batches(5, start=2)) == []
    # Of those that are asked for, none is missing.
    first = PairedSet("numbers", (2, 2), Numbers((2, 2), 5, 5), count=3)
    assert first.arrays()[0][:, 0, 0, 0].tolist() == [0, 1, 2]


def test_augmented_batches(voc):
    import keras

    augmentation = JointAugmentation(
        [keras.layers.RandomFlip(), keras.layers.RandomCrop(5, 6)], seed=4
    )
    masks = open_masks(f"voc:{voc}:train", size=8, classes=5)
    plain = list(masks.batches(2, shuffle_seed=1, epoch=3))
    for start in (0, 1):
        changed = masks.batches(
            2,
            shuffle_seed=1,
            epoch=3,
            start=start,
            augmentation=augmentation,
        )
        numbered = enumerate(plain[start:], start)
        for (number, (pictures, values)), batch in zip(
            numbered, changed, strict=True
        ):
            expected = augmentation(pictures, values, epoch=3, number=number)
            np.testing.assert_array_equal(batch[0], expected[0])
            np.testing.assert_array_equal(batch[1], expected[1])
    large = JointAugmentation([keras.layers.RandomCrop(9, 6)])
    with pytest.raises(ValueError, match="must crop no more than there is"):
        masks.batches(2, augmentation=large)


def break_missing_mask(folder):
    (folder / "SegmentationClass" / "a.png").unlink()


def break_missing_picture(folder):
    (folder / "JPEGImages" / "a.png").unlink()


def break_twice(folder):
    write_list(folder, "train", ["b", "a", "b"])


def break_empty(folder):
    write_list(folder, "train", ["", " "])


def break_encoding(folder):
    path = folder / "ImageSets" / "Segmentation" / "train.txt"
    path.write_bytes("b\nd\xe9j\xe0\n".encode("latin-1"))


def break_layout(folder):
    (folder / "SegmentationClass").rename(folder / "Masks")


@pytest.mark.parametrize(
    ("fault", "kind", "message"),
    [
        (break_missing_mask, FileNotFoundError, "no mask '.*Class/a.png'"),
        (break_missing_picture, FileNotFoundError, "no picture '.*/a.jpg'"),
        (break_twice, ValueError, "train.txt: 'b' is there twice"),
        (break_empty, ValueError, "train.txt: no name. Received"),
        (break_encoding, ValueError, r"train.txt: not UTF-8 \(byte 3\)"),
        (break_layout, FileNotFoundError, "no folder '.*SegmentationClass'"),
    ],
)
def test_faults_of_a_voc_layout(voc, fault, kind, message):
    fault(voc)
    with pytest.raises(kind, match=message) as caught:
        open_masks(f"voc:{voc}:train", classes=5)
    assert "\n" not in str(caught.value)
    assert f"Received: spec='voc:{voc}:train'" in str(caught.value)


def test_a_list_may_begin_with_a_byte_order_mark(voc):
    path = voc / "ImageSets" / "Segmentation" / "train.txt"
    path.write_text("b\na\n", encoding="utf-8-sig")
    masks = open_masks(f"voc:{voc}:train", size=4, classes=5)
    assert masks.sources == ("b.png", "a.png")


def store_size(folder):
    save_mask(folder / "a.png", np.zeros((20, 14), "uint8"))


def store_class(folder):
    mask = np.zeros((14, 20), "uint8")
    mask[3, 5] = 5
    save_mask(folder / "a.png", mask)


def store_colours(folder):
    Image.new("RGB", (20, 14)).save(folder / "a.png")


def store_half(folder):
    whole = (folder / "a.png").read_bytes()
    (folder / "a.png").write_bytes(whole[: len(whole) // 2])


def store_text(folder):
    (folder / "a.png").write_text("no picture")


def store_half_a_picture(folder):
    path = folder.parent / "JPEGImages" / "a.png"
    path.write_bytes(path.read_bytes()[:200])


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        (store_size, "Class/a.png: 14x20 pixels, but .*s/a.png has 20x14"),
        (store_class, "Class/a.png: class 5 in row 3, column 5; there are 5"),
        (store_colours, "Class/a.png: a mask must hold .* mode is RGB"),
        (store_half, "Class/a.png: "),
        (store_text, "Class/a.png: "),
        (store_half_a_picture, "JPEGImages/a.png: "),
    ],
)
def test_faults_of_a_pair(voc, fault, message):
    fault(voc / "SegmentationClass")
    # 3 pixels: the class that is wrong is found though no pixel of it is left.
    masks = open_masks(f"voc:{voc}:train", size=(1, 3), classes=5)
    pairs = iter(masks)
    next(pairs)
    with pytest.raises(ValueError, match=message) as caught:
        next(pairs)
    assert "\n" not in str(caught.value)
    for read in (masks.arrays, lambda: list(masks.batches(2))):
        with pytest.raises(ValueError, match=message):
            read()


def test_masks_alone(voc):
    masks = open_masks(f"voc:{voc}:train", size=(8, 9), classes=5)
    _, expected = masks.arrays()
    np.testing.assert_array_equal(list(masks.targets()), expected)
    store_half_a_picture(voc / "SegmentationClass")
    np.testing.assert_array_equal(list(masks.targets()), expected)
    store_class(voc / "SegmentationClass")
    with pytest.raises(ValueError, match="a.png: class 5 in row 3, column 5"):
        list(masks.targets())
    store_size(voc / "SegmentationClass")
    with pytest.raises(ValueError, match="a.png: 14x20 pixels, but its pict"):
        list(masks.targets())


def test_classes_alone(textures):
    assert list(open_labelled(textures, size=4).targets()) == [0, 0, 1]


def test_faults_of_a_duts_layout(duts):
    inner = duts / "DUTS-TR"
    image, mask = inner / "DUTS-TR-Image", inner / "DUTS-TR-Mask"

    def fails(kind, message, split="train"):
        with pytest.raises(kind, match=message) as caught:
            open_masks(f"duts:{duts}:{split}")
        assert "\n" not in str(caught.value)

    fails(ValueError, "no split 'val', but: train, test", "val")
    fails(ValueError, "DUTS-TR: no picture in this slice of 3", "train[3:]")
    (mask / "b.png").rename(mask / "e.png")
    fails(FileNotFoundError, "no mask of '.*Image/b.jpg'")
    (image / "b.jpg").rename(duts / "b.jpg")
    fails(FileNotFoundError, "no picture of '.*Mask/e.png'")
    (mask / "e.png").rename(mask / "a.bmp")
    fails(ValueError, "a.png: 'a.bmp' has the same name")
    for folder in (image, mask):
        for path in folder.iterdir():
            path.unlink()
    fails(ValueError, "DUTS-TR: no picture. Received")
    image.rmdir()
    fails(FileNotFoundError, "no folder '.*DUTS-TR-Image'")
    path = duts / "DUTS-TE" / "DUTS-TE-Mask" / "d.png"
    Image.fromarray(np.zeros((10, 30), "uint16")).save(path)
    with pytest.raises(ValueError, match="d.png: .* 8 bit grey picture"):
        list(open_masks(f"duts:{duts}:test"))


@pytest.mark.parametrize(
    ("spec", "kwargs", "message"),
    [
        ("FOLDER", {}, "`spec` must be 'voc:PATH:SPLIT', 'duts:PATH:train'"),
        ("voc:FOLDER", {}, "`spec` must be 'voc:PATH:SPLIT'"),
        ("duts::train", {}, "`spec` must be 'voc:PATH:SPLIT'"),
        ("voc:FOLDER:test", {"classes": 5}, "no split 'test' .*: train, val"),
        ("voc:FOLDER:train", {}, "`classes` must say how many classes"),
        ("voc:FOLDER:train", {"classes": 0}, "`classes` must be an int from"),
        ("voc:FOLDER:train", {"classes": 256}, "`classes` must be an int"),
        ("voc:FOLDER:train", {"classes": "ab"}, "`classes` must be an int"),
        ("voc:FOLDER:train", {"classes": ["a", "a"]}, "`classes` must be an"),
        ("voc:FOLDER:train[9:]", {"classes": 5}, "no name in this slice of 3"),
        ("duts:FOLDER:train", {"classes": 2}, "`classes` must be None: duts"),
        ("tfds:cifar10", {}, "with masks that is known here: oxford_iiit_pet"),
        ("voc:FOLDER:train", {"size": 0}, "`size` must be an int of at least"),
        ("voc:FOLDER:train", {"count": 0}, "`count` must be an int of at"),
    ],
)
def test_argument_errors(voc, spec, kwargs, message):
    spec = spec.replace("FOLDER", str(voc))
    with pytest.raises(ValueError, match=message) as caught:
        open_masks(spec, **kwargs)
    assert "\n" not in str(caught.value)


def test_no_folder(tmp_path):
    for spec in (f"voc:{tmp_path}/no:train", f"duts:{tmp_path}/no:train"):
        with pytest.raises(FileNotFoundError, match="no folder '.*/no/"):
            open_masks(spec, classes=5 if spec[0] == "v" else None)


@pytest.mark.parametrize(
    "kwargs", [{"batch_size": 0}, {"start": -1}, {"epoch": -1}]
)
def test_batch_errors(voc, kwargs):
    masks = open_masks(f"voc:{voc}:train", size=8, classes=5)
    with pytest.raises(ValueError, match=f"`{next(iter(kwargs))}` must be"):
        masks.batches(**{"batch_size": 2, **kwargs})


@pytest.fixture
def textures(tmp_path):
    """Two classes, of two pictures and one."""
    for number, place in enumerate(("woven/1", "banded/b", "banded/a")):
        path = tmp_path / f"{place}.png"
        path.parent.mkdir(exist_ok=True)
        rng = np.random.default_rng(number)
        pixels = rng.integers(0, 256, (9, 7, 3), dtype="uint8")
        Image.fromarray(pixels).save(path)
    (tmp_path / ".cache").mkdir()
    (tmp_path / "banded" / "notes.txt").write_text("no picture")
    return tmp_path


def test_labelled_folders(textures):
    pictures = open_labelled(textures, size=(6, 5))
    assert pictures.class_names == ("banded", "woven")
    assert (pictures.classes, pictures.void, len(pictures)) == (2, None, 3)
    assert pictures.sources == ("banded/a.png", "banded/b.png", "woven/1.png")
    assert [label for _, label in pictures] == [0, 0, 1]
    for (picture, _), name in zip(pictures, pictures.sources, strict=True):
        image = Image.open(textures / name).resize((5, 6), Image.BICUBIC)
        np.testing.assert_array_equal(picture, np.asarray(image))
    stored, labels = pictures.arrays()
    assert (stored.shape, stored.dtype) == ((3, 6, 5, 3), "uint8")
    assert (labels.tolist(), labels.dtype) == ([0, 0, 1], "int64")
    ((batch, classes),) = pictures.batches(4)
    assert (batch.dtype, classes.dtype) == ("float32", "int64")
    np.testing.assert_array_equal(batch, stored)


@pytest.mark.parametrize(
    ("count", "names"),
    [
        (1, ["banded/a"]),
        (2, ["banded/a", "woven/1"]),
        (3, ["banded/a", "banded/b", "woven/1"]),
        (9, ["banded/a", "banded/b", "woven/1"]),
    ],
)
def test_labelled_folders_take_classes_in_turn(textures, count, names):
    pictures = open_labelled(textures, size=6, count=count)
    assert pictures.sources == tuple(f"{name}.png" for name in names)
    assert len(pictures) == len(names)
    labels = [0 if name.startswith("b") else 1 for name in names]
    assert pictures.arrays()[1].tolist() == labels
    # A class is one, chosen or not.
    assert pictures.classes == 2


def test_augmented_labelled_pictures(textures):
    import keras

    flip = JointAugmentation([keras.layers.RandomFlip("vertical")], seed=1)
    pictures = open_labelled(textures, size=6)
    ((plain, labels),) = pictures.batches(3)
    ((changed, same),) = pictures.batches(3, epoch=2, augmentation=flip)
    expected, _ = flip(plain, epoch=2, number=0)
    np.testing.assert_array_equal(changed, expected)
    np.testing.assert_array_equal(same, labels)


def test_faults_of_labelled_folders(textures):
    with pytest.raises(FileNotFoundError, match="there is no folder '.*/no'"):
        open_labelled(textures / "no")
    with pytest.raises(ValueError, match="no sub-folder, one a class, in"):
        open_labelled(textures / "banded")
    with pytest.raises(ValueError, match="`count` must be an int"):
        open_labelled(textures, count=0)
    (textures / "banded" / "b.png").write_text("no picture")
    with pytest.raises(ValueError, match="banded/b.png: cannot identify"):
        open_labelled(textures).arrays()
    (textures / "empty").mkdir()
    with pytest.raises(ValueError, match="no picture .* in '.*/empty'") as e:
        open_labelled(textures)
    assert "\n" not in str(e.value)


def test_an_error_that_is_not_made_from_a_message(textures, monkeypatch):
    def fail(*arguments):
        b"\xe9".decode("utf-8")

    module = sys.modules["keras_padpos.data._open_labelled"]
    monkeypatch.setattr(module, "LabelledFolder", fail)
    with pytest.raises(ValueError, match="there is 'utf-8' codec can't decod"):
        open_labelled(textures)


def test_reading_masks_leaves_keras_and_tensorflow_alone(voc):
    code = (
        "import sys; import keras_padpos.data as d; "
        f"d.open_masks('voc:{voc}:train', size=8, classes=5).arrays();"
        "heavy = {'tensorflow', 'tensorflow_datasets', 'keras'} & "
        "set(sys.modules); sys.exit(str(heavy) if heavy else 0)"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True
    )
    assert result.returncode == 0, result.stderr
