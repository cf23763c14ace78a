import collections
import importlib
import importlib.metadata
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from keras_padpos.data import open_crops
from keras_padpos.data import open_images
from keras_padpos.data.samples import PHOTOGRAPHS
from keras_padpos.data.samples import SamplePhotographs


def make_picture(path, seed=0, size=(40, 30), mode="RGB"):
    rng = np.random.default_rng(seed)
    shape = (size[1], size[0]) + ((3,) if mode == "RGB" else ())
    pixels = rng.integers(0, 256, shape, dtype="uint8")
    Image.fromarray(pixels).save(path)


def by_hand(path, size):
    image = Image.open(path).convert("RGB")
    return np.asarray(image.resize((size, size), Image.BICUBIC))


@pytest.fixture
def folder(tmp_path):
    """Six good pictures, two broken ones, and what is no picture."""
    make_picture(tmp_path / "b.JPG", 1)
    make_picture(tmp_path / "a.png", 2, mode="L")
    make_picture(tmp_path / "d.bmp", 3)
    make_picture(tmp_path / "f.jpeg", 4, size=(25, 60))
    make_picture(tmp_path / "g.webp", 5)
    make_picture(tmp_path / "h.tif", 6)
    whole = (tmp_path / "b.JPG").read_bytes()
    (tmp_path / "c.jpg").write_bytes(whole[: len(whole) // 2])
    (tmp_path / "e.jpg").write_text("This is no picture.")
    (tmp_path / "notes.txt").write_text("Nor is this.")
    (tmp_path / "z.png").mkdir()
    make_picture(tmp_path / "z.png" / "below.png", 7)
    return tmp_path


GOOD = ["a.png", "b.JPG", "d.bmp", "f.jpeg", "g.webp", "h.tif"]
ALL = ["a.png", "b.JPG", "c.jpg", "d.bmp", "e.jpg", "f.jpeg", "g.webp", "h.tif"]


def test_folder_is_read_in_order_exactly_as_pillow_does(folder):
    images = open_images(folder, size=16)
    assert images.sources == tuple(ALL)
    assert (images.expected, images.delivered, len(images)) == (8, None, 8)
    pictures = list(images)
    assert (images.expected, images.delivered, len(images)) == (8, 6, 6)
    for picture, name in zip(pictures, GOOD, strict=True):
        assert picture.dtype == "uint8"
        np.testing.assert_array_equal(picture, by_hand(folder / name, 16))


def test_broken_pictures_are_skipped_named_and_counted_once(folder):
    images = open_images(str(folder), size=8)
    for _ in range(2):
        assert len(list(images)) == 6
        assert images.skipped == 2
    assert [line.split(":")[0] for line in images.broken] == ["c.jpg", "e.jpg"]


@pytest.mark.parametrize("count", [1, 2, 3, 4, 5, 6, 7])
def test_count_takes_the_first_readable_ones(folder, count):
    images = open_images(folder, size=8, count=count)
    expected = [by_hand(folder / name, 8) for name in GOOD[:count]]
    np.testing.assert_array_equal(list(images), expected)
    assert images.delivered == min(count, 6)
    # What lies behind the last picture that is wanted is not read.
    assert images.skipped == {1: 0, 2: 0, 3: 1}.get(count, 2)


@pytest.mark.parametrize(
    ("part", "chosen"),
    [
        ("[:2]", ALL[:2]),
        ("[3:]", ALL[3:]),
        ("[1:4]", ALL[1:4]),
        ("[-3:-1]", ALL[-3:-1]),
        ("[:]", ALL),
        ("[5:100]", ALL[5:]),
    ],
)
def test_slices(folder, part, chosen):
    images = open_images(f"{folder}{part}", size=8)
    assert images.sources == tuple(chosen)
    good = [by_hand(folder / name, 8) for name in chosen if name in GOOD]
    np.testing.assert_array_equal(list(images), good)


def test_a_folder_with_brackets_in_its_name(tmp_path):
    (tmp_path / "set[0:1]").mkdir()
    for name in "ab":
        make_picture(tmp_path / "set[0:1]" / f"{name}.png")
    assert len(open_images(tmp_path / "set[0:1]", size=8)) == 2
    assert len(open_images(f"{tmp_path}/set[0:1][1:]", size=8)) == 1


def test_too_large_a_picture_is_broken(folder, monkeypatch):
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 1300)
    images = open_images(folder, size=8)
    assert len(list(images)) == 5  # f.jpeg has 1500 pixels
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 500)
    with pytest.raises(ValueError, match="of 8 found, not one could be"):
        open_images(folder, size=8)


