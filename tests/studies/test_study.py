"""A study: units of work, one after the other, and what is left of them."""

import json
import shutil
from types import SimpleNamespace

import keras
import numpy as np
import pytest
from absl import flags

from keras_padpos import studies
from keras_padpos.errors import InputError
from keras_padpos.report.table import Column
from keras_padpos.report.table import Table
from keras_padpos.report.table import first
from keras_padpos.runs.flags import Flag
from keras_padpos.runs.flags import Settings
from keras_padpos.runs.flags import activated
from keras_padpos.runs.units import _calibrated
from keras_padpos.studies.study import Study

STEPS, PER_STEP, SCORED = 6, 4, 10
ROWS = np.random.default_rng(0).normal(size=(STEPS, PER_STEP, 2))
ROWS = ROWS.astype("float32")


class Killed(BaseException):
    """As a power cut would."""


class Trial:
    """A study of two networks, killed at what `kill` names."""

    def __init__(self, kill=None):
        self.kill = kill
        self.done = []
        self.study = Study(
            name="count",
            about="Two small networks.",
            flags={
                "network": Flag(["one", "two"], "Networks.", crossed=True),
                "width": Flag(1, "Width.", least=1),
            },
            training={
                "batch_size": PER_STEP,
                "epochs": 1,
                "seeds_of": "first weights",
            },
            label=lambda plan: plan["network"],
            network=self._make,
            network_flags=["width"],
            amount=lambda run, plan: STEPS * PER_STEP + SCORED,
            measure=self._measure,
            tables=[
                Table(
                    "Scores",
                    {"network": "network"},
                    {"score": Column("score", "score", first)},
                )
            ],
            notes=lambda rows: [f"{len(rows)} rows."],
        )

    def __call__(self, path, *argv):
        values = flags.FlagValues()
        self.study.program.define(values)
        values(["count", f"--workdir={path}", "--checkpoint_seconds=0", *argv])
        with activated(values):
            self.study.main(Settings(self.study.declared, values))

    def _tell(self, what):
        self.done.append(what)
        if what == self.kill:
            raise Killed

    def _make(self, run, plan):
        if plan["network"] == "none":
            raise InputError("there is no such network")
        keras.utils.set_random_seed(len(plan["network"]))
        x = inputs = keras.Input((2,))
        x = keras.layers.Dropout(0.5)(x)
        outputs = keras.layers.Dense(run.settings.width)(x)
        return keras.Model(inputs, outputs)

    def _measure(self, run, plan, unit):
        name = plan["network"]

        def train(network):
            self._tell(f"train {name}")

            def batch(epoch, number):
                if number == 4:
                    self._tell(f"step {name}")
                return ROWS[number], ROWS[number][:, :1]

            train_logged(network, batch, unit)

        network, note = unit.trained(
            lambda: self._make(run, plan), train, run.devices, example=ROWS[0]
        )
        self._tell(f"score {name}")
        unit.advance(SCORED)
        score = float(np.sum(network(ROWS[0], training=True)))
        return [{**plan, **note, "score": score}], unit.rolling.curves()


def train_logged(network, batch, unit):
    from keras_padpos.training.loop import logged_training

    network.compile("sgd", "mse")
    logged_training(
        network,
        batch,
        STEPS,
        STEPS,
        log_steps=2,
        log=unit.log,
        checkpoint=unit.rolling,
    )


def read(path):
    return json.loads((path / "results.json").read_text())


def checkpoints(path):
    return sorted(file.name for file in (path / "checkpoints").iterdir())


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    path = tmp_path_factory.mktemp("whole") / "work"
    Trial()(path)
    return path


@pytest.mark.parametrize("kill", ["step one", "score one", "train two"])
def test_killed_it_ends_as_if_it_never_was(whole, tmp_path, kill, capsys):
    path = tmp_path / "work"
    with pytest.raises(Killed):
        Trial(kill)(path)
    capsys.readouterr()
    again = Trial()
    again(path)
    results, expected = read(path), read(whole)
    assert results["rows"] == expected["rows"]
    assert results["config"] == expected["config"]
    with (
        np.load(path / "arrays.npz") as arrays,
        np.load(whole / "arrays.npz") as others,
    ):
        assert list(arrays) == list(others)
        for name in arrays:
            np.testing.assert_array_equal(arrays[name], others[name])
    lines = [(each / "metrics.jsonl").read_text() for each in (path, whole)]
    assert lines[0] == lines[1]
    assert checkpoints(path) == checkpoints(whole)
    # What is trained is not trained again; what is scored, is.
    name = kill.split()[1]
    assert (f"train {name}" in again.done) == (not kill.startswith("score"))
    assert f"score {name}" in again.done
    assert ("score one" in again.done) == (name == "one")
    # Progress counts what was done before.
    printed = capsys.readouterr().err
    pictures = STEPS * PER_STEP + SCORED
    for label in ("one", "two"):
        assert (
            f"{label}: {pictures} pictures" in printed
            or f"{label}: done before" in printed
        )
    # The one before, or the one that was killed and had begun.
    assert results["provenance"]["resumed_units"] == 1


