"""The tables and figures of robustness."""

import numpy as np
import pytest

from keras_padpos.studies.robustness import STUDY

REASON = "weights are not finite: training has diverged"
CLEAN, ATTACKED = ", clean", " under attack"
FRACTION = "fraction_vgg5_off_epsilon8"


def trial(attack, accuracy, mode="zeros", seed=0, cutout="off", **more):
    return {
        "model": "vgg5",
        "padding_mode": mode,
        "cutout": cutout,
        "seed": seed,
        "attack": attack,
        "fill": None,
        "region": None,
        "share": None,
        "fraction": 0.0 if attack == "none" else None,
        "epsilon": None,
        "accuracy": accuracy,
        "train_images": 96,
        "test_images": 20,
        "epochs": 9,
        "steps": 4,
        "arrays": f"{mode}-{cutout}-{seed}",
        **more,
    }


def cut(fill, accuracy, mode="zeros", **about):
    return trial("cutout", accuracy, mode, fill=fill, **about)


def attacked(attack, region, accuracy, epsilon=8.0, share=0.1, **about):
    whole = region == "whole"
    return trial(
        attack,
        accuracy,
        region=region,
        share=None if whole else share,
        fraction=1.0 if whole else 4 * share,
        epsilon=epsilon,
        **about,
    )


def lost(mode="zeros", seed=0, cutout="off"):
    """What a network leaves that has diverged."""
    row = trial(None, 0.0, mode, seed, cutout, reason=REASON)
    del row["accuracy"], row["fraction"]
    return row


def table_of(title, rows):
    (table,) = (
        table
        for table in STUDY.lay_out(rows)
        if table["title"].startswith(f"Accuracy in percent{title}")
    )
    return table


@pytest.fixture
def rows():
    return [
        trial("none", 0.8),
        cut("black", 0.5),
        cut("mean", 0.6),
        trial("none", 0.6, seed=1),
        cut("black", 0.1, seed=1),
        cut("mean", 0.6, seed=1),
        trial("none", 0.7, "none"),
        cut("black", 0.3, "none"),
        cut("mean", 0.4, "none"),
    ]


@pytest.fixture
def attacks():
    return [
        trial("none", 0.9),
        *(
            attacked(attack, region, accuracy - epsilon / 100, epsilon, share)
            for epsilon in (2.0, 8.0)
            for attack, region, share, accuracy in (
                ("noise", "whole", None, 0.8),
                ("noise", "border", 0.1, 0.85),
                ("noise", "interior", 0.1, 0.84),
                ("noise", "border", 0.05, 0.87),
                ("noise", "interior", 0.05, 0.86),
                ("pgd", "whole", None, 0.1),
            )
        ),
    ]


def test_seeds_are_averaged_and_networks_kept_apart(rows):
    table = table_of(CLEAN, rows)
    names = ("clean", "black", "mean", "seeds", "steps")
    # (80 + 60) / 2, and half their difference times the root of 2.
    assert [[line[name] for name in names] for line in table["rows"]] == [
        ["70.0 ± 14.1", "30.0 ± 28.3", "60.0 ± 0.0", 2, 4],
        ["70.0", "30.0", "40.0", 1, 4],
    ]
    columns = dict(table["columns"])
    assert "steps" in columns and "epochs" not in columns


def test_a_line_is_a_network_a_size_and_a_width(attacks):
    lines = table_of(ATTACKED, attacks)["rows"]
    assert [(line["epsilon"], line["pixels"]) for line in lines] == [
        (size, pixels) for size in "28" for pixels in ("40.0", "20.0")
    ]
    expected = {
        "clean": "90.0",
        "noise whole": "72.0",
        "noise border": "79.0",
        "noise interior": "78.0",
        "pgd whole": "2.0",
        "pgd border": None,
    }
    assert expected.items() <= lines[-1].items()
    # Without borders there is no share of theirs.
    (line,) = table_of(ATTACKED, [attacked("pgd", "whole", 0.5)])["rows"]
    expected = {"clean": None, "pixels": None, "pgd whole": "50.0"}
    assert expected.items() <= line.items()


def test_clean_accuracy_is_told_whatever_was_measured(rows, attacks):
    clean = [row for row in rows if row["attack"] == "none"]
    cutout = f"{CLEAN} and with squares cut out of test pictures"
    for some, titles in (
        (clean, [CLEAN]),
        (attacks, [ATTACKED]),
        ([*rows, *attacks], [cutout, ATTACKED]),
    ):
        tables = STUDY.lay_out(some)
        assert [table["title"] for table in tables] == [
            f"Accuracy in percent{title}" for title in titles
        ]
        for table in tables:
            assert ("clean", "clean") in table["columns"]
            assert table["rows"][0]["clean"]


