import json

import keras
import numpy as np
import pytest

from keras_padpos import tasks
from keras_padpos.metrics import neuron_counts

ops = keras.ops
COUNTS = ("neurons_location", "neurons_class", "neurons_residual")


def data(count=50, size=8):
    rng = np.random.default_rng(0)
    pictures = rng.integers(0, 256, (count, size, size, 3)).astype("uint8")
    return pictures, np.arange(count) % 10


def net(task="both", name="vgg5", size=8, **options):
    keras.utils.set_random_seed(0)
    return tasks.location_net(name, task, 3, size=size, **options)


@pytest.fixture(scope="module")
def vgg5():
    return net()


def knowing(latent, units, grid=3):
    """A network whose map says the same everywhere, of cell or picture."""
    inputs = {
        "picture": keras.Input((8, 8, 3), name="picture"),
        "cell": keras.Input((), dtype="int32", name="cell"),
    }
    side = 8 * grid
    whole = keras.layers.Lambda(
        lambda x: ops.broadcast_to(
            latent(x)[:, None, None, :],
            (ops.shape(x["cell"])[0], side, side, units),
        ),
        output_shape=(side, side, units),
        name="normal",
    )(inputs)
    maps = keras.Input((side, side, units))
    inside = keras.Model(maps, keras.layers.ReLU(name="out")(maps))
    return keras.Model(inputs, {"class": inside(whole)})


@pytest.mark.parametrize("what", ["location", "class"])
def test_a_latent_of_one_factor_has_its_score_alone(what):
    def latent(x):
        if what == "location":
            return ops.one_hot(x["cell"], 9)
        return ops.one_hot(ops.cast(x["picture"][:, 0, 0, 0], "int32"), 9)

    pictures, labels = data(9 * 45)
    labels = np.arange(len(labels)) % 9
    pictures[:, 0, 0, 0] = labels
    found = tasks.location_representations(
        knowing(latent, 9), pictures, labels, 3
    )
    other = "class" if what == "location" else "location"
    assert found[f"score_{what}"] == pytest.approx(1)
    assert abs(found[f"score_{other}"]) < 0.02
    assert found[f"neurons_{what}"] == 3
    assert found[f"neurons_{other}"] == 1
    assert found["units"] == sum(found[each] for each in COUNTS) == 9
    # It is the same at each place of the map.
    assert found["position_units"]["out"] == {
        "units": 9,
        "aware": 0,
        "by_side": {"top": 0, "bottom": 0, "left": 0, "right": 0},
    }


def test_progress_counts_every_canvas():
    seen = []
    model = knowing(lambda x: ops.one_hot(x["cell"], 9), 9)
    tasks.location_representations(model, *data(50), 3, advance=seen.append)
    assert seen == [32, 18]


def test_the_size_of_batches_does_not_matter(vgg5):
    one, other = (
        tasks.location_representations(vgg5, *data(), 3, batch_size=size)
        for size in (25, 50)
    )
    for name in ("score_location", "score_class"):
        assert one[name] == pytest.approx(other[name], abs=1e-5)
    assert one["position_units"] == other["position_units"]


def test_cells_depend_on_the_seed_alone(vgg5):
    one, same, other = (
        tasks.location_representations(vgg5, *data(32), 3, seed=seed)
        for seed in (1, 1, 2)
    )
    assert one == same
    assert one != other
    json.dumps(one)


@pytest.mark.parametrize("task", ["classification", "segmentation"])
def test_counts_are_those_of_the_pooled_last_map(task):
    model = net(task)
    pictures, labels = data()
    found = tasks.location_representations(model, pictures, labels, 3, seed=4)
    cells = np.random.default_rng(4).permutation(50) % 9
    assert sorted(np.bincount(cells)) == [5] * 4 + [6] * 5
    inside = next(x for x in model.layers if isinstance(x, keras.Model))
    canvases = keras.Model(model.input, model.get_layer("normal").output)(
        {"picture": pictures.astype("float32"), "cell": cells}
    )
    last = keras.Model(inside.input, inside.get_layer("stage4_out").output)
    latents = ops.convert_to_numpy(last(canvases)).mean(axis=(1, 2))
    expected = neuron_counts(latents, {"location": cells, "class": labels})
    for name, score in expected.scores.items():
        assert found[f"score_{name}"] == pytest.approx(score, abs=1e-5)
    for name, count in expected.counts.items():
        assert found[f"neurons_{name}"] == count
    if task == "classification":
        pooled = keras.Model(model.input, model.get_layer("latent").output)(
            {"picture": pictures.astype("float32"), "cell": cells}
        )
        np.testing.assert_allclose(
            ops.convert_to_numpy(pooled), latents, rtol=1e-4, atol=1e-5
        )


@pytest.mark.parametrize("fill", ["black", "white"])
def test_only_padding_is_left_on_empty_canvases(fill):
    pictures = np.full((20, 16, 16, 3), {"black": 0, "white": 255}[fill])
    labels = np.arange(20) % 2
    by_mode = {
        mode: tasks.location_representations(
            net(size=16, padding_mode=mode, canvas=fill), pictures, labels, 3
        )
        for mode in ("none", "zeros", "replicate")
    }
    for mode, found in by_mode.items():
        # Every canvas is the same, so nothing is encoded.
        assert found["score_location"] == found["score_class"] == 0
        for name, each in found["position_units"].items():
            if mode == "zeros":
                assert each["aware"] > each["units"] / 3
                assert min(each["by_side"].values()) > 0
            elif mode == "none" and name == "stage4_out":
                # 2 x 2 positions are left.
                assert each["aware"] is None
                assert each["by_side"] is None
            else:
                assert each["aware"] == 0


def test_every_relu_of_a_residual_network_is_read():
    found = tasks.location_representations(
        net("segmentation", "resnet18"), *data(20), 3, batch_size=20
    )
    # That of the stem, and two in each of eight blocks.
    assert len(found["position_units"]) == 17
    assert found["position_units"]["stage4_block2_out"]["units"] == 512
    assert found["units"] == 512


@pytest.mark.parametrize(
    ("count", "labels", "message"),
    [
        (20, 19, "must be as many"),
        (9, 9, "more than the 9 cells"),
        (
            20,
            20,
            "No two different samples share a label of the factor 'class'",
        ),
    ],
)
def test_errors(vgg5, count, labels, message):
    with pytest.raises(ValueError, match=message):
        tasks.location_representations(
            vgg5, data(count)[0], np.arange(labels), 3
        )


def test_other_models_are_an_error():
    inputs = keras.Input((8, 8, 3))
    with pytest.raises(ValueError, match="must be one of `location_net`"):
        tasks.location_representations(
            keras.Model(inputs, inputs), *data(20), 3
        )