def test_nothing_is_left_over_but_units(whole):
    names = [name.rpartition("-")[0] for name in checkpoints(whole)]
    assert names == ["one", "one", "two", "two"]


def test_tables_and_notes_are_printed(tmp_path, whole, capsys):
    Trial()(whole)
    printed = capsys.readouterr().out.splitlines()
    assert printed[0] == "Scores"
    assert [line.split()[1] for line in printed[3:5]] == ["one", "two"]
    assert "2 rows." in printed
    assert printed[-1].endswith(f"results in {whole}")


@pytest.mark.parametrize(
    "change",
    [
        lambda results: results.pop("provenance"),
        lambda results: results.update(provenance=[]),
        lambda results: results["provenance"].pop("machine"),
        lambda results: results["provenance"].update(wall_seconds="long"),
        lambda results: results["provenance"].update(skipped=3),
        lambda results: results["rows"].append(7),
    ],
)
def test_results_of_others_are_one_line(whole, tmp_path, change):
    path = shutil.copytree(whole, tmp_path / "work")
    results = read(path)
    change(results)
    (path / "results.json").write_text(json.dumps(results))
    with pytest.raises(InputError, match="results.json") as error:
        Trial()(path)
    assert "\n" not in str(error.value)
    assert read(path) == results


def test_a_network_that_cannot_be_made_is_refused(tmp_path):
    with pytest.raises(ValueError) as error:
        Trial()(tmp_path / "work", "--network=one,none", "--width=2")
    assert str(error.value) == (
        "--network=none, --width=2: there is no such network"
    )
    assert not (tmp_path / "work").exists()


def test_a_crossed_value_given_twice_is_one_network(tmp_path):
    trial = Trial("score two")
    with pytest.raises(Killed):
        trial(tmp_path / "work", "--network=one,one,two")
    assert trial.done.count("train one") == 1


def test_runs_in_one_process_do_not_share_flags(tmp_path, capsys):
    for width in (2, 1):
        flag = [f"--width={width}"] * (width > 1)
        with pytest.raises(SystemExit) as end:
            Trial().study.run(
                ["count", f"--workdir={tmp_path / str(width)}", *flag]
            )
        assert not end.value.code, capsys.readouterr().err
    configs = [read(tmp_path / str(width))["config"] for width in (2, 1)]
    assert [config["width"] for config in configs] == [2, 1]


def test_what_has_diverged_is_not_calibrated():
    calibrated = []
    assert _calibrated(net(), ROWS[0], calibrated.append) is None
    assert len(calibrated) == 1
    reason = _calibrated(net(np.nan), ROWS[0], calibrated.append)
    assert reason == "weights are not finite: training has diverged"
    assert len(calibrated) == 1


def test_a_calibration_that_fails_says_why():
    def fail(network):
        raise ValueError("another mistake")

    with pytest.raises(ValueError, match="another mistake"):
        _calibrated(net(), ROWS[0], fail)
    large = net(3e38)
    large.layers[-1].kernel.assign([[3e38], [3e38]])
    inputs = np.full((1, 2), 30, "float32")
    reason = _calibrated(large, inputs, fail)
    assert reason == "answers are not finite: training has diverged"
    assert _calibrated(large, inputs, None) == reason


def net(bias=0.0):
    inputs = keras.Input((2,))
    x = keras.layers.BatchNormalization()(inputs)
    model = keras.Model(inputs, keras.layers.Dense(1)(x))
    model.layers[-1].bias.assign([bias])
    return model


def test_progress_has_a_total_in_every_study():
    for name in studies.STUDIES:
        study = studies.get(name)
        assert study.amount is not Study.amount, name


@pytest.mark.parametrize("solver, passes", [("exact", 1), ("sgd", 5)])
def test_a_probe_goes_through_its_pictures(solver, passes):
    train, one, other = (SimpleNamespace(expected=n) for n in (30, 4, 2))
    run = SimpleNamespace(
        settings=SimpleNamespace(solver=solver, epochs=5),
        sets={"train": train, "tests": {"one": one, "other": other}},
    )
    amount = studies.get("position_probe").amount
    assert amount(run, {}) == 30 * passes + 6
    other.expected = None
    assert amount(run, {}) is None


def test_a_training_stops_at_its_start_its_end_and_between():
    run = SimpleNamespace(
        settings=SimpleNamespace(checkpoints=[2, 5, 40]),
        training=SimpleNamespace(steps=lambda pictures: pictures // 10),
        sets={"train": range(200)},
    )
    assert studies.get("pattern_formation").amount(run, {}) == 4
