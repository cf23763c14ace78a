import keras
import numpy as np
import pytest
from large_on_tensorflow import large_on_tensorflow
from PIL import Image

from keras_padpos.data import open_images
from keras_padpos.probes import Head
from keras_padpos.probes import _position_budget
from keras_padpos.probes import feature_batches
from keras_padpos.probes import position_probe
from keras_padpos.probes import position_target

SIZE = 32
GRID = 8
ROW = (
    "target",
    "kernel_size",
    "head_layers",
    "head_padding",
    "solver",
    "test_set",
    "images",
    "spearman",
    "spearman_ci95",
    "mae",
    "chance_mae",
)


class Place(keras.layers.Layer):
    """Adds a channel that holds the column of each cell, in (0, 1)."""

    def call(self, inputs):
        column = keras.ops.convert_to_tensor(
            position_target("horizontal", GRID)[..., None]
        )
        return keras.ops.concatenate(
            [inputs, keras.ops.zeros_like(inputs[..., :1]) + column], axis=-1
        )


def network(knows_place):
    inputs = keras.Input((SIZE, SIZE, 3))
    x = keras.layers.Rescaling(1 / 50, -2.5)(inputs)
    x = keras.layers.AveragePooling2D(SIZE // GRID)(x)
    return keras.Model(inputs, Place()(x) if knows_place else x)


@pytest.fixture
def photographs(tmp_path):
    """Three pictures without any order in them, as JPEG and PNG."""
    rng = np.random.default_rng(0)
    for number, ending in enumerate(("jpg", "png", "jpeg")):
        pixels = rng.integers(0, 256, (40, 36, 3), "uint8")
        Image.fromarray(pixels).save(tmp_path / f"{number}.{ending}")
    return open_images(tmp_path, size=SIZE)


@pytest.fixture
def noise():
    return open_images("noise", size=SIZE, count=6, seed=1)


def by_target(rows):
    return {row["target"]: row for row in rows}


@pytest.mark.parametrize(
    ("solver", "spearman", "mae"), [("exact", 0.98, 0.1), ("sgd", 0.9, 0.4)]
)
def test_features_that_encode_the_column_read_it_and_nothing_else(
    solver, spearman, mae, photographs, noise
):
    rows, _ = position_probe(
        network(knows_place=True),
        noise,
        {"photographs": photographs},
        targets=("horizontal", "vertical"),
        solver=solver,
        epochs=200,
        learning_rate=0.5,
    )
    rows = by_target(rows)
    assert rows["horizontal"]["spearman"] > spearman
    assert rows["horizontal"]["mae"] < mae * rows["horizontal"]["chance_mae"]
    assert abs(rows["vertical"]["spearman"]) < 0.2
    assert rows["vertical"]["mae"] > 0.8 * rows["vertical"]["chance_mae"]


@pytest.mark.parametrize("solver", ["exact", "sgd"])
def test_features_without_place_read_no_position(solver, photographs, noise):
    rows, _ = position_probe(
        network(knows_place=False),
        noise,
        {"photographs": photographs},
        targets=("horizontal", "gaussian"),
        solver=solver,
    )
    assert len(rows) == 2
    for row in rows:
        assert abs(row["spearman"]) < 0.2
        assert row["mae"] > 0.8 * row["chance_mae"]


def test_place_is_found_by_the_border_that_a_padded_head_sees(noise):
    black = open_images("black", size=SIZE)
    rows, _ = position_probe(
        network(knows_place=False),
        noise,
        {"black": black},
        targets=("horizontal",),
        heads=[Head(3), Head(3, padding=1)],
    )
    inside, padded = rows
    assert inside["spearman"] == 0
    assert padded["spearman"] != 0


def test_there_is_a_row_for_each_head_target_and_test_set(photographs, noise):
    heads = [Head(), Head(3), Head(3, padding=1)]
    targets = ("gaussian", "horizontal")
    tests = {"photographs": photographs, "noise": noise}
    rows, arrays = position_probe(
        network(knows_place=True), noise, tests, targets=targets, heads=heads
    )
    for row in rows:
        assert set(ROW) <= set(row)
        assert row["solver"] == "exact"
        assert row["train_images"] == 6
    found = {
        (
            row["kernel_size"],
            row["head_layers"],
            row["head_padding"],
            row["target"],
            row["test_set"],
            row["images"],
        )
        for row in rows
    }
    assert found == {
        (head.kernel_size, 1, head.padding, target, test, images)
        for head in heads
        for target in targets
        for test, images in (("photographs", 3), ("noise", 6))
    }
    assert len(rows) == len(found)
    assert len({row["arrays"] for row in rows}) == len(rows)
    for row in rows:
        size = Head(row["kernel_size"], 1, row["head_padding"]).size(GRID)
        scores = arrays[row["arrays"] + "/spearman"]
        numbers = arrays[row["arrays"] + "/photographs"]
        assert len(np.unique(numbers)) == row["photographs"]
        assert numbers.shape == scores.shape
        errors = arrays[row["arrays"] + "/mae"]
        assert scores.shape == (row["images"],)
        assert scores.mean() == pytest.approx(row["spearman"])
        assert errors.mean() == pytest.approx(row["mae"])
        np.testing.assert_array_equal(
            arrays[row["arrays"] + "/target"],
            position_target(row["target"], size),
        )
        examples = arrays[row["arrays"] + "/examples"]
        assert examples.shape == (min(row["images"], 4), size, size)
        assert row["positions_per_image"] == size**2
        assert row["ridge"] == 1e-3
    assert len(arrays) == 6 * len(rows)


def test_heads_fitted_together_score_as_each_alone(photographs, noise):
    heads = [Head(), Head(3), Head(3, padding=1)]
    arguments = (network(True), noise, {"photographs": photographs})
    together, _ = position_probe(*arguments, heads=heads)
    alone = []
    for head in heads:
        alone += position_probe(*arguments, heads=[head])[0]
    assert together == alone


def test_the_exact_solver_minimises_the_squared_error_of_the_sgd_solver(noise):
    # Both see the same features; given time, descent comes to the optimum.
    # The grid is the pictures' size, so that both take the loss in one place.
    inputs = keras.Input((GRID, GRID, 3))
    x = keras.layers.Rescaling(1 / 50, -2.5)(inputs)
    features = keras.Model(inputs, Place()(x))
    images = open_images("noise", size=GRID, count=6, seed=1)
    arrays = {}
    for solver in ("exact", "sgd"):
        _, found = position_probe(
            features,
            images,
            {"train": images},
            targets=("gaussian",),
            solver=solver,
            ridge=0,
            epochs=150,
            learning_rate=0.3,
        )
        arrays[solver] = found["gaussian/1x1, 1 layer, pad 0/train/examples"]
    difference = np.abs(arrays["exact"] - arrays["sgd"]).max()
    assert difference < 0.02 * np.ptp(arrays["exact"]) + 0.01


@pytest.mark.parametrize("room", [0, 2**20])
def test_features_kept_or_computed_anew_give_the_same_rows(
    room, photographs, noise, monkeypatch
):
    options = {"solver": "sgd", "targets": ("horizontal",), "epochs": 3}
    arguments = (network(True), noise, {"photographs": photographs})
    expected, _ = position_probe(*arguments, **options)
    monkeypatch.setattr(feature_batches, "_KEEP_BYTES", room)
    rows, _ = position_probe(*arguments, **options)
    assert rows == expected


@pytest.mark.parametrize("solver", ["exact", "sgd"])
def test_the_same_seed_gives_the_same_rows(solver, noise):
    tests = {"noise": open_images("noise", size=SIZE, count=12, seed=2)}

    def rows(seed):
        return position_probe(
            network(knows_place=True),
            noise,
            tests,
            targets=("gaussian",),
            solver=solver,
            epochs=1,
            seed=seed,
        )[0]

    assert rows(1) == rows(1)
    assert rows(1) != rows(2)  # another bootstrap, at least


def test_the_exact_solver_does_not_care_for_the_batch_size(photographs, noise):
    def maps(batch_size):
        _, arrays = position_probe(
            network(knows_place=True),
            noise,
            {"photographs": photographs},
            targets=("vertical",),
            batch_size=batch_size,
        )
        return arrays["vertical/1x1, 1 layer, pad 0/photographs/examples"]

    np.testing.assert_allclose(maps(1), maps(6), atol=1e-5)


def test_the_papers_stripes_double_the_error_and_keep_the_ranks(
    photographs, noise
):
    def row(value_range):
        rows, _ = position_probe(
            network(knows_place=True),
            noise,
            {"photographs": photographs},
            targets=("vertical_stripes",),
            value_range=value_range,
        )
        return rows[0]

    released, paper = row("released"), row("paper")
    assert paper["chance_mae"] == pytest.approx(2 * released["chance_mae"])
    assert paper["mae"] == pytest.approx(2 * released["mae"], rel=1e-4)
    assert paper["spearman"] == pytest.approx(released["spearman"], abs=1e-6)


def test_every_picture_is_reported_as_it_goes_through(photographs, noise):
    seen = []
    position_probe(
        network(knows_place=True),
        noise,
        {"photographs": photographs},
        heads=[Head(), Head(3)],
        batch_size=4,
        advance=seen.append,
    )
    assert seen == [4, 2, 3]


def test_sgd_logs_each_head_and_epoch(photographs, noise):
    lines = []
    position_probe(
        network(knows_place=True),
        noise,
        {"photographs": photographs},
        targets=("horizontal",),
        heads=[Head(), Head(3)],
        solver="sgd",
        epochs=2,
        log=lambda **line: lines.append(line),
    )
    assert [
        (line["head"], line["target"], line["epoch"]) for line in lines
    ] == [
        ("1x1, 1 layer, pad 0", "horizontal", 0),
        ("3x3, 1 layer, pad 0", "horizontal", 0),
        ("1x1, 1 layer, pad 0", "horizontal", 1),
        ("3x3, 1 layer, pad 0", "horizontal", 1),
    ]
    assert all(np.isfinite(line["loss"]) for line in lines)


def test_an_unknown_solver_is_an_error_that_lists_the_known_ones(noise):
    with pytest.raises(ValueError) as error:
        position_probe(network(True), noise, {"noise": noise}, solver="lion")
    assert str(error.value) == (
        "`solver` must be one of exact, sgd, adam. Received: solver='lion'"
    )


@pytest.mark.parametrize("head", [Head(output="sigmoid"), Head(layers=2)])
def test_the_exact_solver_takes_linear_heads_of_one_layer(head, noise):
    with pytest.raises(ValueError) as error:
        position_probe(
            network(True), noise, {"noise": noise}, heads=[Head(), head]
        )
    assert str(error.value) == (
        '`solver="exact"` fits linear heads of one layer; use '
        '`solver="sgd"` or "adam" for others. Received a head of '
        f"{head.label}"
    )


def test_an_unknown_target_is_an_error(noise):
    with pytest.raises(ValueError, match="^`target` must be one of"):
        position_probe(
            network(True), noise, {"noise": noise}, targets=("diagonal",)
        )


def staged_network():
    """Two stages; the first holds the column of each cell."""
    inputs = keras.Input((SIZE, SIZE, 3))
    x = keras.layers.Rescaling(1 / 50, -2.5)(inputs)
    x = keras.layers.AveragePooling2D(SIZE // GRID)(x)
    return keras.Model(inputs, {"place": Place()(x), "grey": x[..., :1]})


@pytest.mark.parametrize(
    "solver",
    ["exact", large_on_tensorflow("sgd"), large_on_tensorflow("adam")],
)
def test_many_heads_together_give_the_maps_of_each_alone_to_the_last_bit(
    solver, photographs, noise
):
    # Kernel sizes, depths, head paddings, subsets of stages, outputs, targets.
    if solver == "exact":
        heads = [
            Head(kernel, 1, padding, stages=stages)
            for kernel, padding in ((1, 0), (3, 0), (3, 2), (5, 1), (7, 1))
            for stages in (None, ("grey",), ("place",))
        ]
    else:
        heads = [
            Head(1, output="sigmoid"),
            Head(1),
            Head(3, 3, padding=1, output="sigmoid", width=2),
            Head(3, 2, stages=("grey",)),
            Head(5, padding=2, output="sigmoid", stages=("place",)),
        ]

    def maps(targets, heads):
        return position_probe(
            staged_network(),
            noise,
            {"photographs": photographs},
            targets=targets,
            heads=heads,
            solver=solver,
            epochs=2,
            learning_rate=None if solver == "exact" else 1e-3,
        )[1]

    together = maps(("horizontal", "gaussian"), heads)
    for head in heads:
        alone = maps(("gaussian",), [head])
        for name, array in alone.items():
            np.testing.assert_array_equal(together[name], array, err_msg=name)


def test_a_stage_that_does_not_tell_the_place_does_not_read_it(
    photographs, noise
):
    rows, _ = position_probe(
        staged_network(),
        noise,
        {"photographs": photographs},
        targets=("horizontal",),
        heads=[Head(stages=("place",)), Head(stages=("grey",)), Head()],
    )
    scores = {row["stages"]: row["spearman"] for row in rows}
    assert scores["place"] > 0.95
    assert abs(scores["grey"]) < 0.2
    assert scores["place,grey"] > 0.95


def test_an_unknown_stage_is_an_error(noise):
    with pytest.raises(ValueError) as error:
        position_probe(
            staged_network(),
            noise,
            {"noise": noise},
            heads=[Head(stages=("grey", "conv5"))],
        )
    assert str(error.value) == (
        "`stages` of a head must be among place, grey. Received: 'conv5'"
    )


def test_rows_say_how_the_head_was_fitted(photographs, noise):
    arguments = (staged_network(), noise, {"photographs": photographs})
    (row,) = position_probe(
        *arguments,
        targets=("horizontal",),
        ridge="auto",
        positions_per_image=9,
    )[0]
    assert row["ridge"] in (1e-4, 1e-3, 1e-2, 1e-1, 1.0)
    assert row["positions_per_image"] == 9
    (row,) = position_probe(
        *arguments,
        targets=("horizontal",),
        heads=[Head(3, 2, width=2)],
        solver="adam",
        epochs=1,
    )[0]
    assert row["ridge"] is None
    assert row["positions_per_image"] == 16
    assert row["head_width"] == 2
    assert row["solver"] == "adam"


def test_no_head_no_target_or_one_head_twice_is_an_error(noise):
    arguments = (staged_network(), noise, {"noise": noise})
    with pytest.raises(ValueError, match="^`heads` must hold at least one"):
        position_probe(*arguments, heads=[])
    with pytest.raises(ValueError, match="^`heads` must hold each once"):
        position_probe(*arguments, heads=[Head(), Head()])
    with pytest.raises(ValueError, match="^`targets` must name at least one"):
        position_probe(*arguments, targets=())


def test_features_that_are_not_finite_are_an_error_that_names_the_stage(noise):
    inputs = keras.Input((SIZE, SIZE, 3))
    good = keras.layers.AveragePooling2D(SIZE // GRID)(inputs)
    bad = keras.layers.Rescaling(float("inf"))(good)
    network = keras.Model(inputs, {"good": good, "bad": bad})
    with pytest.raises(ValueError, match="must be finite; those of bad are"):
        position_probe(network, noise, {"noise": noise})


def test_positions_do_not_depend_on_which_network_comes_first(
    tmp_path, monkeypatch
):
    # As if a head of 27 columns were too wide: 60 rows for 6 files, of which
    # 5 are pictures.
    monkeypatch.setattr(_position_budget, "MOST_COLUMNS", 20)
    monkeypatch.setattr(_position_budget, "MOST_ROWS", 60)
    rng = np.random.default_rng(0)
    for number in range(6):
        pixels = rng.integers(0, 256, (40, 36, 3), "uint8")
        Image.fromarray(pixels).save(tmp_path / f"{number}.png")
    (tmp_path / "3.png").write_text("no picture")
    images = open_images(tmp_path, size=SIZE)
    inputs = keras.Input((SIZE, SIZE, 3))
    network = keras.Model(inputs, keras.layers.AveragePooling2D(4)(inputs))

    def rows():
        return position_probe(
            network,
            images,
            {"photographs": images},
            targets=("horizontal",),
            heads=[Head(3)],
        )[0]

    assert images.delivered is None
    first = rows()
    assert images.delivered == 5
    assert first[0]["positions_per_image"] == 10
    assert rows() == first
