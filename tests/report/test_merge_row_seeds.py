"""Seeds of rows that nobody knows."""

import random

from keras_padpos.report.content import merge_row_seeds

SIZES = (2.0, 8.0)
PLACES = (
    ("whole", None, 1.0),
    ("border", 0.05, 0.19),
    ("border", 0.1, 0.36),
    ("interior", 0.1, 0.36),
)


def attacked(seed, accuracy=lambda epsilon, fraction, seed: 0.5):
    """Rows of one seed, as `robustness` writes them."""
    return [
        {
            "model": "vgg5",
            "seed": seed,
            "attack": "pgd",
            "region": region,
            "share": share,
            "fraction": fraction,
            "epsilon": epsilon,
            "accuracy": accuracy(epsilon, fraction, seed),
        }
        for epsilon in SIZES
        for region, share, fraction in PLACES
    ]


def about(row):
    return row["region"], row["share"], row["epsilon"]


def test_sizes_and_shares_are_settings_of_several_seeds():
    def accuracy(epsilon, fraction, seed):
        return 0.9 - epsilon * fraction / 100 - seed / 10

    rows = [row for seed in range(3) for row in attacked(seed, accuracy)]
    merged = merge_row_seeds(rows)
    assert list(map(about, merged)) == list(map(about, attacked(0)))
    found = {about(row): row for row in merged}
    for epsilon in SIZES:
        for region, share, fraction in PLACES:
            row = found[region, share, epsilon]
            # Of 0, 0.1 and 0.2 less the mean is 0.1 less.
            mean = 0.8 - epsilon * fraction / 100
            assert row["accuracy"] == f"{mean:.3f} ± 0.100"
            assert (row["seed"], row["seeds"]) == ("0, 1, 2", 3)
            assert row["fraction"] == fraction


def test_scores_that_are_swapped_are_no_settings():
    # Each seed has both scores, at the other size.
    rows = [row for seed in range(2) for row in attacked(seed)]
    for number, row in enumerate(rows):
        swapped = (row["epsilon"] == 8) != (row["seed"] == 1)
        row["accuracy"] = 0.25 if swapped else 0.75
        row["place"] = number % len(PLACES)
    for row in merge_row_seeds(rows):
        assert row["accuracy"] == "0.500 ± 0.354"


def test_the_order_of_rows_does_not_matter():
    rows = [row for seed in range(2) for row in attacked(seed)]
    random.Random(0).shuffle(rows)
    merged = merge_row_seeds(rows)
    assert len(merged) == len(SIZES) * len(PLACES)
    assert {row["seeds"] for row in merged} == {2}


def test_settings_of_one_seed_stay_as_they_are():
    rows = attacked(0)
    assert merge_row_seeds(rows) == [{**row, "seeds": 1} for row in rows]


def test_a_size_that_one_seed_lacks_is_not_averaged_with_another():
    rows = [*attacked(0), *attacked(1)[:-1]]
    merged = merge_row_seeds(rows)
    interior = [row for row in merged if row["region"] == "interior"]
    assert [row["epsilon"] for row in interior] == [2.0, 8.0, 2.0]
    assert {row["seeds"] for row in interior} == {1}


def test_what_is_given_twice_is_there_twice():
    rows = attacked(0)[:1] * 2
    assert merge_row_seeds(rows) == [{**row, "seeds": 1} for row in rows]


def test_rows_that_nothing_tells_apart_stay_as_they_are():
    rows = [
        {"seed": seed, "epsilon": 2.0, "x": x}
        for seed in (0, 1)
        for x in (0.1, 0.1)
    ]
    assert merge_row_seeds(rows) == [{**row, "seeds": 1} for row in rows]
