import concurrent.futures
import functools
import json
import os
import subprocess
import sys

import keras
import numpy as np
import pytest
import tensorflow as tf
from run_binary import run_binary
from run_study import run_study
from run_tool import run_tool

from keras_padpos import data
from keras_padpos import files
from keras_padpos import layers
from keras_padpos import models
from keras_padpos import padding

tool = functools.partial(run_tool, "tools.export_saved_model")

SIZES = ((32, 47), (49, 34))

# A house without Keras and without us. TensorFlow imports Keras wherever it
# finds it, so it must not find it.
_FRESH = """
import sys

class Without:
    def __init__(self, finder):
        self.finder = finder

    def find_spec(self, name, *rest):
        if name.split(".")[0] in ("keras", "keras_padpos", "tf_keras"):
            return None
        return self.finder.find_spec(name, *rest)

sys.meta_path[:] = map(Without, sys.meta_path)

import numpy as np
import tensorflow as tf

folder, *names = sys.argv[1:]
results = {}
for name in names:
    loaded = tf.saved_model.load(f"{folder}/{name}")
    serve = loaded.signatures["serving_default"]
    with np.load(f"{folder}/pictures.npz") as pictures:
        for size in pictures:
            for call in (1, 2):
                outputs = serve(rgb=tf.constant(pictures[size]))
                for output, array in outputs.items():
                    results[f"{name}/{size}/{output}/{call}"] = array.numpy()
np.savez(f"{folder}/results.npz", **results)
ours = {"keras", "keras_padpos"} & {name.split(".")[0] for name in sys.modules}
assert not ours, ours
"""


def _entries(folder):
    return {
        str(path.relative_to(folder)): path.is_file() and path.read_bytes()
        for path in folder.rglob("*")
    }


def _convolutional(name):
    """Uneven pads, stride, dilation, pooling; outputs early and late."""
    keras.utils.set_random_seed(0)
    inputs = keras.Input((None, None, 3), name="rgb")
    same = {"padding": "same"}
    first = keras.layers.Conv2D(4, 3, name="first", **same)(inputs)
    x = keras.layers.Conv2D(4, 4, strides=2, name="strided", **same)(first)
    x = keras.layers.DepthwiseConv2D(
        3, dilation_rate=2, name="depthwise", **same
    )(x)
    x = keras.layers.MaxPooling2D(3, strides=2, name="last", **same)(x)
    return keras.Model(inputs, {"first": first, "last": x}, name=name)


# A kind each: copied cells, noise of its own state, no cells at all.
_WHOLE = ("reflect", "randn", "none")


def _every_mode():
    """A layer with each mode, a network with some: exports take seconds."""
    modes = {name: padding.get(name) for name in padding.names()}
    modes["none"] = "none"
    modes["randn_deterministic"] = padding.Randn(deterministic=True)
    inputs = keras.Input((None, None, 3), name="rgb")
    outputs = {}
    for name, mode in modes.items():
        network = models.convert_padding(
            _convolutional(name), mode, input_shape=(32, 32, 3)
        )
        if name not in _WHOLE:
            network = keras.Model(network.input, {"first": network.outputs[0]})
        for output, y in network(inputs).items():
            outputs[f"{name}-{output}"] = y
    return keras.Model(inputs, outputs)


