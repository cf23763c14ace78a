import io
import json
import os
import warnings

import numpy as np
import pytest
import work_folder
from matplotlib import colormaps
from PIL import Image
from tensorboard.backend.event_processing.event_accumulator import (
    EventAccumulator,
)
from tensorboard.plugins.hparams import api_pb2
from tensorboard.plugins.hparams import metadata
from tensorboard.util import tensor_util
from work_folder import make
from work_folder import no_file_larger_than


def read(path):
    """What TensorBoard reads: plugin, then tag, to steps and tensors."""
    events = EventAccumulator(str(path), size_guidance={"tensors": 0})
    events.Reload()
    plugins = {}
    for tag in events.Tags()["tensors"]:
        data = events.SummaryMetadata(tag).plugin_data
        plugins.setdefault(data.plugin_name, {})[tag] = [
            (event.step, tensor_util.make_ndarray(event.tensor_proto))
            for event in events.Tensors(tag)
        ]
        if data.plugin_name == metadata.PLUGIN_NAME:
            plugins[data.plugin_name][tag] = data.content
    return plugins


def scalars(path):
    return {
        tag: [(step, float(value)) for step, value in points]
        for tag, points in read(path).get("scalars", {}).items()
    }


def event_files(path):
    return [file for file in path.iterdir() if ".tfevents." in file.name]


def learn(work, unit, epochs=4):
    for epoch in range(1, epochs + 1):
        for head in ("1x1", "3x3"):
            work.log(unit, head=head, epoch=epoch, loss=epoch / 3)
        work.log(unit, epoch=epoch, accuracy=1 - 1 / epoch)


def test_tags_steps_and_values_are_those_of_the_lines(tmp_path):
    work = make(tmp_path)
    learn(work, "vgg16 zeros")
    for step in (0, 10):
        work.log("b", step=step, epoch=step / 4, loss=0.1, rate=[0.5, 0.25])
    # Without a step; and what is no number.
    work.log("c", splits="released", accuracy=0.5, images=7)
    work.log("c", splits="released", accuracy=0.75, images=8)
    work.log("c", good=True, lost=np.nan, none=None, note="words")
    work.log(temperature=36.5)
    third = [(epoch, float(np.float32(epoch / 3))) for epoch in (1, 2, 3, 4)]
    tenth = float(np.float32(0.1))
    assert scalars(tmp_path) == {
        "vgg16 zeros/1x1/loss": third,
        "vgg16 zeros/3x3/loss": third,
        "vgg16 zeros/accuracy": [
            (epoch, float(np.float32(1 - 1 / epoch))) for epoch in (1, 2, 3, 4)
        ],
        "b/loss": [(0, tenth), (10, tenth)],
        "b/epoch": [(0, 0.0), (10, 2.5)],
        "b/rate/0": [(0, 0.5), (10, 0.5)],
        "b/rate/1": [(0, 0.25), (10, 0.25)],
        "c/released/accuracy": [(0, 0.5), (1, 0.75)],
        "c/released/images": [(0, 7.0), (1, 8.0)],
        "temperature": [(0, 36.5)],
    }


def test_a_resumed_run_shows_what_an_uninterrupted_one_shows(tmp_path):
    whole, resumed = tmp_path / "whole", tmp_path / "resumed"
    work = make(whole)
    for unit in ("a", "b", "c"):
        learn(work, unit)
        work.save_checkpoint(unit, [])
    rows = [{"unit": unit, "mae": 0.5} for unit in "abc"]
    work.write_results(rows, {})
    # Another one is stopped in its second unit, later than it logs again,
    # and has lost its third.
    work = make(resumed)
    work.log(seconds=1.0)
    for unit in ("a", "c"):
        learn(work, unit)
        work.save_checkpoint(unit, [])
    learn(work, "b", epochs=9)
    work.close()
    for file in (resumed / "checkpoints").glob("c*"):
        file.write_text("{")
    work = make(resumed)
    with pytest.warns(UserWarning, match="damaged"):
        assert work.checkpoint("c") is None
    assert {tag.partition("/")[0] for tag in scalars(resumed)} == {"a"}
    for unit in ("b", "c"):
        learn(work, unit)
        work.save_checkpoint(unit, [])
    work.write_results(rows, {})
    assert len(event_files(resumed)) == len(event_files(whole)) == 1
    assert scalars(resumed) == scalars(whole)
    assert len(scalars(whole)) == 12