@pytest.mark.parametrize("title", [CLEAN, ATTACKED])
def test_one_seed_has_its_interval_and_several_have_none(title):
    rows = [
        trial("none", 0.5, accuracy_ci95=[0.25, 0.75]),
        cut("black", 0.4, accuracy_ci95=[0.3, 0.5]),
        attacked("pgd", "whole", 0.1, accuracy_ci95=[0.0, 0.2]),
        trial("none", 0.5, seed=1, mode="none", accuracy_ci95=[0.4, 0.6]),
        trial("none", 0.7, seed=2, mode="none", accuracy_ci95=[0.6, 0.8]),
    ]
    table = table_of(title, rows)
    assert ("interval", "95 %") in table["columns"]
    intervals = [line["interval"] for line in table["rows"]]
    assert intervals == ["25.0 to 75.0", None]
    # Results of earlier versions have none.
    for row in rows:
        del row["accuracy_ci95"]
    lines = table_of(title, rows)["rows"]
    assert {line["interval"] for line in lines} == {None}


@pytest.mark.parametrize("title", [CLEAN, ATTACKED])
def test_what_has_diverged_is_said_and_left_out(rows, attacks, title):
    diverged = [("none", 1), ("reflect", 0), ("reflect", 1)]
    rows += [*attacks[1:], *(lost(mode, seed) for mode, seed in diverged)]
    table = table_of(title, rows)
    lines = {line["padding_mode"]: line for line in table["rows"]}
    seeds = {mode: line["seeds"] for mode, line in lines.items()}
    assert seeds == {"zeros": 2, "none": "1 of 2", "reflect": "0 of 2"}
    assert lines["none"]["clean"] == "70.0"
    assert lines["reflect"]["clean"] is None
    assert lines["reflect"]["steps"] == 4
    for mode, seed in diverged:
        assert f"vgg5, {mode}, off, seed {seed}: {REASON}" in table["notes"]


def test_where_all_have_diverged_that_is_what_is_told(plot):
    rows = [lost(), lost(seed=1)]
    (table,) = STUDY.lay_out(rows)
    (line,) = table["rows"]
    assert (line["clean"], line["seeds"]) == (None, "0 of 2")
    assert sum(REASON in note for note in table["notes"]) == 2
    assert plot(rows).found == {}


def test_borders_are_compared_with_interiors():
    def compared(difference, interval, **about):
        return attacked(
            "pgd",
            "interior",
            0.5,
            border_minus_interior=difference,
            border_minus_interior_ci95=interval,
            **about,
        )

    table = STUDY.lay_out(
        [
            trial("none", 0.9, border_minus_interior=None),
            compared(-0.25, [-0.5, 0.0]),
            compared(0.1, [0.0, 0.2], mode="none"),
            compared(0.3, [0.2, 0.4], mode="none", seed=1),
            lost("reflect"),
        ]
    )[-1]
    assert "border less that of the interior" in table["title"]
    names = ("pgd", "seeds", "epsilon", "pixels")
    # The mean of 10 and 30, and half of 20 times the root of 2.
    assert [[line[name] for name in names] for line in table["rows"]] == [
        ["-25.0 (-50.0 to +0.0)", 1, "8", "40.0"],
        ["+20.0 ± 14.1", 2, "8", "40.0"],
    ]


def test_sizes_that_are_nearly_alike_are_told_apart(plot):
    sizes = (4, 4.00000001)
    rows = [
        attacked("pgd", region, 0.5, size)
        for size in sizes
        for region in ("whole", "border", "interior")
    ]
    lines = table_of(ATTACKED, rows)["rows"]
    assert [line["epsilon"] for line in lines] == ["4", "4.00000001"]
    figures = plot(rows)
    for size in sizes:
        assert f"fraction_vgg5_off_epsilon{size}" in figures.found


@pytest.fixture
def plot(drawn):
    def plot(rows, arrays=()):
        curve = {"accuracy": lambda row: [0.1, 0.5 + row["seed"] / 4]}
        return drawn(STUDY, rows, arrays, **curve)

    return plot


