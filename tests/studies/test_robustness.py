"""The tables and figures of robustness."""

import numpy as np
import pytest
from drawn_figures import DrawnFigures

from keras_padpos.studies.robustness import STUDY

REASON = "weights are not finite: training has diverged"


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


def cut(fill, accuracy, **about):
    return trial("cutout", accuracy, fill=fill, **about)


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


CLEAN, ATTACKED = ", clean", " under attack"


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
        cut("black", 0.3, mode="none"),
        cut("mean", 0.4, mode="none"),
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
    zeros, none = table["rows"]
    # (80 + 60) / 2, and half their difference times the root of 2.
    assert zeros["clean"] == "70.0 ± 14.1"
    assert zeros["black"] == "30.0 ± 28.3"
    assert zeros["mean"] == "60.0 ± 0.0"
    assert (zeros["seeds"], zeros["steps"]) == (2, 4)
    assert (none["clean"], none["black"], none["seeds"]) == ("70.0", "30.0", 1)
    columns = dict(table["columns"])
    assert "steps" in columns and "epochs" not in columns


def test_a_line_is_a_network_a_size_and_a_width(attacks):
    lines = table_of(ATTACKED, attacks)["rows"]
    assert [(line["epsilon"], line["pixels"]) for line in lines] == [
        ("2", "40.0"),
        ("2", "20.0"),
        ("8", "40.0"),
        ("8", "20.0"),
    ]
    last = lines[-1]
    assert (last["clean"], last["noise whole"]) == ("90.0", "72.0")
    assert (last["noise border"], last["noise interior"]) == ("79.0", "78.0")
    assert (last["pgd whole"], last["pgd border"]) == ("2.0", None)


def test_clean_accuracy_is_told_whatever_was_measured(rows, attacks):
    def titles(rows):
        return [table["title"] for table in STUDY.lay_out(rows)]

    clean = [row for row in rows if row["attack"] == "none"]
    assert titles(clean) == ["Accuracy in percent, clean"]
    assert titles(attacks) == ["Accuracy in percent under attack"]
    assert titles([*rows, *attacks]) == [
        "Accuracy in percent, clean and with squares cut out of test pictures",
        "Accuracy in percent under attack",
    ]
    for found in (clean, rows, attacks):
        for table in STUDY.lay_out(found):
            assert ("clean", "clean") in table["columns"]
            assert table["rows"][0]["clean"]


def test_without_borders_there_is_no_share_of_theirs():
    (line,) = table_of(ATTACKED, [attacked("pgd", "whole", 0.5)])["rows"]
    assert (line["pixels"], line["pgd whole"]) == (None, "50.0")
    assert line["clean"] is None


@pytest.mark.parametrize("title", [CLEAN, ATTACKED])
def test_one_seed_has_its_interval_and_several_have_none(title):
    rows = [
        trial("none", 0.5, accuracy_ci95=[0.25, 0.75]),
        cut("black", 0.4, accuracy_ci95=[0.3, 0.5]),
        attacked("pgd", "whole", 0.1, accuracy_ci95=[0.0, 0.2]),
        trial("none", 0.5, seed=1, mode="none", accuracy_ci95=[0.4, 0.6]),
        trial("none", 0.7, seed=2, mode="none", accuracy_ci95=[0.6, 0.8]),
    ]
    found = table_of(title, rows)
    assert ("interval", "95 %") in found["columns"]
    assert [line["interval"] for line in found["rows"]] == [
        "25.0 to 75.0",
        None,
    ]
    # Results of earlier versions have none.
    for row in rows:
        del row["accuracy_ci95"]
    lines = table_of(title, rows)["rows"]
    assert {line["interval"] for line in lines} == {None}


