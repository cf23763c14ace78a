"""The tables of `pattern_formation`, by hand."""

import math

from scipy import stats

from keras_padpos.studies.pattern_formation import STUDY

VALUES = {
    # Mode: by seed, before and after.
    "zeros": [(1.0, 4.0), (2.0, 4.0)],
    "reflect": [(1.0, 1.0), (1.0, 4.0)],
    "none": [(0.0, 0.0), (0.0, 0.0)],
}


def tables_of(values):
    """The two tables of the relative pattern."""
    rows = [
        {
            "model": "vgg5",
            "padding_mode": mode,
            "seed": seed,
            "step": step,
            "layer": layer,
            "test_accuracy": 0.5 + seed / 10,
            "relative": pair[min(step, 1)],
            "snr": 1.0,
            "snr_unbiased": 0.5 - seed,
            "mae": 2 * pair[min(step, 1)],
            "mae_noise": 0.5,
        }
        for mode, pairs in values.items()
        for seed, pair in enumerate(pairs)
        for step in (0, 7)
        for layer in ("one", "two")
    ]
    tables = STUDY.lay_out(rows)
    assert len(tables) == 6
    relative = [table for table in tables if "relative" in table["title"]]
    assert relative[0]["title"].endswith("before training and after 7 steps")
    return relative


def test_by_hand():
    modes, layers = tables_of(VALUES)
    assert [(row["layer"], row["padding_mode"]) for row in modes["rows"]] == [
        (layer, mode) for layer in ("one", "two") for mode in VALUES
    ]
    zeros, reflect, none = modes["rows"][:3]
    reach = stats.t.ppf(0.975, 1) * math.log(2) / 2
    low, high = (math.sqrt(8) * math.exp(sign * reach) for sign in (-1, 1))
    assert zeros == {
        "layer": "one",
        "padding_mode": "zeros",
        "seeds": 2,
        "start": "1.5 ± 0.71",
        "end": "4 ± 0",
        # Ratios 4 and 2: the root of 8.
        "ratio": "2.83",
        "ratio_ci95": f"{low:.3g} to {high:.3g}",
        # 0.5 of 8 and of 8.
        "noise": "0.06",
        "accuracy": "0.55 ± 0.071",
    }
    assert reflect["ratio"] == "2"
    assert none["end"] == "0"
    assert none["noise"] is none["ratio"] is none["ratio_ci95"] is None
    line = layers["rows"][0]
    # Geometric means the root of 2 and 1 before, 4 and 2 after.
    assert (line["start_factor"], line["end_factor"]) == ("1.41", "2")
    assert line["growth"].startswith(f"{math.sqrt(math.sqrt(8) * 2):.3g} (")
    # log2 before is 0, 1 and 0, 0, after 2, 2 and 0, 2: mean squares alike.
    assert line["start_share"].startswith("0 (0 to ")
    assert line["end_share"].startswith("0 (0 to ")
    sentence, _ = layers["notes"]
    assert sentence.startswith("one: 0 % (0 to ")
    assert "between the 2 padding modes" in sentence
    assert "by a factor of up to 2, training multiplies by 2.38 (" in sentence


def test_one_seed_has_no_intervals():
    modes, layers = tables_of({"zeros": [(1.0, 3.0)], "none": [(0.0, 0.0)]})
    line = modes["rows"][0]
    assert (line["end"], line["ratio"], line["ratio_ci95"]) == ("3", "3", None)
    line = layers["rows"][0]
    assert (line["end_share"], line["growth"]) == (None, "3")
    assert not layers["notes"]