def test_learning_is_drawn_for_each_fill_and_padding(rows, plot):
    rows.append(trial("none", 0.2, cutout="black"))
    figures = plot([*rows, lost("none", 1), lost("circular")])
    names = {"cutout_vgg5", "learning_vgg5_off", "learning_vgg5_black"}
    assert set(figures.found) == names
    # Half of 0.5 and 0.75, the two seeds.
    assert figures.lines("learning_vgg5_off") == {
        "zeros": [[2, 0.1], [4, 0.625]],
        "no padding": [[2, 0.1], [4, 0.5]],
    }
    assert figures.legend("learning_vgg5_off") == ["zeros", "no padding"]
    assert list(figures.lines("learning_vgg5_black")) == ["zeros"]


def test_squares_are_drawn_by_fill_in_training_and_in_test(rows, plot):
    rows += [
        trial("none", 1.0, cutout="black"),
        cut("black", 0.9, cutout="black"),
        cut("mean", 0.8, cutout="black"),
        # Without padding it has diverged.
        lost("none", cutout="black"),
    ]
    panels = plot(rows).panels("cutout_vgg5")
    panels = {name: axis for name, axis in panels.items() if axis.images}

    def texts(artists):
        return [artist.get_text() for artist in artists]

    assert {mode: texts(axis.texts) for mode, axis in panels.items()} == {
        "zeros": ["70", "30", "60", "100", "90", "80"],
        "no padding": ["70", "30", "40", "-", "-", "-"],
    }
    zeros = panels["zeros"]
    assert texts(zeros.get_xticklabels()) == ["clean", "black", "mean"]
    assert texts(zeros.get_yticklabels()) == ["off", "black"]
    # One scale in all panels.
    limits = [axis.images[0].get_clim() for axis in panels.values()]
    assert np.allclose(limits, [(0.3, 1)] * 2)


def test_shares_are_drawn_from_none_to_all(attacks, plot):
    more = [
        {**row, "padding_mode": "none", "accuracy": row["accuracy"] / 2}
        for row in attacks
    ]
    figures = plot([*attacks, *more, lost("none", 1), lost("reflect")])
    assert {FRACTION, "fraction_vgg5_off_epsilon2"} < set(figures.found)
    # pgd was not made on the border.
    panels = figures.panels(FRACTION)
    assert list(panels) == ["noise"]
    lines = figures.lines(FRACTION, "noise")
    assert list(lines) == figures.legend(FRACTION)
    border = [[0, 0.9], [0.2, 0.79], [0.4, 0.77], [1, 0.72]]
    assert lines["zeros, border"] == border
    assert lines["zeros, interior"][1] == [0.2, 0.78]
    assert lines["no padding, border"][0] == [0, 0.45]
    text = " ".join(panels["noise"].get_xlabel().split())
    assert text == "share of pixels 0.20, 0.40: --shares 0.05, 0.1"


def test_each_attack_has_a_scale_that_fits(attacks, plot):
    more = [
        attacked("pgd", region, accuracy, 8.0, share)
        for region, share, accuracy in (
            ("border", 0.1, 0.3),
            ("interior", 0.1, 0.2),
            ("border", 0.05, 0.5),
            ("interior", 0.05, 0.4),
        )
    ]
    panels = plot([*attacks, *more]).panels(FRACTION)
    # Scores of noise are from 0.72 to 0.9, of the other from 0.02 to 0.9.
    for attack, low, high in (("noise", 0.72, 0.9), ("pgd", 0.02, 0.9)):
        bottom, top = panels[attack].get_ylim()
        margin = 0.1 * (high - low)
        assert low - margin < bottom < low and high < top < high + margin


def test_perturbations_are_those_of_the_first_seed_that_has_some(plot):
    rows, arrays = [], {}
    for mode, seed, value in (("zeros", 0, 4.0), ("none", 1, -8.0)):
        for region, suffix in (("whole", "whole"), ("border", "border-0.1")):
            row = attacked("universal", region, 0.5, mode=mode, seed=seed)
            name = f"{row['arrays']}/universal-8-{suffix}"
            arrays[name] = np.full((2, 2, 3), value)
            rows.append(row)
    rows += [lost("none", 0), {**rows[0], "seed": 1, "arrays": "zeros-off-1"}]
    figures = plot(rows, arrays)
    axes = figures.found["perturbations_vgg5_off_epsilon8"].axes
    titles = [axis.get_title() for axis in axes[:2]]
    assert titles == ["whole", "border 0.1"]
    assert [axis.get_ylabel() for axis in axes[::2]] == ["zeros", "none"]
    # From -8 to 8 is from black to white.
    shown = [axis.images[0].get_array().max() for axis in axes]
    assert shown == [0.75, 0.75, 0, 0]