KILLED = """
import os
import signal
import sys
import numpy as np
from PIL import Image
from keras_padpos.runs import WorkDirectory
assert "tensorboard" not in sys.modules
work = WorkDirectory(sys.argv[1], "probe", {"seed": 0})
for epoch in range(3):
    work.log("a", epoch=epoch, loss=0.5)
other = WorkDirectory(sys.argv[1] + "/done", "probe", {"seed": 0})
other.save_arrays({"net/pattern": np.eye(3)})
with open(other.figure_path("maps"), "wb") as file:
    Image.new("L", (2, 2)).save(file)
other.write_results([{"mae": 0.5, "arrays": "net"}], {})
# It takes no backend.
assert not {"tensorflow", "torch", "jax", "keras"} & set(sys.modules)
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_what_was_logged_is_there_when_a_run_is_killed(tmp_path):
    done = work_folder.python(KILLED, tmp_path)
    assert done.returncode == -9, done.stderr
    assert scalars(tmp_path) == {"a/loss": [(0, 0.5), (1, 0.5), (2, 0.5)]}
    assert set(images(tmp_path / "done")) == {
        ("figures/maps", 0),
        ("maps/net/pattern", 0),
    }


def test_hyperparameters_are_the_flags_and_metrics_those_of_rows(tmp_path):
    config = {
        "seed": 3,
        "backbone": ["vgg16", "rgb"],
        "ridge": 0.5,
        "mixed_precision": False,
        "data_dir": None,
    }
    work = make(tmp_path, config)
    work.log("a", epoch=1, loss=1.0)
    start = metadata.parse_session_start_info_plugin_data(
        read(tmp_path)["hparams"][metadata.SESSION_START_INFO_TAG]
    )
    assert {
        name: getattr(value, value.WhichOneof("kind"))
        for name, value in start.hparams.items()
    } == {
        "experiment": "probe",
        "seed": 3.0,
        "backbone": "vgg16,rgb",
        "ridge": 0.5,
        "mixed_precision": False,
    }
    rows = [
        {"net": net, "weights": "random", "seed": 0, "mae": mae, "snr": None}
        for net, mae in (("vgg16", 0.25), ("rgb", 0.5))
    ]
    work.write_results(rows, {})
    end = metadata.parse_session_end_info_plugin_data(
        read(tmp_path)["hparams"][metadata.SESSION_END_INFO_TAG]
    )
    assert end.status == api_pb2.STATUS_SUCCESS
    assert scalars(tmp_path) == {
        "a/loss": [(1, 1.0)],
        "results/mae/net=vgg16": [(0, 0.25)],
        "results/mae/net=rgb": [(0, 0.5)],
    }


def test_no_two_rows_share_a_point(tmp_path):
    rng = np.random.default_rng(0)
    for trial in range(20):
        rows = [
            {
                "net": str(rng.choice(["a", "b"])),
                "seed": int(rng.integers(3)),
                "padded": bool(rng.integers(2)),
                "arrays": f"{number}",
                "mae": float(rng.random()),
                **({"step": int(rng.integers(3))} if trial % 2 else {}),
            }
            for number in range(int(rng.integers(2, 12)))
        ]
        make(tmp_path / f"{trial}").write_results(rows, {})
        points = [
            (step, tag)
            for tag, points in scalars(tmp_path / f"{trial}").items()
            for step, _ in points
        ]
        assert len(set(points)) == len(points) == len(rows)
        assert not any("arrays" in tag or "step" in tag for _, tag in points)
    make(tmp_path / "one").write_results(
        [{"net": "a", "seed": 1, "m": 1.5}], {}
    )
    assert scalars(tmp_path / "one") == {"results/m": [(0, 1.5)]}


def png(size, colour):
    file = io.BytesIO()
    Image.new("RGB", size, colour).save(file, format="png")
    return file.getvalue()


def images(path):
    pictures = {}
    for tag, points in read(path)["images"].items():
        for step, (width, height, data) in points:
            image = Image.open(io.BytesIO(data))
            assert image.size == (int(width), int(height))
            pictures[tag, step] = (data, np.asarray(image.convert("RGB")))
    return pictures


def test_figures_and_maps_are_images(tmp_path):
    work = make(tmp_path)
    figure = png((30, 20), "red")
    work.figure_path("curves").write_bytes(figure)
    work.figure_path("foreign").write_bytes(b"no picture")
    ramp = np.linspace(0, 1, 12).reshape(3, 4)
    work.save_arrays(
        {
            "1-vgg16/h/median_map": 0.5 * ramp,
            "1-vgg16/h/target": ramp,
            "1-vgg16/h/examples": np.ones((2, 3, 4)),
            "net/step0/conv/pattern": ramp,
            "net/step10/conv/pattern": 2 * ramp,
            "net/step10/conv/profile": np.ones(3),
        }
    )
    rows = [
        {"arrays": "1-vgg16/h", "mae": 0.5},
        {"arrays": "1-vgg16/h", "mae": 0.25},
        {"arrays": "net/step0/conv", "step": 0, "mae": 0.0},
        {"arrays": "net/step10/conv", "step": 10, "mae": 0.5},
        {"arrays": "nowhere", "mae": 1.0},
    ]
    work.write_results(rows, {})
    pictures = images(tmp_path)
    assert set(pictures) == {
        ("figures/curves", 0),
        ("maps/1-vgg16/h/median_map", 0),
        ("maps/net/conv/pattern", 0),
        ("maps/net/conv/pattern", 10),
    }
    assert pictures["figures/curves", 0][0] == figure
    # In the colours of the target's range; a pattern in those of its own.
    for key, values in (
        (("maps/1-vgg16/h/median_map", 0), 0.5 * ramp),
        (("maps/net/conv/pattern", 10), ramp),
    ):
        expected = colormaps["viridis"](values, bytes=True)[..., :3]
        np.testing.assert_array_equal(pictures[key][1], expected)
    assert scalars(tmp_path)["results/mae/row=3"] == [(0, 0.0)]


def test_a_full_disk_costs_the_events_alone(tmp_path):
    work = make(tmp_path)
    work.log("a", epoch=0, loss=0.5)
    # Events are longer than lines: theirs is the first file that grows to it.
    size = event_files(tmp_path)[0].stat().st_size + 1000
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        with no_file_larger_than(size):
            for epoch in range(1, 25):
                work.log("a", epoch=epoch, loss=0.5)
            work.save_checkpoint("a", [1])
            work.write_results([{"mae": 0.5}], {})
    (warning,) = caught
    message = str(warning.message)
    assert "no events for TensorBoard are written" in message
    assert str(tmp_path) in message and os.strerror(27) in message
    assert "\n" not in message
    lines = (tmp_path / "metrics.jsonl").read_text().splitlines()
    assert [json.loads(line)["epoch"] for line in lines] == list(range(25))
    assert work.load_results()["rows"] == [{"mae": 0.5}]
    # What was written can be read to its end.
    (points,) = scalars(tmp_path).values()
    assert 1 < len(points) < 25
    assert points == [(epoch, 0.5) for epoch in range(len(points))]
    assert size - 200 < event_files(tmp_path)[0].stat().st_size < size


MISSING = """
import sys

class Missing:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == "tensorboard":
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

sys.meta_path.insert(0, Missing())
from keras_padpos.runs import WorkDirectory
for name in ("one", "two"):
    work = WorkDirectory(f"{sys.argv[1]}/{name}", "probe", {"seed": 0})
    for epoch in range(3):
        work.log("a", epoch=epoch, loss=0.5)
    work.write_results([{"mae": 0.5}], {})
"""


def test_without_tensorboard_one_line_says_so(tmp_path):
    done = work_folder.python(MISSING, tmp_path)
    assert done.returncode == 0, done.stderr
    (line,) = done.stderr.splitlines()
    assert "No events for TensorBoard" in line and "'tensorboard'" in line
    for name in ("one", "two"):
        work = make(tmp_path / name)
        assert work.load_results()["rows"] == [{"mae": 0.5}]
        assert not event_files(work.path)
