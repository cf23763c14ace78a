"""The measurement beside NumPy on all features at once, and its properties."""

import json

import keras
import numpy as np
import pytest
from pattern_nets import STAGES
from pattern_nets import decoder
from pattern_nets import pattern_net
from scipy import stats

from keras_padpos import models
from keras_padpos import ppp
from keras_padpos.ppp._pattern_metrics import pattern_metrics
from keras_padpos.ppp.split_moments import SplitMoments

CROP = 28
FLOATS = (
    "mae mae_per_image mae_noise relative snr snr_unbiased border corner centre"
).split()


def networks(*modes):
    net = pattern_net()
    return {
        mode: models.convert_padding(net, mode, input_shape=(CROP, CROP, 1))
        for mode in modes
    }


def pictures(measurement, count, seed=0):
    # Smooth, with a bright corner: features have content of their own.
    rng = np.random.default_rng(seed)
    height, width = measurement.picture_shape
    values = rng.normal(size=(count, height, width, 1)).cumsum(1).cumsum(2)
    return (values / 30).astype("float32")


def measured(names, count=12, batch=4, **options):
    measurement = ppp.PatternMeasurement(
        networks(*names), CROP, base=pattern_net(), **options
    )
    given = pictures(measurement, count)
    numbers = np.arange(count) // 2
    for start in range(0, count, batch):
        part = slice(start, start + batch)
        measurement.update(given[part], numbers[part])
    return measurement, given, numbers


def by_hand(measurement, given, name, stage):
    """D and O of all crops, from the networks alone."""
    reference = measurement.reference
    (first, last), (start, stop) = reference.positions[stage]
    whole = keras.ops.convert_to_numpy(reference.model(given)[stage])
    aligned = whole[:, first:last, start:stop].astype("float64")
    (top, left), net = reference.margin, networks(name)[name]
    crops = given[:, top : top + CROP, left : left + CROP]
    padded = keras.ops.convert_to_numpy(net(crops)[stage]).astype("float64")
    return padded - aligned, aligned


@pytest.mark.parametrize("batch", [4, 5, 12])
@pytest.mark.parametrize("stage", STAGES)
def test_figures_are_those_of_all_features_at_once(stage, batch):
    measurement, given, numbers = measured(["zeros"], batch=batch)
    difference, features = by_hand(measurement, given, "zeros", stage)
    mean = difference.mean(axis=0)
    variance = features.var(axis=0, ddof=1)
    halves = [difference[numbers % 2 == half].mean(axis=0) for half in (0, 1)]
    pattern = np.abs(mean).mean(axis=-1)
    expected = {
        "mae": np.abs(mean).mean(),
        "mae_per_image": np.abs(difference).mean(),
        "relative": np.abs(mean).mean() / np.sqrt(variance.mean()),
        "snr": (mean**2).mean() / variance.mean(),
        "snr_unbiased": (halves[0] * halves[1]).mean() / variance.mean(),
        "deviation": np.sqrt(difference.var(axis=0, ddof=1).mean()),
        "corner": pattern[[0, 0, -1, -1], [0, -1, 0, -1]].mean(),
    }
    (row,) = [row for row in measurement.rows() if row["layer"] == stage]
    for name, value in expected.items():
        assert row[name] == pytest.approx(value, rel=2e-4, abs=1e-7), name
    assert (row["images"], row["pictures"]) == (12, 6)
    np.testing.assert_allclose(
        measurement.pattern("zeros", stage), mean, atol=1e-5
    )


def test_intervals_are_those_of_pictures_left_out():
    # Few units, so all are kept, and few pictures, so each is a group.
    measurement, given, numbers = measured(["zeros"])
    difference, features = by_hand(measurement, given, "zeros", "second")
    logs = []
    for left_out in range(6):
        kept = numbers != left_out
        mean = np.abs(difference[kept].mean(axis=0)).mean()
        logs.append(
            np.log(mean / np.sqrt(features[kept].var(axis=0, ddof=1).mean()))
        )
    error = np.sqrt(5 / 6 * np.square(np.array(logs) - np.mean(logs)).sum())
    (row,) = [row for row in measurement.rows() if row["layer"] == "second"]
    reach = np.exp(stats.t.ppf(0.975, 5) * error)
    np.testing.assert_allclose(
        row["relative_ci95"],
        [row["relative"] / reach, row["relative"] * reach],
        rtol=1e-4,
    )