@pytest.mark.parametrize("title", [CLEAN, ATTACKED])
def test_what_has_diverged_is_said_and_left_out(rows, attacks, title):
    rows += [
        *attacks[1:],
        lost("none", 1),
        lost("reflect", 0),
        lost("reflect", 1),
    ]
    found = table_of(title, rows)
    seeds = {line["padding_mode"]: line["seeds"] for line in found["rows"]}
    assert seeds == {"zeros": 2, "none": "1 of 2", "reflect": "0 of 2"}
    last = found["rows"][-1]
    assert last["clean"] is None and last["steps"] == 4
    none = next(
        line for line in found["rows"] if line["padding_mode"] == "none"
    )
    assert none["clean"] == "70.0"
    for mode, seed in (("none", 1), ("reflect", 0), ("reflect", 1)):
        assert f"vgg5, {mode}, off, seed {seed}: {REASON}" in found["notes"]


def test_where_all_have_diverged_that_is_what_is_told():
    (table,) = STUDY.lay_out([lost(), lost(seed=1)])
    (line,) = table["rows"]
    assert (line["clean"], line["seeds"]) == (None, "0 of 2")
    assert sum(REASON in note for note in table["notes"]) == 2


def test_borders_are_compared_with_interiors():
    def compared(difference, interval=None, seed=0, **about):
        return attacked(
            "pgd",
            "interior",
            0.5,
            seed=seed,
            border_minus_interior=difference,
            border_minus_interior_ci95=interval,
            **about,
        )

    rows = [
        trial("none", 0.9, border_minus_interior=None),
        compared(-0.25, [-0.5, 0.0]),
        compared(0.1, [0.0, 0.2], mode="none"),
        compared(0.3, [0.2, 0.4], mode="none", seed=1),
        lost("reflect"),
    ]
    table = STUDY.lay_out(rows)[-1]
    assert "border less that of the interior" in table["title"]
    zeros, none = table["rows"]
    assert zeros["pgd"] == "-25.0 (-50.0 to +0.0)"
    assert (zeros["seeds"], zeros["epsilon"]) == (1, "8")
    # The mean of 10 and 30, and half of 20 times the root of 2.
    assert (none["pgd"], none["seeds"]) == ("+20.0 ± 14.1", 2)
    assert none["pixels"] == "40.0"


def test_sizes_that_are_nearly_alike_are_told_apart():
    rows = [attacked("pgd", "whole", 0.5, size) for size in (4, 4.00000001)]
    lines = table_of(ATTACKED, rows)["rows"]
    assert [line["epsilon"] for line in lines] == ["4", "4.00000001"]


@pytest.fixture
def drawn(tmp_path, monkeypatch):
    def draw(rows, arrays=None):
        curves = {}
        for row in rows:
            label = row["arrays"]
            curves[f"{label}/step"] = np.array([2, 4])
            curves[f"{label}/accuracy"] = np.array([0.1, 0.5 + row["seed"] / 4])
        figures = DrawnFigures(tmp_path, monkeypatch)
        STUDY.figures(figures, rows, {**curves, **(arrays or {})})
        return figures

    return draw


def test_learning_is_drawn_for_each_fill_and_padding(rows, drawn):
    rows.append(trial("none", 0.2, cutout="black"))
    figures = drawn([*rows, lost("none", 1), lost("circular")])
    assert set(figures.found) == {
        "cutout_vgg5",
        "learning_vgg5_off",
        "learning_vgg5_black",
    }
    # Half of 0.5 and 0.75, the two seeds.
    assert figures.lines("learning_vgg5_off") == {
        "zeros": [[2, 0.1], [4, 0.625]],
        "none": [[2, 0.1], [4, 0.5]],
    }
    assert figures.legend("learning_vgg5_off") == ["zeros", "none"]
    assert list(figures.lines("learning_vgg5_black")) == ["zeros"]


def test_squares_are_drawn_by_fill_in_training_and_in_test(rows, drawn):
    rows += [
        trial("none", 1.0, cutout="black"),
        cut("black", 0.9, cutout="black"),
        cut("mean", 0.8, cutout="black"),
        # Without padding it has diverged.
        lost("none", cutout="black"),
    ]
    panels = drawn(rows).panels("cutout_vgg5")
    assert list(panels) == ["zeros", "none"]
    words = {
        mode: [text.get_text() for text in axis.texts]
        for mode, axis in panels.items()
    }
    assert words["zeros"] == ["70", "30", "60", "100", "90", "80"]
    assert words["none"] == ["70", "30", "40", "-", "-", "-"]
    zeros = panels["zeros"]
    ticks = [text.get_text() for text in zeros.get_xticklabels()]
    assert ticks == ["clean", "black", "mean"]
    assert [text.get_text() for text in zeros.get_yticklabels()] == [
        "off",
        "black",
    ]
    # One scale in all panels.
    limits = [axis.images[0].get_clim() for axis in panels.values()]
    assert np.allclose(limits, [(0.3, 1)] * 2)


