import os
import shutil

import numpy as np
import pytest
import scipy.stats
import skimage.data
from PIL import Image

from keras_padpos.data import open_crops
from keras_padpos.data import open_images
from keras_padpos.data.crops import PictureCrops
from keras_padpos.data.samples import PHOTOGRAPHS

# Width and height, as Pillow has them.
SIZES = {"a.png": (40, 30), "b.jpg": (25, 60), "c.png": (33, 33)}


def make_picture(path, seed, size, mode="RGB"):
    rng = np.random.default_rng(seed)
    shape = (size[1], size[0]) + ((3,) if mode == "RGB" else ())
    pixels = rng.integers(0, 256, shape, dtype="uint8")
    Image.fromarray(pixels).save(path)


@pytest.fixture
def folder(tmp_path):
    """Three good pictures, of different sizes and kinds."""
    folder = tmp_path / "good"
    folder.mkdir()
    for seed, (name, size) in enumerate(SIZES.items()):
        mode = "L" if name == "c.png" else "RGB"
        make_picture(folder / name, seed, size, mode)
    return folder


def by_hand(pixels, shape, stream):
    """The crop of a whole picture, (height, width, 3)."""
    height, width = shape
    rng = np.random.default_rng(stream)
    left = rng.integers(pixels.shape[1] - width, endpoint=True)
    top = rng.integers(pixels.shape[0] - height, endpoint=True)
    return pixels[top : top + height, left : left + width]


def whole(path, size=None):
    image = Image.open(path).convert("RGB")
    if size is not None:
        image = image.resize(size, Image.BICUBIC)
    return np.asarray(image)


def read(crops, batch_size=4, start=0):
    batches = list(crops.numbered_batches(batch_size, start))
    pictures = [crop for batch, _ in batches for crop in batch]
    return pictures, [int(n) for _, numbers in batches for n in numbers]


@pytest.mark.parametrize("shape", [(20, 25), (30, 11), (1, 1)])
def test_crops_are_windows_of_the_pictures_round_by_round(folder, shape):
    crops = open_crops(folder, shape, per_picture=4, seed=5)
    assert crops.shape == shape
    assert crops.sources == tuple(SIZES)
    assert (crops.expected, crops.delivered) == (12, None)
    for place, crop in enumerate(crops):
        turn, number = divmod(place, 3)
        pixels = whole(folder / list(SIZES)[number])
        expected = by_hand(pixels, shape, [5, number, turn])
        assert crop.dtype == "uint8"
        np.testing.assert_array_equal(crop, expected)
    assert (place, crops.delivered, crops.skipped) == (11, 12, 0)
    assert read(crops)[1] == [0, 1, 2] * 4


@pytest.mark.parametrize("shorter_side", [20, 31, 90])
def test_shorter_side_resizes_as_pillow_does(folder, shorter_side):
    resized = {
        20: [(27, 20), (20, 48), (20, 20)],
        31: [(41, 31), (31, 74), (31, 31)],
        90: [(120, 90), (90, 216), (90, 90)],
    }[shorter_side]
    crops = open_crops(
        folder, 20, per_picture=2, shorter_side=shorter_side, seed=1
    )
    for place, crop in enumerate(crops):
        turn, number = divmod(place, 3)
        pixels = whole(folder / list(SIZES)[number], resized[number])
        expected = by_hand(pixels, (20, 20), [1, number, turn])
        np.testing.assert_array_equal(crop, expected)
    assert crops.delivered == 6


def test_the_middle_is_taken_of_each_picture(folder):
    crops = open_crops(folder, (16, 20), centre=True)
    for name, crop in zip(SIZES, crops, strict=True):
        width, height = SIZES[name]
        left, top = (width - 20) // 2, (height - 16) // 2
        pixels = whole(folder / name)
        expected = pixels[top : top + 16, left : left + 20]
        np.testing.assert_array_equal(crop, expected)


@pytest.mark.parametrize("count", range(1, 8))
def test_count_takes_the_first_rounds(folder, count):
    crops = open_crops(folder, 16, per_picture=2, count=count)
    every, _ = read(open_crops(folder, 16, per_picture=2))
    first, numbers = read(crops)
    np.testing.assert_array_equal(first, every[:count])
    assert numbers == [0, 1, 2, 0, 1, 2][:count]
    assert crops.expected == crops.delivered == min(count, 6)