def test_maps_are_means_over_channels_and_crops():
    measurement, given, _ = measured(["zeros"])
    difference, _ = by_hand(measurement, given, "zeros", "third")
    arrays = measurement.arrays()
    np.testing.assert_allclose(
        arrays["zeros/third/pattern"],
        np.abs(difference.mean(axis=0)).mean(axis=-1),
        atol=1e-5,
    )
    np.testing.assert_allclose(
        arrays["zeros/third/per_image"],
        np.abs(difference).mean(axis=(0, -1)),
        atol=1e-5,
    )
    whole = keras.ops.convert_to_numpy(
        measurement.reference.model(given)["third"]
    )
    for count in (1, 10, 12):
        np.testing.assert_allclose(
            arrays[f"reference/third/features_{count}"],
            whole[:count].mean(axis=(0, -1)),
            atol=1e-5,
        )
        place = arrays["reference/third/place"]
        inner = arrays[f"reference/third/features_{count}"][
            slice(*place[0]), slice(*place[1])
        ]
        padded = arrays[f"zeros/third/features_{count}"]
        assert padded.shape == inner.shape
        if count == 12:
            np.testing.assert_allclose(
                padded - inner, arrays["zeros/third/signed"], atol=1e-5
            )


def test_a_network_without_padding_has_no_pattern():
    measurement, *_ = measured(["zeros", "none"])
    for row in measurement.rows():
        if row["network"] == "none":
            assert row["mae"] == row["mae_per_image"] == row["snr"] == 0
            assert row["mae_ci95"] == (0, 0)
            assert not measurement.pattern("none", row["layer"]).any()
        else:
            assert row["mae"] > 0


def test_the_pattern_of_a_decoder():
    keras.utils.set_random_seed(0)
    up = keras.layers.Conv2DTranspose(2, 3, strides=2, padding="same")
    net = decoder(up, 2)
    bare = models.convert_padding(net, "none", input_shape=(16, 16, 1))
    measurement = ppp.PatternMeasurement(
        {"zeros": net, "none": bare}, 16, base=net
    )
    (margin, _), given = measurement.reference.margin, pictures(measurement, 4)
    measurement.update(given)
    crops = given[:, margin : margin + 16, margin : margin + 16]
    for stage, step in (("coarse", 2), ("fine", 1)):
        # The margin hides the border of the picture around the crop.
        start, count = margin // step, 16 // step
        place = slice(start, start + count)
        padded, around = (
            keras.ops.convert_to_numpy(net(x)[stage]) for x in (crops, given)
        )
        np.testing.assert_allclose(
            measurement.pattern("zeros", stage),
            (padded - around[:, place, place]).mean(axis=0),
            atol=1e-5,
        )
        assert np.abs(measurement.pattern("zeros", stage)).max() > 0.1
        assert not measurement.pattern("none", stage).any()
    json.dumps(measurement.rows())


def test_circular_padding_is_right_on_periodic_pictures():
    measurement = ppp.PatternMeasurement(
        networks("circular", "zeros"), CROP, base=pattern_net()
    )
    tiles = np.random.default_rng(0).normal(size=(6, CROP, CROP, 1))
    around = [(margin, margin) for margin in measurement.reference.margin]
    periodic = np.pad(tiles, [(0, 0), *around, (0, 0)], mode="wrap")
    measurement.update(periodic.astype("float32"))
    for row in measurement.rows():
        if row["network"] == "circular":
            assert row["relative"] <= 1e-5
        else:
            assert row["relative"] > 1e-3