def test_folder_errors(folder, tmp_path):
    missing = tmp_path / "missing"
    with pytest.raises(FileNotFoundError, match="'samples:train', 'samples:"):
        open_images(missing)
    with pytest.raises(FileNotFoundError, match="Received: spec='nois'"):
        open_images("nois")
    with pytest.raises(FileNotFoundError, match="no folder"):
        open_images(f"{folder}[:10%]")
    missing.mkdir()
    with pytest.raises(ValueError, match="there is none. Received"):
        open_images(missing)
    with pytest.raises(ValueError, match="none in this slice of 8"):
        open_images(f"{folder}[20:]")
    (missing / "a.jpg").write_text("no picture")
    with pytest.raises(ValueError, match="of 1 found, not one could be"):
        open_images(missing)
    for spec in (None, 3, [3], [None]):
        with pytest.raises(ValueError, match="`spec` must "):
            open_images(spec)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"size": 0}, "`size` must be an int of at least 1"),
        ({"size": 8.0}, "`size` must be an int"),
        ({"count": 0}, "`count` must be an int of at least 1"),
        ({"seed": -1}, "`seed` must be an int of at least 0"),
    ],
)
def test_argument_errors(arguments, message):
    with pytest.raises(ValueError, match=message) as caught:
        open_images("noise", **arguments)
    assert "\n" not in str(caught.value)


def test_synthetic_pictures():
    (black,) = open_images("black", size=8)
    (white,) = open_images("white", size=8)
    assert black.shape == (8, 8, 3) and not black.any()
    assert (white == 255).all()
    assert len(open_images("white", size=8, count=3)) == 3
    noise = open_images("noise", size=64)
    assert (noise.expected, noise.delivered, len(noise)) == (8, 8, 8)
    pixels = np.stack(list(noise)).astype(float)
    # Clipping at 2.55 deviations takes off about 2 % of the deviation.
    assert abs(pixels.mean() - 127.5) < 0.5
    assert abs(pixels.std() - 49.2) < 0.5
    flat = pixels.reshape(8, -1, 3)
    between = np.corrcoef(np.concatenate(list(flat), axis=1).T)
    assert np.abs(between - np.eye(24)).max() < 0.1


@pytest.mark.parametrize("spec", ["noise", "samples:test"])
def test_seeds(spec):
    first = np.stack(list(open_images(spec, size=32, count=6, seed=3)))
    again = np.stack(list(open_images(spec, size=32, count=4, seed=3)))
    other = np.stack(list(open_images(spec, size=32, count=6, seed=4)))
    np.testing.assert_array_equal(first[:4], again)
    assert not (first == other).all()
    assert len(np.unique(first, axis=0)) == 6


def test_samples():
    for split, count in (("train", 24), ("test", 12)):
        images = open_images(f"samples:{split}", size=32)
        assert len(images) == images.delivered == count
        assert count % len(images.sources) == 0
        assert images.sources == tuple(p for _, p in PHOTOGRAPHS[split])
        pictures = np.stack(list(images))
        assert pictures.shape == (count, 32, 32, 3)
        assert pictures.min() < 10 and pictures.max() > 245
        assert images.skipped == 0
    assert not set(PHOTOGRAPHS["train"]) & set(PHOTOGRAPHS["test"])
    # A left and a right view of one scene count as one photograph.
    names = [p for split in PHOTOGRAPHS.values() for _, p in split]
    assert sum("motorcycle" in name for name in names) == 1


def test_samples_are_crops_of_each_photograph_in_turn():
    source = SamplePhotographs("test", 300, 8, 0)
    for number in range(8):
        crop = source.load(number)
        # chelsea.png is 300 high: the one side that fits is 300, so that
        # the crop, unmirrored, is a window of the photograph itself.
        if number % 4 == 0:
            photograph = np.asarray(source._photograph(0))
            windows = [
                photograph[:, left : left + 300]
                for left in range(photograph.shape[1] - 299)
            ]
            assert any(
                (crop == window).all() or (crop[:, ::-1] == window).all()
                for window in windows
            )
    # Photographs smaller than the size are enlarged.
    assert source.load(3).shape == (300, 300, 3)
    (large,) = open_images("samples:test", size=500, count=1)
    assert large.shape == (500, 500, 3)


