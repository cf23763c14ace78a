"""Networks that are trained and scored, one after the other."""

import json

import keras
import numpy as np
import pytest
from absl import flags
from absl.testing import flagsaver

from keras_padpos import training
from keras_padpos.runs import WorkDirectory
from keras_padpos.runs import define_common_flags
from keras_padpos.runs import units as calibrated_at_end
from keras_padpos.runs import units as train_units
from keras_padpos.tasks._logged_training import logged_training

define_common_flags(spreads=True)

STEPS, PER_STEP, SCORED = 6, 4, 10
ROWS = np.random.default_rng(0).normal(size=(STEPS, PER_STEP, 2))
ROWS = ROWS.astype("float32")


@pytest.fixture(autouse=True)
def parsed():
    with flagsaver.flagsaver():
        flags.FLAGS(["count", "--checkpoint_seconds=0"])
        yield


class Killed(BaseException):
    """As a power cut would."""


class Run:
    """A run of two networks, killed at what `kill` names."""

    def __init__(self, path, kill=None):
        self.kill = kill
        self.done = []
        self.work = WorkDirectory(path, "count", {})

    def __call__(self):
        found = train_units(
            self.work,
            [("look", None), ("one", 1), ("two", 2)],
            self._compute,
            total=lambda plan: STEPS * PER_STEP + SCORED,
            per_step=PER_STEP,
        )
        self.work.write_results(found[0], {})
        return found

    def close(self):
        self.work.close()

    def _tell(self, what):
        self.done.append(what)
        if what == self.kill:
            raise Killed

    def _compute(self, plan, unit):
        if plan is None:
            unit.advance(SCORED)
            return [{"look": 1}], {}
        spread = training.OneDevice()

        def make():
            keras.utils.set_random_seed(plan)
            x = inputs = keras.Input((2,))
            x = keras.layers.Dropout(0.5)(x)
            return keras.Model(inputs, keras.layers.Dense(1)(x))

        def train(network):
            self._tell(f"train {plan}")
            network.compile("sgd", "mse")

            def batch(epoch, number):
                if number == 4:
                    self._tell(f"step {plan}")
                return ROWS[number], ROWS[number][:, :1]

            logged_training(
                network,
                batch,
                STEPS,
                STEPS,
                log_steps=2,
                log=unit.log,
                checkpoint=unit.rolling,
            )
            return network, {"taught": plan}

        network, note = unit.trained(make, train, spread)
        self._tell(f"score {plan}")
        unit.advance(SCORED)
        score = float(np.sum(network(ROWS[0], training=True)))
        return [{"plan": plan, **note, "score": score}], unit.curves()


@pytest.fixture
def whole(tmp_path):
    run = Run(tmp_path / "whole")
    return run, run()


@pytest.mark.parametrize("kill", ["step 1", "score 1", "train 2", "score 2"])
def test_killed_it_ends_as_if_it_never_was(whole, tmp_path, kill, capsys):
    expected, (rows, arrays) = whole
    killed = Run(tmp_path / "killed", kill)
    with pytest.raises(Killed):
        killed()
    killed.close()
    capsys.readouterr()
    again = Run(tmp_path / "killed")
    found_rows, found = again()
    assert found_rows == rows
    assert list(found) == list(arrays)
    for name, array in arrays.items():
        np.testing.assert_array_equal(found[name], array)
    lines = [
        (run.work.path / "metrics.jsonl").read_text()
        for run in (expected, again)
    ]
    assert lines[0] == lines[1]
    # What is trained is not trained again; what is scored, is.
    number = kill[-1]
    assert (f"train {number}" in again.done) == (not kill.startswith("score"))
    assert f"score {number}" in again.done
    assert all(
        f"{each} 1" not in again.done for each in ("train", "score")
    ) or (number == "1")
    # Progress counts what was done before.
    said = capsys.readouterr().err
    pictures = STEPS * PER_STEP + SCORED
    for label in ("one", "two"):
        assert (
            f"{label}: {pictures} pictures" in said
            or f"{label}: done before" in said
        )
    resumed = json.loads((again.work.path / "results.json").read_text())
    # The look, all before the one that was killed, and this one.
    own = kill != "train 2"
    assert resumed["provenance"]["resumed_units"] == int(number) + own


def test_nothing_is_left_over_but_units(whole):
    run, _ = whole
    names = [file.name for file in (run.work.path / "checkpoints").iterdir()]
    assert sorted(name.rpartition("-")[0] for name in names) == sorted(
        ["look", "one", "one", "two", "two"]
    )


def test_what_is_left_of_a_finished_unit_is_removed(tmp_path):
    run = Run(tmp_path / "run", "train 2")
    with pytest.raises(Killed):
        run()
    run.work.save_checkpoint("one under way network", [{}], {})
    run.work.save_checkpoint("one scores under way 0", [{}], {})
    run.close()
    again = Run(tmp_path / "run")
    again()
    left = [file.name for file in (again.work.path / "checkpoints").iterdir()]
    assert not any("under-way" in name for name in left)


def test_labels_differ(tmp_path):
    work = WorkDirectory(tmp_path / "work", "count", {})
    with pytest.raises(ValueError, match="called differently"):
        train_units(
            work,
            [("one", 1), ("one", 2)],
            lambda plan, unit: ([], {}),
            total=lambda plan: None,
        )


def net(bias=0.0):
    inputs = keras.Input((2,))
    x = keras.layers.BatchNormalization()(inputs)
    model = keras.Model(inputs, keras.layers.Dense(1)(x))
    model.layers[-1].bias.assign([bias])
    return model


def test_what_has_diverged_is_not_calibrated():
    asked = []
    assert calibrated_at_end(net(), ROWS[0], lambda: asked.append(1)) is None
    assert asked == [1]
    reason = calibrated_at_end(net(np.nan), ROWS[0], lambda: asked.append(2))
    assert reason == "weights are not finite: training has diverged"
    assert asked == [1]


def test_a_calibration_that_fails_tells_why():
    def fail():
        raise ValueError("another mistake")

    with pytest.raises(ValueError, match="another mistake"):
        calibrated_at_end(net(), ROWS[0], fail)
    large = net(3e38)
    large.layers[-1].kernel.assign([[3e38], [3e38]])
    inputs = np.full((1, 2), 30, "float32")
    reason = calibrated_at_end(large, inputs, fail)
    assert reason == "answers are not finite: training has diverged"
    assert calibrated_at_end(large, inputs) == reason