@pytest.mark.parametrize("mode", ["reflect", "replicate", "circular"])
def test_constant_pictures_have_no_pattern_where_padding_goes_on(mode):
    measurement = ppp.PatternMeasurement(
        networks(mode, "zeros"), CROP, base=pattern_net()
    )
    grey = np.ones((4, *measurement.picture_shape, 1), "float32")
    measurement.update(grey * np.arange(1.0, 5)[:, None, None, None])
    for row in measurement.rows():
        if row["network"] == mode:
            assert row["mae_per_image"] <= 1e-6
        else:
            assert row["mae_per_image"] > 1e-3


@pytest.mark.parametrize("count", [3, 4, 6, 7])
def test_features_that_never_vary_have_no_ratio(count):
    measurement = ppp.PatternMeasurement({"zeros": pattern_net()}, CROP)
    grey = np.full((count, *measurement.picture_shape, 1), 200.3, "float32")
    measurement.update(grey)
    for row in measurement.rows():
        assert row["mae"] > 0
        for name in ("relative", "snr", "snr_unbiased"):
            assert row[name] is None
            assert row.get(f"{name}_ci95") is None


def test_uneven_padding_shows():
    # A window of 3 that moves by 2 over an even size pads at the end only.
    keras.utils.set_random_seed(0)
    inputs = keras.Input((None, None, 1))
    conv = keras.layers.Conv2D(8, 3, 2, padding="same", name="conv")
    net = keras.Model(inputs, {"conv": conv(inputs)})
    measurement = ppp.PatternMeasurement({"zeros": net}, CROP)
    measurement.update(1 + np.abs(pictures(measurement, 8)))
    (row,) = measurement.rows()
    # 14 positions: the last column, and the last row's 7 to the left.
    expected = (7 - (7 + 13)) / (7 + 7 + 13)
    assert row["left_right"] == pytest.approx(expected, abs=0.1)
    assert row["top_bottom"] == pytest.approx(expected, abs=0.1)


def test_two_shards_are_as_good_as_one():
    whole, given, numbers = measured(["zeros"], batch=4)
    shards = []
    for part in (slice(0, 4), slice(4, 12)):
        shard = ppp.PatternMeasurement(
            networks("zeros"), CROP, base=pattern_net()
        )
        shard.update(given[part], numbers[part])
        shards.append(shard)
    shards[0].merge(shards[1])
    assert shards[0].images == whole.images
    for ours, theirs in zip(shards[0].rows(), whole.rows(), strict=True):
        for name in FLOATS:
            assert ours[name] == pytest.approx(theirs[name], rel=1e-6)
        np.testing.assert_allclose(
            ours["snr_ci95"], theirs["snr_ci95"], rtol=1e-6
        )


def test_what_was_added_up_can_be_saved_and_gone_on_with():
    modes = ["zeros", "randn", "none"]
    whole, given, numbers = measured(modes)
    first = ppp.PatternMeasurement(networks(*modes), CROP, base=pattern_net())
    first.update(given[:4], numbers[:4])
    state = first.state()
    first.update(given[4:8], numbers[4:8])  # lost, as by an interrupt
    again = ppp.PatternMeasurement(networks(*modes), CROP, base=pattern_net())
    again.restore(state)
    for start in (4, 8):
        part = slice(start, start + 4)
        again.update(given[part], numbers[part])
    assert again.rows() == whole.rows()
    arrays = again.arrays()
    for name, expected in whole.arrays().items():
        np.testing.assert_array_equal(arrays[name], expected, err_msg=name)


def test_a_short_last_batch_is_gone_on_with():
    whole, given, numbers = measured(["randn"], count=11)
    first = ppp.PatternMeasurement(networks("randn"), CROP, base=pattern_net())
    for start in (0, 4):
        part = slice(start, start + 4)
        first.update(given[part], numbers[part])
    again = ppp.PatternMeasurement(networks("randn"), CROP, base=pattern_net())
    again.restore(first.state())
    again.update(given[8:], numbers[8:])
    assert again.rows() == whole.rows()