def test_samples_without_their_packages(monkeypatch):
    def missing(name):
        raise importlib.metadata.PackageNotFoundError(name)

    hint = r'scikit-image, which is not .*: pip install "keras-padpos\[samples'
    monkeypatch.setattr(importlib.metadata, "files", missing)
    with pytest.raises(ImportError, match=hint) as caught:
        open_images("samples:train")
    assert "\n" not in str(caught.value)
    monkeypatch.setattr(importlib.metadata, "files", lambda name: None)
    with pytest.raises(ImportError, match="does not list among its files"):
        open_images("samples:test")
    with pytest.raises(ValueError, match="Received: spec='samples:val'"):
        open_images("samples:val")


def test_import_leaves_tensorflow_and_the_sample_packages_alone():
    code = (
        "import sys; import keras_padpos.data as d; "
        "next(iter(d.open_images('samples:train', size=8, count=1)));"
        "heavy = {'tensorflow', 'tensorflow_datasets', 'keras', 'skimage', "
        "'sklearn'} & set(sys.modules); sys.exit(str(heavy) if heavy else 0)"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True
    )
    assert result.returncode == 0, result.stderr


def test_errors_of_our_own_are_no_broken_pictures(monkeypatch, folder):
    def fail(*_):
        raise MemoryError

    monkeypatch.setattr(Image, "open", fail)
    with pytest.raises(MemoryError):
        open_images(folder)


def test_several_sets_are_read_one_after_the_other(tmp_path):
    for folder in ("b", "a"):
        (tmp_path / folder).mkdir()
    for number, place in enumerate(("b/1.png", "b/2.png", "a/1.png")):
        Image.new("RGB", (8, 8), (50 * number,) * 3).save(tmp_path / place)
    (tmp_path / "b" / "0.png").write_text("no picture")
    specs = [tmp_path / "b", tmp_path / "a", "white"]
    images = open_images(specs, size=8)
    assert images.name == ",".join(map(str, specs))
    assert images.expected == 5
    assert [int(picture.max()) for picture in images] == [0, 50, 100, 255]
    assert images.delivered == 4
    assert images.skipped == 1
    assert len(images.sources) == 4
    shuffled = [
        int(batch.max())
        for batch in open_images(specs, size=8).batches(1, shuffle_seed=3)
    ]
    assert sorted(shuffled) == [0, 50, 100, 255] != shuffled
    first = open_images(specs, size=8, count=2)
    assert [int(picture.max()) for picture in first] == [0, 50]


def test_no_set_at_all_is_an_error():
    with pytest.raises(ValueError, match="^`spec` must name a set"):
        open_images([])


def test_numpy_integers_are_ints():
    four, two = np.int64(4), np.int32(2)
    images = open_images("noise", size=four, count=two, seed=two)
    again = open_images("noise", size=4, count=2, seed=2)
    np.testing.assert_array_equal([*images], [*again])
    assert images.shape == (4, 4)
    crops = open_crops("noise", (four, 6), per_picture=two, count=two)
    assert crops.shape == (4, 6)
    assert [len(batch) for batch in crops.batches(two)] == [2]


def test_a_pass_opens_each_picture_once(tmp_path, monkeypatch):
    pixels = np.zeros((8, 8, 3), "uint8")
    for number in range(9):
        Image.fromarray(pixels).save(tmp_path / f"{number}.png")
    (tmp_path / "broken.png").write_bytes(b"")
    opened = collections.Counter()
    plain = Image.open

    def counting(file, *arguments, **options):
        opened[Path(file).name] += 1
        return plain(file, *arguments, **options)

    monkeypatch.setattr(Image, "open", counting)
    for open_set in (open_images, open_crops):
        images = open_set(str(tmp_path), size=4)
        # That there is one that can be read is known by now.
        opened.clear()
        assert len([*images.batches(4)]) == 3
        assert (len(images), len(images.photographs)) == (9, 9)
        assert {*opened.values()} == {1}
        assert len(opened) == 10