@pytest.fixture(scope="module")
def elsewhere(tmp_path_factory):
    """Exports of every mode and of a backbone; what a fresh process reads.

    Returns the Keras models, the pictures, the arrays by name of the export,
    size, output and number of the call, and what the binary printed.
    """
    folder = tmp_path_factory.mktemp("exports")
    rng = np.random.default_rng(0)
    pictures = {
        f"{height}x{width}": rng.uniform(0, 255, (2, height, width, 3)).astype(
            "float32"
        )
        for height, width in SIZES
    }
    np.savez(folder / "pictures.npz", **pictures)
    with concurrent.futures.ThreadPoolExecutor() as pool:
        binary = pool.submit(
            run_binary,
            "tools.export_saved_model",
            "--backbone=mobilenet",
            "--weights=random",
            "--padding_mode=reflect",
            "--stages=1,2,conv_dw_3_relu",
            "--seed=3",
            f"--out={folder / 'backbone'}",
            cwd=folder,
        )
        modes = _every_mode()
        files.export_model(modes, folder / "modes")
        done = binary.result()
    assert done.returncode == 0, done.stderr
    backbone = models.backbone(
        "mobilenet",
        "random",
        "reflect",
        stages=["conv_pw_1_relu", "conv_pw_3_relu", "conv_dw_3_relu"],
        input_shape=(None, None, 3),
        seed=3,
    )
    networks = {"modes": modes, "backbone": backbone}
    (folder / "fresh.py").write_text(_FRESH)
    fresh = subprocess.run(
        [sys.executable, "fresh.py", str(folder), *networks],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": ""},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert fresh.returncode == 0, fresh.stderr
    with np.load(folder / "results.npz") as results:
        arrays = dict(results)
    return networks, pictures, arrays, done


@pytest.mark.parametrize("name", ["modes", "backbone"])
def test_a_fresh_process_without_keras_gives_the_same_numbers(elsewhere, name):
    networks, pictures, arrays, _ = elsewhere
    for size, picture in pictures.items():
        expected = networks[name](picture)
        assert len(expected) == {"modes": 15, "backbone": 3}[name]
        for output, array in expected.items():
            array = keras.ops.convert_to_numpy(array)
            for call in (1, 2):
                found = arrays[f"{name}/{size}/{output}/{call}"]
                assert found.shape == array.shape
                if output.startswith("randn-"):
                    continue
                np.testing.assert_allclose(
                    found,
                    array,
                    rtol=0,
                    atol=1e-5 * np.abs(array).max(),
                    err_msg=f"{size} {output}",
                )


def test_modes_differ_at_the_border_and_nowhere_else(elsewhere):
    _, pictures, arrays, _ = elsewhere
    for size in pictures:
        first = {
            name: arrays[f"modes/{size}/{name}-first/1"]
            for name in (*padding.names(), "randn_deterministic")
        }
        zeros = first.pop("zeros")
        for name, array in first.items():
            np.testing.assert_allclose(
                array[:, 1:-1, 1:-1], zeros[:, 1:-1, 1:-1], atol=1e-2
            )
            # Both are the zeros they are named after, until trained.
            if name not in ("constant", "random_sides"):
                assert np.abs(array - zeros).max() > 1, name


def test_exported_noise_is_drawn_at_every_call(elsewhere):
    networks, pictures, arrays, _ = elsewhere
    for size, picture in pictures.items():
        one, two = (arrays[f"modes/{size}/randn-first/{n}"] for n in (1, 2))
        keras_one, keras_two = (
            keras.ops.convert_to_numpy(
                networks["modes"](picture)["randn-first"]
            )
            for _ in range(2)
        )
        assert one.shape == keras_one.shape
        np.testing.assert_array_equal(one[:, 1:-1, 1:-1], two[:, 1:-1, 1:-1])
        edge = np.ones(one.shape[1:3], bool)
        edge[1:-1, 1:-1] = False
        drawn = (one - two)[:, edge]
        assert (drawn != 0).mean() > 0.99
        # As far from each other as two draws of the Keras model.
        of_keras = (keras_one - keras_two)[:, edge]
        assert 0.8 < drawn.std() / of_keras.std() < 1.25


def test_the_binary_prints_how_near_the_two_come(elsewhere):
    *_, done = elsewhere
    lines = done.stdout.splitlines()
    assert lines[0].startswith("mobilenet-random-reflect as ")
    assert sum("| numbers" in line for line in lines) == 3 * 3
    assert any("1x320x384x3" in line and "conv_dw_3" in line for line in lines)
    # Two units of work, and no log lines of TensorFlow's.
    assert len(done.stderr.splitlines()) == 2, done.stderr
    assert "2/2 tf_saved_model" in done.stderr


@pytest.fixture(scope="module")
def probed(tmp_path_factory):
    """The directory of a finished position probe."""
    work = tmp_path_factory.mktemp("probed") / "work"
    done = run_study(
        "position_probe",
        f"--workdir={work}",
        "--backbone=vgg16",
        "--weights=random",
        "--padding_mode=replicate",
        # Not in the order of their names: the heads must not mix them up.
        "--stages=2,1",
        "--train_images=noise",
        "--test_images=noise",
        "--max_images=3",
        "--targets=horizontal,gaussian",
        "--head_paddings=0,1",
        cwd=work.parent,
    )
    assert done.returncode == 0, done.stderr
    return work


# The flags, and what the one line says.
_MISTAKES = {
    "neither": ((), "Give either --backbone or --model"),
    "both": (("--backbone=rgb", "--model=a.keras"), "Received: both"),
    "no out": (("--backbone=rgb", "--out="), "--out must be given"),
    "backbone": (("--backbone=vgg61",), "--backbone must be one of vgg16"),
    "weights": (
        ("--backbone=vgg16", "--weights=nowhere.h5"),
        "Received: nowhere.h5. There is no such file.",
    ),
    "bundled": (("--backbone=resnet50",), "exists for vgg16 only"),
    "mode": (
        ("--backbone=vgg16", "--weights=random", "--padding_mode=mirror"),
        "--padding_mode must be one of zeros",
    ),
    "stage number": (
        ("--backbone=mobilenet", "--weights=random", "--stages=9"),
        "--stages of mobilenet go from 1 to 5",
    ),
    "stage name": (
        ("--backbone=vgg16", "--weights=random", "--stages=conv9"),
        "--stages must name layers of vgg16",
    ),
    "file's stages": (
        ("--backbone=one.keras", "--stages=cnov"),
        "Did you mean conv?",
    ),
    "file's weights": (
        ("--backbone=one.keras", "--stages=conv", "--weights=bundled"),
        "--weights of a .keras file must be",
    ),
    "no file": (("--backbone=nowhere.keras",), "There is no such file."),
    "format": (("--backbone=rgb", "--format=h5"), "--format"),
    "out of work": (
        ("--backbone=rgb", "--out=full"),
        "--out must be a new or empty folder",
    ),
    "overwrite": (
        ("--backbone=rgb", "--out=full", "--overwrite"),
        "'thesis.txt', which is part of none",
    ),
    "file": (("--backbone=rgb", "--out=full/thesis.txt"), "a file"),
    "no model": (("--model=nowhere.keras",), "There is no file at"),
    "bad model": (("--model=full/thesis.txt",), "the ending .keras"),
    "model's mode": (
        ("--model=a.keras", "--padding_mode=reflect"),
        "--padding_mode belongs to --backbone",
    ),
    "no run": (
        ("--backbone=rgb", "--read_outs=full"),
        "--read_outs: 'full' is no work directory of a finished run",
    ),
    "other run": (
        (
            "--backbone=vgg16",
            "--weights=random",
            "--padding_mode=reflect",
            "--read_outs={probed}",
        ),
        "holds heads of vgg16/random/replicate/0 (backbone, weights, padding "
        "mode, seed). Received: vgg16/random/reflect/0",
    ),
    "other seed": (
        (
            "--backbone=vgg16",
            "--weights=random",
            "--padding_mode=replicate",
            "--seed=1",
            "--read_outs={probed}",
        ),
        "Received: vgg16/random/replicate/1",
    ),
    "argument": (("out",), "expected flags only"),
    "typing error": (("--backbones=rgb",), "Did you mean"),
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder with two models and a file that is none."""
    folder = tmp_path_factory.mktemp("folder")
    _two().save(folder / "two.keras")
    _one().save(folder / "one.keras")
    (folder / "full").mkdir()
    (folder / "full" / "thesis.txt").write_text("years of work")
    return folder


@pytest.mark.parametrize("name", _MISTAKES)
def test_a_mistake_is_one_line_and_changes_nothing(folder, probed, name):
    flags, message = _MISTAKES[name]
    flags = [flag.format(probed=probed) for flag in flags]
    before = _entries(folder), _entries(probed)
    done = tool("--out=new", *flags, cwd=folder)
    assert done.returncode != 0
    (line,) = done.stderr.splitlines()
    assert line.startswith("export_saved_model: error: ")
    assert message in line
    assert done.stdout == ""
    assert (_entries(folder), _entries(probed)) == before


def _serve(folder):
    loaded = tf.saved_model.load(str(folder))
    serve = loaded.signatures["serving_default"]
    return lambda **inputs: (
        loaded
        and serve(
            **{name: tf.constant(array) for name, array in inputs.items()}
        )
    )


def _made_from(folder):
    file = folder / "assets.extra" / "model.json"
    return json.loads(file.read_text())["made_from"]


def test_read_outs_of_a_run_predict_what_the_run_reports(probed, tmp_path):
    done = tool(
        "--backbone=vgg16",
        "--weights=random",
        "--padding_mode=replicate",
        "--stages=block1_conv1",
        f"--read_outs={probed}",
        "--out=read_outs",
        cwd=tmp_path,
    )
    assert done.returncode == 0, done.stderr
    # The pictures that the run was scored on.
    pictures = next(data.open_images("noise", count=3, seed=1).batches(3))
    outputs = _serve(tmp_path / "read_outs")(rgb=pictures)
    assert set(outputs) == {
        "block1_conv1",
        "horizontal_k1_l1_p0",
        "horizontal_k1_l1_p1",
        "gaussian_k1_l1_p0",
        "gaussian_k1_l1_p1",
    }
    rows = json.loads((probed / "results.json").read_text())["rows"]
    assert len(rows) == 4
    with np.load(probed / "arrays.npz") as arrays:
        for row in rows:
            name = f"{row['target']}_k1_l1_p{row['head_padding']}"
            expected = arrays[f"{row['arrays']}/examples"]
            found = outputs[name].numpy()
            size = 28 + 2 * row["head_padding"]
            assert found.shape == (3, size, size)
            assert np.ptp(expected) > 0.1
            np.testing.assert_allclose(
                found, expected, atol=1e-5 * np.ptp(expected)
            )
    assert _made_from(tmp_path / "read_outs") == {
        "backbone": "vgg16",
        "weights": "random",
        "padding_mode": "replicate",
        "stages": ["block1_conv1"],
        "read_outs": str(probed),
        "seed": 0,
    }


def _two():
    """A model with two inputs and two outputs, one of them without a name."""
    left, right = (
        keras.Input((None, None, 2), name=name) for name in ("left", "right")
    )
    convolution = layers.Conv2D(
        3, 3, padding="same", padding_mode="symmetric", name="conv"
    )
    return keras.Model([left, right], [convolution(left), left + right])


def _one():
    """A network of pictures, whose borders are not zeros."""
    return keras.Sequential(
        [
            keras.Input((None, None, 3)),
            layers.Conv2D(
                3, 3, padding="same", padding_mode="reflect", name="conv"
            ),
            keras.layers.GlobalAveragePooling2D(name="pool"),
        ]
    )


def test_a_keras_file_is_a_backbone_with_weights_and_borders_of_its_own(
    folder, tmp_path
):
    flags = (f"--backbone={folder / 'one.keras'}", "--stages=conv")
    done = tool(*flags, "--out=one", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("one.keras-file-own as tf_saved_model")
    x = np.random.default_rng(0).uniform(0, 255, (2, 6, 5, 3)).astype("float32")
    model = keras.saving.load_model(folder / "one.keras")
    np.testing.assert_allclose(
        _serve(tmp_path / "one")(rgb=x)["conv"],
        model.get_layer("conv")(x),
        rtol=1e-5,
    )
    changes = ("--padding_mode=zeros", "--weights=random")
    done = tool(*flags, *changes, "--out=changed", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert [
        (made_from["weights"], made_from["padding_mode"])
        for made_from in map(
            _made_from, (tmp_path / "one", tmp_path / "changed")
        )
    ] == [("file", "own"), ("random", "zeros")]


def test_a_keras_file_keeps_its_inputs_and_outputs(folder, tmp_path):
    flags = (f"--model={folder / 'two.keras'}", "--out=two")
    done = tool(*flags, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "two.keras as tf_saved_model" in done.stdout
    assert "1x320x384x2, 1x320x384x2" in done.stdout
    x = np.random.default_rng(0).normal(size=(2, 2, 5, 4, 2)).astype("float32")
    outputs = _serve(tmp_path / "two")(left=x[0], right=x[1])
    model = keras.saving.load_model(folder / "two.keras")
    assert set(outputs) == set(model.output_names)
    for name, expected in zip(model.output_names, model(list(x)), strict=True):
        np.testing.assert_allclose(outputs[name], expected, atol=1e-6)


def test_litert_is_one_file_and_the_architecture(tmp_path):
    flags = ("--backbone=rgb", "--format=litert", "--out=deep/litert")
    done = tool(*flags, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "rgb as litert" in done.stdout
    assert set(_entries(tmp_path / "deep")) == {
        "litert",
        "litert/model.tflite",
        "litert/assets.extra",
        "litert/assets.extra/model.json",
    }