def test_shares_are_drawn_from_none_to_all(attacks, drawn):
    more = [{**row, "padding_mode": "none"} for row in attacks]
    for row in more:
        row["accuracy"] /= 2
    figures = drawn([*attacks, *more, lost("none", 1), lost("reflect")])
    assert {"fraction_vgg5_off_epsilon2", "fraction_vgg5_off_epsilon8"} < set(
        figures.found
    )
    # pgd was not made on the border.
    name = "fraction_vgg5_off_epsilon8"
    assert list(figures.panels(name)) == ["noise"]
    lines = figures.lines(name, "noise")
    assert list(lines) == figures.legend(name)
    assert lines["zeros, border"] == [
        [0, 0.9],
        [0.2, 0.79],
        [0.4, 0.77],
        [1, 0.72],
    ]
    assert lines["zeros, interior"][1] == [0.2, 0.78]
    assert lines["none, border"][0] == [0, 0.45]


def test_each_attack_has_a_scale_that_fits(attacks, drawn):
    more = [
        attacked("pgd", region, accuracy, 8.0, share)
        for region, share, accuracy in (
            ("border", 0.1, 0.3),
            ("interior", 0.1, 0.2),
            ("border", 0.05, 0.5),
            ("interior", 0.05, 0.4),
        )
    ]
    panels = drawn([*attacks, *more]).panels("fraction_vgg5_off_epsilon8")
    # Scores of noise are from 0.72 to 0.9, of the other from 0.02 to 0.9.
    for attack, low, high in (("noise", 0.72, 0.9), ("pgd", 0.02, 0.9)):
        bottom, top = panels[attack].get_ylim()
        margin = 0.1 * (high - low)
        assert low - margin < bottom < low and high < top < high + margin


def test_points_are_told_by_the_shares_of_the_border(attacks, drawn):
    panels = drawn(attacks).panels("fraction_vgg5_off_epsilon8")
    words = " ".join(panels["noise"].get_xlabel().split())
    assert words == "share of pixels 0.20, 0.40: --shares 0.05, 0.1"


def test_perturbations_are_those_of_the_first_seed_that_has_some(drawn):
    rows, arrays = [], {}
    for mode, seed, value in (("zeros", 0, 4.0), ("none", 1, -8.0)):
        for region in ("whole", "border"):
            rows.append(
                attacked("universal", region, 0.5, mode=mode, seed=seed)
            )
            name = "universal-8-whole"
            if region == "border":
                name = "universal-8-border-0.1"
            arrays[f"{rows[-1]['arrays']}/{name}"] = np.full((2, 2, 3), value)
    rows += [lost("none", 0), {**rows[0], "seed": 1, "arrays": "zeros-off-1"}]
    figures = drawn(rows, arrays)
    figure = figures.found["perturbations_vgg5_off_epsilon8"]
    assert [axis.get_title() for axis in figure.axes[:2]] == [
        "whole",
        "border 0.1",
    ]
    assert [axis.get_ylabel() for axis in figure.axes[::2]] == ["zeros", "none"]
    # From -8 to 8 is from black to white.
    shown = [axis.images[0].get_array().max() for axis in figure.axes]
    assert shown == [0.75, 0.75, 0, 0]


def test_sizes_that_are_nearly_alike_have_figures_of_their_own(drawn):
    sizes = (4, 4.00000001)
    rows = [
        attacked("pgd", region, 0.1, size)
        for size in sizes
        for region in ("whole", "border", "interior")
    ]
    figures = drawn(rows)
    for size in sizes:
        assert f"fraction_vgg5_off_epsilon{size}" in figures.found


def test_where_all_have_diverged_nothing_is_drawn(drawn):
    assert drawn([lost(), lost("none")]).found == {}