def test_sums_have_all_digits_whatever_networks_compute_in():
    keras.config.set_dtype_policy("mixed_float16")
    try:
        measurement = ppp.PatternMeasurement({"zeros": pattern_net()}, CROP)
        given = pictures(measurement, 3)
        measurement.update(given, [0, 2, 4])
        reference = measurement.reference.model(given)["first"]
    finally:
        keras.config.set_dtype_policy("float32")
    features = keras.ops.convert_to_numpy(reference).astype("float64")
    arrays = measurement.arrays()
    np.testing.assert_allclose(
        arrays["reference/first/features_3"],
        features.mean(axis=(0, -1)),
        rtol=1e-5,
    )
    position = measurement.reference.positions["first"]
    (top, bottom), (left, right) = position
    moments = measurement._reference["first"].moments
    np.testing.assert_allclose(
        moments.mean,
        features[:, top:bottom, left:right].mean(axis=0),
        rtol=1e-5,
        atol=1e-6,
    )


def test_random_padding_is_drawn_anew_for_every_batch():
    measurement = ppp.PatternMeasurement(
        networks("randn"), CROP, base=pattern_net()
    )
    picture = pictures(measurement, 1)
    measurement.update(picture)
    one = measurement.pattern("randn", "first")
    measurement.update(picture)
    assert np.abs(measurement.pattern("randn", "first") - one).max() > 1e-3


def test_a_pattern_of_noise_is_told_as_noise():
    rng = np.random.default_rng(0)
    made = ppp.PatternMeasurement(networks("zeros"), CROP, base=pattern_net())
    statistics = made._statistics["zeros"]["first"]
    reference = made._reference["first"]
    shape, units = (CROP, CROP, 4), np.arange(CROP * CROP * 4)
    for number in range(64):
        noise, content = rng.normal(size=(2, *shape))
        halves = np.eye(2)[number % 2].astype(int)
        means = np.stack([noise, noise])
        statistics.difference.merge(
            SplitMoments(halves, means, np.zeros(shape))
        )
        statistics.groups.update([number], noise.reshape(1, 1, -1))
        reference.moments.merge(
            SplitMoments([1], content[None], np.zeros(shape))
        )
        flat = content.ravel()[units]
        reference.groups.update([number], np.stack([flat, flat**2])[None])
    found = pattern_metrics(
        statistics, reference, [(0, CROP)] * 2, np.ones(len(units), bool)
    )
    assert found["mae"] == pytest.approx(found["mae_noise"], rel=0.05)
    assert found["snr"] == pytest.approx(1 / 64, rel=0.1)
    assert abs(found["snr_unbiased"]) < 0.2 * found["snr"]


def test_pictures_must_be_of_the_size():
    measurement = ppp.PatternMeasurement({"zeros": pattern_net()}, CROP)
    with pytest.raises(ValueError, match=r"\(52, 52\) pixels. Received"):
        measurement.update(np.zeros((1, CROP, CROP, 1), "float32"))


def test_others_cannot_be_merged():
    one = ppp.PatternMeasurement(networks("zeros"), CROP)
    with pytest.raises(ValueError, match="same networks, stages and crop"):
        one.merge(ppp.PatternMeasurement(networks("reflect"), CROP))
    with pytest.raises(ValueError, match="same networks, stages and crop"):
        one.merge(ppp.PatternMeasurement(networks("zeros"), CROP + 4))


def test_units_of_intervals_must_be_the_same(monkeypatch):
    monkeypatch.setattr("keras_padpos.ppp.pattern_measurement.UNITS", 50)
    one = ppp.PatternMeasurement(networks("zeros"), CROP)
    with pytest.raises(ValueError, match="of the same `seed`"):
        one.merge(ppp.PatternMeasurement(networks("zeros"), CROP, seed=1))


def test_intervals_come_from_some_units_where_there_are_many(monkeypatch):
    whole, *_ = measured(["zeros"])
    monkeypatch.setattr("keras_padpos.ppp.pattern_measurement.UNITS", 100)
    some, *_ = measured(["zeros"])
    for few, all_units in zip(some.rows(), whole.rows(), strict=True):
        for name in ("mae", "relative", "snr"):
            assert few[name] == all_units[name]
        np.testing.assert_allclose(
            np.log(few["relative_ci95"]),
            np.log(all_units["relative_ci95"]),
            atol=0.5,
        )
        assert few["relative_ci95"] != all_units["relative_ci95"]


