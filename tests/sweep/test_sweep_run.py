import json
import sys
from pathlib import Path

import pytest

from keras_padpos.sweep import SweepRun
from keras_padpos.sweep import sweep as run_sweep
from keras_padpos.sweep.run import SweepEnd
from keras_padpos.sweep.run import SweepLog

LOST = SweepEnd(fault="the node is dead", lost=True)


class FakeCluster:
    """Ends one run a `wait`, as the script says; `None` is an interrupt."""

    script = {}
    at_once = 4
    nodes = 2

    def __init__(self, address, **options):
        type(self).made = [address, options]
        type(self).started = []
        type(self).most = 0
        self._under_way = []

    def __enter__(self):
        return self

    def __exit__(self, *error):
        pass

    def start(self, entry, run, workdir, log, attempt):
        self.started.append((run.label, attempt))
        self._under_way.append((entry, run))
        type(self).most = max(self.most, len(self._under_way))
        SweepLog(log).begin(attempt, "host/1", ["python"])

    def wait(self, seconds):
        entry, run = self._under_way.pop(0)
        ends = self.script.get(run.label, [])
        end = ends.pop(0) if ends else SweepEnd("host/1", 1.5)
        if end is None:
            self._under_way.insert(0, (entry, run))
            raise KeyboardInterrupt
        if end.finished:
            Path(entry.workdir).mkdir(exist_ok=True)
            Path(entry.workdir, "results.json").touch()
        return [(entry, end)]

    def stop(self):
        return [
            (entry, SweepEnd(stopped=True)) for entry, _ in self._under_way[1:]
        ]


@pytest.fixture
def sweep(tmp_path, monkeypatch, capfd):
    module = sys.modules["keras_padpos.sweep.sweep"]
    monkeypatch.setattr(module, "SweepCluster", FakeCluster)

    def swept(script=None, seeds=4, **options):
        runs = [
            SweepRun("experiments.count", {"seed": seed}, ("seed",))
            for seed in range(seeds)
        ]
        monkeypatch.setattr(FakeCluster, "script", script or {})
        outcome = run_sweep(runs, tmp_path, **options)
        states = [entry.state for entry in outcome.entries]
        saved = json.loads((tmp_path / "sweep.json").read_text())["runs"]
        assert [run["state"] for run in saved] == states
        return outcome, states, capfd.readouterr().err

    return swept


def test_all_are_run_once(sweep):
    outcome, states, err = sweep(address="a:1", cpus_per_run=2)
    assert states == 4 * ["finished"]
    assert (outcome.status, outcome.interrupted) == (0, False)
    assert FakeCluster.started == [(f"count seed={n}", 1) for n in range(4)]
    assert FakeCluster.made == [
        "a:1",
        {"cpus_per_run": 2, "gpus_per_run": None, "limit_threads": False},
    ]
    assert err.startswith("4 runs, 0 of them finished before; 4 at once on 2")
    # All is there; nothing is asked of a cluster.
    del FakeCluster.made
    outcome, states, err = sweep()
    assert (outcome.status, err) == (0, "")
    assert all(entry.before for entry in outcome.entries)
    assert not hasattr(FakeCluster, "made")
    # Nor is a finished one when there are more.
    sweep(seeds=6)
    assert FakeCluster.started == [("count seed=4", 1), ("count seed=5", 1)]


def test_no_more_at_once_than_asked_for(sweep):
    _, states, err = sweep(max_runs=2)
    assert states == 4 * ["finished"]
    assert FakeCluster.most == 2
    assert "; 2 at once on 2 nodes" in err


def test_what_is_lost_is_tried_again_so_many_times(sweep):
    outcome, states, err = sweep(
        {"count seed=0": [LOST, LOST], "count seed=1": [LOST, LOST, LOST]},
        retries=2,
    )
    assert states == ["finished", "failed", "finished", "finished"]
    assert outcome.status == 1
    assert [entry.attempts for entry in outcome.entries] == [3, 3, 1, 1]
    assert outcome.entries[1].fault == "lost 3 times: the node is dead"
    # Others have their turn first.
    labels = [label for label, _ in FakeCluster.started]
    assert labels.index("count seed=3") < labels.index("count seed=0", 1)
    assert err.count("it goes on where there is room, retry 2 of 2") == 2


def test_what_fails_is_not(sweep):
    outcome, states, err = sweep(
        {"count seed=0": [SweepEnd("host/1", 3, fault="exit status 1")]}
    )
    assert states == ["failed", *3 * ["finished"]]
    assert [entry.attempts for entry in outcome.entries] == [1, 1, 1, 1]
    assert ": failed, exit status 1, 3.0 s on host/1" in err


def test_an_interrupt_leaves_what_is_not_finished_for_the_next_time(sweep):
    outcome, states, err = sweep({"count seed=1": [None]})
    assert states == ["finished", "waiting", "waiting", "waiting"]
    assert (outcome.status, outcome.interrupted) == (130, True)
    assert "interrupted" in err
    outcome, states, _ = sweep()
    assert states == 4 * ["finished"]
    assert outcome.entries[0].before