def test_one_more_round_changes_nothing_before_it(folder):
    few, _ = read(open_crops(folder, 16, per_picture=2))
    more, _ = read(open_crops(folder, 16, per_picture=3))
    np.testing.assert_array_equal(few, more[:6])
    other, _ = read(open_crops(folder, 16, per_picture=2, seed=1))
    assert not any((a == b).all() for a, b in zip(few, other, strict=True))


def test_all_places_are_equally_likely(tmp_path):
    # Every pixel tells where it is: a crop's first one where the crop is.
    columns, rows = np.meshgrid(np.arange(9), np.arange(7))
    pixels = np.stack([rows, columns, rows * 0], axis=-1).astype("uint8")
    Image.fromarray(pixels).save(tmp_path / "a.png")
    crops = open_crops(tmp_path, (5, 6), per_picture=1200, seed=3)
    found = np.zeros((3, 4), int)
    for crop in crops:
        found[crop[0, 0, 0], crop[0, 0, 1]] += 1
    assert found.sum() == 1200
    # Both extremes among them, and no row or column out of the picture.
    assert found.min() > 60
    assert scipy.stats.chisquare(found.ravel()).pvalue > 0.01


def test_a_crop_of_the_whole_picture(folder):
    (crop,) = open_crops(f"{folder}[:1]", (30, 40))
    np.testing.assert_array_equal(crop, whole(folder / "a.png"))