def test_units_of_a_smaller_map_are_those_at_the_same_places():
    # Another network's features, so that there is a difference.
    other = models.convert_padding(
        pattern_net(seed=3), "none", input_shape=(CROP, CROP, 1)
    )
    measurement = ppp.PatternMeasurement(
        {"bare": other}, CROP, base=pattern_net()
    )
    measurement.update(pictures(measurement, 6), np.arange(6))
    for stage in STAGES:
        groups = measurement._statistics["bare"][stage].groups
        pattern = measurement.pattern("bare", stage)
        # Few enough units here for all to be kept, in order.
        np.testing.assert_allclose(
            groups.sums.sum(axis=0)[0] / 6, pattern.ravel(), atol=1e-5
        )
        row = next(row for row in measurement.rows() if row["layer"] == stage)
        reference = measurement._reference[stage].moments.variance
        (top, bottom), (left, right) = measurement._within["bare"][stage]
        inner = reference[top:bottom, left:right]
        assert inner.shape == pattern.shape
        assert row["snr"] == pytest.approx((pattern**2).mean() / inner.mean())


def test_the_reference_has_a_name_of_its_own():
    with pytest.raises(ValueError, match="'reference' is the name"):
        ppp.PatternMeasurement({"reference": pattern_net()}, CROP)


@pytest.mark.parametrize("names", [("zero", "first"), ("zeros", "fifth")])
def test_a_pattern_is_of_a_known_network_and_stage(names):
    measurement = ppp.PatternMeasurement({"zeros": pattern_net()}, CROP)
    with pytest.raises(ValueError, match="must be one of.*Received"):
        measurement.pattern(*names)


@pytest.mark.parametrize(
    ("count", "numbers", "words"),
    [
        (2, [0], "one for each of 2 pictures. Received: 1"),
        (2, [0, 1, 2], "one for each of 2 pictures. Received: 3"),
        (0, None, "must be finite"),
    ],
)
def test_a_batch_that_cannot_be_taken_changes_nothing(count, numbers, words):
    measurement = ppp.PatternMeasurement({"zeros": pattern_net()}, CROP)
    given = pictures(measurement, count or 1)
    if not count:
        given[0, 3, 3] = np.nan
    with pytest.raises(ValueError, match=words):
        measurement.update(given, numbers)
    assert measurement.images == 0


def test_a_state_must_be_of_the_same_measurement():
    one = ppp.PatternMeasurement(networks("zeros", "reflect"), CROP)
    one.update(pictures(one, 2))
    for other in (
        ppp.PatternMeasurement(networks("zeros"), CROP),
        ppp.PatternMeasurement(networks("zeros", "reflect"), CROP + 4),
    ):
        with pytest.raises(ValueError, match="`state` must be that of"):
            other.restore(one.state())
        assert other.images == 0
    with pytest.raises(ValueError, match="Received: another's, or none"):
        one.restore({})


def test_a_network_of_one_size_is_measured_at_another():
    inputs = keras.Input((48, 48, 1))
    conv = keras.layers.Conv2D(2, 3, padding="same", name="conv")
    fixed = keras.Model(inputs, {"conv": conv(inputs)})
    measurement = ppp.PatternMeasurement({"zeros": fixed}, CROP)
    measurement.update(pictures(measurement, 2))
    assert measurement.rows()[0]["mae"] > 0


def test_crops_do_not_count_twice():
    one = ppp.PatternMeasurement(networks("zeros"), CROP)
    with pytest.raises(ValueError, match="the measurement itself"):
        one.merge(one)


def test_a_pattern_takes_two_crops():
    measurement = ppp.PatternMeasurement({"zeros": pattern_net()}, CROP)
    measurement.update(pictures(measurement, 1))
    with pytest.raises(ValueError, match="at least 2 crops. Received: 1"):
        measurement.rows()