@pytest.fixture
def mixed(folder, tmp_path):
    """A copy of the good pictures with others between them.

    What is between them has taken the place of good ones, so that the good
    ones have theirs in both.
    """
    long, mixed = tmp_path / "long", tmp_path / "mixed"
    for target in (long, mixed):
        target.mkdir()
        for number in range(7):
            make_picture(target / f"{number}.png", number, (30 + number, 32))
    for number, end in ((1, 700), (5, 40)):
        broken = mixed / f"{number}.png"
        broken.write_bytes(broken.read_bytes()[:end])
    make_picture(mixed / "2.png", 0, (24, 50))
    # Broken, too, behind its header: that it is too small is found first.
    small = (mixed / "2.png").read_bytes()
    (mixed / "2.png").write_bytes(small[: len(small) // 2])
    return long, mixed


def test_pictures_left_out_count_once_and_move_no_other_crop(mixed):
    long, mixed = (open_crops(each, 25, per_picture=5) for each in mixed)
    crops, numbers = read(long)
    good = [0, 3, 4, 6]
    chosen = [c for c, n in zip(crops, numbers, strict=True) if n in good]
    for _ in range(2):
        crops, numbers = read(mixed)
        assert numbers == good * 5
        np.testing.assert_array_equal(crops, chosen)
        assert (mixed.expected, mixed.delivered) == (35, 20)
        assert mixed.skipped == len(mixed.broken) == 3
    names = [line.split(":")[0] for line in mixed.broken]
    assert names == ["1.png", "2.png", "5.png"]
    assert mixed.broken[1] == "2.png: 24x50 pixels, and 25x25 are needed"


def test_count_and_shuffle_among_pictures_left_out(mixed):
    crops = open_crops(mixed[1], 25, per_picture=3, count=6)
    first, numbers = read(crops)
    assert numbers == [0, 3, 4, 6, 0, 3]
    shuffled = [
        crop for batch in crops.batches(4, shuffle_seed=2) for crop in batch
    ]
    assert not all((a == b).all() for a, b in zip(first, shuffled, strict=True))
    assert sorted(c.sum() for c in first) == sorted(c.sum() for c in shuffled)


@pytest.mark.parametrize("count", [None, 14])
def test_a_run_goes_on_where_it_was_interrupted(mixed, count):
    def opened():
        return open_crops(mixed[1], 25, per_picture=5, count=count)

    whole_pass = list(opened().numbered_batches(3))
    for done in range(len(whole_pass) + 1):
        crops = opened()
        rest = list(crops.numbered_batches(3, start=3 * done))
        assert len(rest) == len(whole_pass) - done
        for ours, theirs in zip(rest, whole_pass[done:], strict=True):
            for one, other in zip(ours, theirs, strict=True):
                np.testing.assert_array_equal(one, other)
        assert (crops.delivered, crops.skipped) == (count or 20, 3)


def test_what_is_left_out_at_the_start_is_decoded_once(folder, monkeypatch):
    loaded = []
    load = PictureCrops.load

    def counted(self, candidate):
        loaded.append((candidate.turn, candidate.picture))
        return load(self, candidate)

    # One thread, at most four crops ahead.
    monkeypatch.setattr(os, "cpu_count", lambda: 1)
    crops = open_crops(folder, 16, per_picture=50)
    monkeypatch.setattr(PictureCrops, "load", counted)
    _, numbers = read(crops, batch_size=3, start=147)
    assert numbers == [0, 1, 2]
    # The second round is asked for before the first is known to be good.
    expected = [(turn, number) for turn in (0, 1, 49) for number in range(3)]
    assert loaded == expected


def test_too_small_lines(folder):
    def lines(*args, **kwargs):
        crops = open_crops(folder, *args, **kwargs)
        list(crops)
        return crops.broken

    assert lines((30, 26), per_picture=3) == (
        "b.jpg: 25x60 pixels, and 26x30 are needed (width x height)",
    )
    assert lines((20, 24), shorter_side=20) == (
        "b.jpg: 25x60 pixels (20x48 once resized), and 24x20 are needed "
        "(width x height)",
        "c.png: 33x33 pixels (20x20 once resized), and 24x20 are needed "
        "(width x height)",
    )


def test_resizing_makes_no_picture_too_large_for_memory(folder, monkeypatch):
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 4000)
    crops = open_crops(folder, 20, shorter_side=50)
    assert len(list(crops)) == 2
    assert crops.broken == ("b.jpg: more than 4000 pixels (50x120)",)


def test_nothing_large_enough(folder):
    (folder / "0.png").write_text("no picture")
    shutil.copy(folder / "c.png", folder / "d.png")
    for number in (1, 2):
        with pytest.raises(ValueError) as caught:
            open_crops(folder, 35, per_picture=number)
        # Of all of them c.png, and d.png after it, come closest.
        assert str(caught.value) == (
            f"`spec` must name pictures that can be read; of 5 found, not one "
            f"could be; the largest: c.png: 33x33 pixels, and 35x35 are "
            f"needed. Received: spec={str(folder)!r}"
        )
    with pytest.raises(ValueError, match="the largest: flower.jpg: 640x427"):
        open_crops("samples:test", 736)
    # Of a list it is enough that one set has large ones.
    assert len(list(open_crops(["samples:train", "samples:test"], 500))) > 0
    with pytest.raises(
        ValueError, match="samples:train,samples:test"
    ) as caught:
        open_crops(["samples:train", "samples:test"], 3000)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"size": 0}, "`size` must be an int of at least 1, or two"),
        ({"size": 8.0}, "`size` must be an int"),
        ({"size": (8, 0)}, "Received: size=\\(8, 0\\)"),
        ({"size": (8,)}, "`size` must be an int"),
        ({"size": (8, 8, 3)}, "`size` must be an int"),
        ({"size": "88"}, "`size` must be an int"),
        ({"per_picture": 0}, "`per_picture` must be an int of at least 1"),
        ({"shorter_side": 0}, "`shorter_side` must be an int of at least 1"),
        ({"shorter_side": 7}, "`shorter_side` must be at least 8 for crops"),
        ({"count": 0}, "`count` must be an int of at least 1"),
        ({"seed": -1}, "`seed` must be an int of at least 0"),
        ({"spec": []}, "`spec` must name a set of pictures"),
        ({"spec": "samples:val"}, "Received: spec='samples:val'"),
    ],
)
def test_argument_errors(arguments, message):
    with pytest.raises(ValueError, match=message) as caught:
        open_crops(**{"spec": "noise", "size": (8, 9), **arguments})
    assert "\n" not in str(caught.value)


def test_folder_errors(tmp_path):
    with pytest.raises(FileNotFoundError, match="'samples:train', 'samples:"):
        open_crops(tmp_path / "missing", 8)
    with pytest.raises(ValueError, match="there is none. Received"):
        open_crops(tmp_path, 8)


def test_samples_are_whole_photographs():
    crops = open_crops("samples:test", (200, 260), per_picture=2, seed=7)
    assert crops.sources == tuple(path for _, path in PHOTOGRAPHS["test"])
    taken, numbers = read(crops)
    assert numbers == [0, 1, 2, 3] * 2
    cat, coins = skimage.data.chelsea(), skimage.data.coins()
    coins = np.repeat(coins[..., None], 3, axis=-1)
    for place, photograph in ((0, cat), (1, coins), (4, cat), (5, coins)):
        stream = [7, place % 4, place // 4]
        expected = by_hand(photograph, (200, 260), stream)
        np.testing.assert_array_equal(taken[place], expected)
    train = open_crops("samples:train", 501, per_picture=3)
    # astronaut, brick, camera, grass and gravel have 512x512.
    assert len(list(train)) == 15
    assert train.broken == (
        "china.jpg: 640x427 pixels, and 501x501 are needed",
        "coffee.png: 600x400 pixels, and 501x501 are needed",
        "motorcycle_left.png: 741x500 pixels, and 501x501 are needed",
    )


def test_synthetic_pictures_have_just_the_size():
    for spec in ("black", "white", "noise"):
        (crop,) = open_crops(spec, (6, 8), count=1, shorter_side=100)
        assert crop.shape == (6, 8, 3)
    ours = open_crops("noise", 16, count=20, seed=2)
    assert (len(ours), ours.delivered) == (20, 20)
    # In a list no set knows how many it is to give.
    assert open_crops(["noise", "white"], 16, count=20).expected == 9
    theirs = open_images("noise", size=16, count=20, seed=2)
    np.testing.assert_array_equal(list(ours), list(theirs))
    twice, numbers = read(open_crops("noise", 16, per_picture=2))
    assert numbers == [*range(8)] * 2
    np.testing.assert_array_equal(twice[:8], twice[8:])


def test_several_sets_take_turns(folder, tmp_path):
    (tmp_path / "other").mkdir()
    make_picture(tmp_path / "other" / "0.png", 9, (10, 10))
    make_picture(tmp_path / "other" / "1.png", 9, (50, 50))
    specs = [folder, "white", f"{tmp_path / 'other'}"]
    crops = open_crops(specs, 21, per_picture=2)
    assert crops.name == ",".join(map(str, specs))
    assert crops.sources == ("a.png", "b.jpg", "c.png", "0.png", "1.png")
    assert crops.expected == 12
    taken, numbers = read(crops)
    assert numbers == [0, 1, 2, 3, 5] * 2
    assert crops.broken == ("0.png: 10x10 pixels, and 21x21 are needed",)
    last = whole(tmp_path / "other" / "1.png")
    np.testing.assert_array_equal(taken[-1], by_hand(last, (21, 21), [0, 5, 1]))
    assert (taken[3] == 255).all()


def test_dataset_equals_batches(folder):
    crops = open_crops(folder, (12, 20), per_picture=3)
    dataset = crops.as_dataset(4)
    assert dataset.element_spec.shape == (None, 12, 20, 3)
    for ours, theirs in zip(crops.batches(4), dataset, strict=True):
        np.testing.assert_array_equal(ours, theirs)
    assert crops.as_dataset(4).cardinality() == 3


def test_a_folder_of_sub_folders_is_read_in_their_order(tmp_path):
    names = ["10/b.png", "2/a.png", "10/a.png", ".hidden/c.png"]
    for seed, name in enumerate(names):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        make_picture(tmp_path / name, seed, (20, 20))
    crops = open_crops(tmp_path, 8, centre=True, count=2)
    assert crops.sources == ("10/a.png", "10/b.png", "2/a.png")
    expected = whole(tmp_path / "10/a.png")[6:14, 6:14]
    np.testing.assert_array_equal(next(iter(crops)), expected)
    assert crops.class_indices(11).tolist() == [10, 10, 2]
    assert crops.class_indices(10) is None
    both = open_crops([tmp_path, tmp_path / "2"], 8)
    assert both.class_indices(11) is None
    assert open_crops("noise", 8).class_indices(11) is None
