import io
import json
import signal
import sys
from pathlib import Path

import pytest
from rich.console import Console

from keras_padpos.errors import MissingPackageError
from keras_padpos.sweep import SweepOutcome
from keras_padpos.sweep import SweepRun
from keras_padpos.sweep import print_sweep
from keras_padpos.sweep import run_sweep
from keras_padpos.sweep import sweep as sweep_module
from keras_padpos.sweep import sweep_commands
from keras_padpos.sweep.folder import SweepLog
from keras_padpos.sweep.process import SweepEnd
from keras_padpos.sweep.progress import SweepTable

LOST = SweepEnd("lost", fault="the node is dead")


class FakeCluster:
    """Ends one run a `wait`, as the script says, or gets a signal."""

    script = {}
    at_once = 4
    nodes = 2

    def __init__(self, *options):
        type(self).options = options
        type(self).started = []
        type(self).most = 0
        self._under_way = []

    def __enter__(self):
        return self

    def __exit__(self, *error):
        pass

    def start(self, run):
        self.started.append((run.label, run.attempts))
        self._under_way.append(run)
        type(self).most = max(self.most, len(self._under_way))
        run.log.begin(run.attempts, "host/1", ["python"])
        with open(run.log.path, "a") as file:
            file.write("".join(f"line {n}\n" for n in range(20)))

    def wait(self, seconds):
        run = self._under_way.pop(0)
        ends = self.script.get(run.label, [])
        end = ends.pop(0) if ends else SweepEnd("finished", "host/1", 1.5)
        if not isinstance(end, SweepEnd):
            self._under_way.insert(0, run)
            signal.raise_signal(end)
        if end.state == "finished":
            Path(run.workdir).mkdir(exist_ok=True)
            Path(run.workdir, "results.json").touch()
        return [(run, end)]

    def stop(self):
        return [(run, SweepEnd("stopped")) for run in self._under_way[1:]]


@pytest.fixture
def sweep(tmp_path, monkeypatch, capfd):
    monkeypatch.setattr(sweep_module, "SweepCluster", FakeCluster)

    def swept(script=None, seeds=4, **options):
        runs = [
            SweepRun("experiments.count", {"seed": seed}, ("seed",))
            for seed in range(seeds)
        ]
        monkeypatch.setattr(FakeCluster, "script", script or {})
        outcome = run_sweep(runs, tmp_path, **options)
        states = [entry.state for entry in outcome.runs]
        saved = json.loads((tmp_path / "sweep.json").read_text())["runs"]
        assert [run["state"] for run in saved] == states
        return outcome, states, capfd.readouterr().err

    return swept


def test_all_are_run_once(sweep):
    outcome, states, err = sweep(address="a:1", cpus_per_run=2)
    assert states == 4 * ["finished"]
    assert (outcome.status, outcome.interrupted) == (0, False)
    assert FakeCluster.started == [(f"count seed={n}", 1) for n in range(4)]
    assert FakeCluster.options == ("a:1", 2, None, False)
    assert err.startswith("4 runs, 0 of them finished before; 4 at once on 2")
    # All are finished: no cluster is needed.
    del FakeCluster.options
    outcome, states, err = sweep()
    assert (outcome.status, err) == (0, "")
    assert all(entry.before for entry in outcome.runs)
    assert not hasattr(FakeCluster, "options")
    # Only those that are new are started.
    sweep(seeds=6)
    assert FakeCluster.started == [("count seed=4", 1), ("count seed=5", 1)]


def test_max_runs_bounds_the_runs_at_once(sweep):
    _, states, err = sweep(max_runs=2)
    assert states == 4 * ["finished"]
    assert FakeCluster.most == 2
    assert "; 2 at once on 2 nodes" in err


def test_a_lost_run_is_started_again_up_to_retries(sweep):
    outcome, states, err = sweep(
        {"count seed=0": [LOST, LOST], "count seed=1": [LOST, LOST, LOST]},
        retries=2,
    )
    assert states == ["finished", "failed", "finished", "finished"]
    assert outcome.status == 1
    assert [entry.attempts for entry in outcome.runs] == [3, 3, 1, 1]
    assert outcome.runs[1].fault == "lost 3 times: the node is dead"
    # The others come first.
    labels = [label for label, _ in FakeCluster.started]
    assert labels.index("count seed=3") < labels.index("count seed=0", 1)
    assert err.count("it goes on where there is room, retry 2 of 2") == 2


def test_a_run_that_fails_is_started_again_only_by_the_next_sweep(sweep):
    outcome, states, err = sweep(
        {"count seed=0": [SweepEnd("failed", "host/1", 3, "exit status 1 [a]")]}
    )
    assert states == ["failed", *3 * ["finished"]]
    assert [entry.attempts for entry in outcome.runs] == [1, 1, 1, 1]
    # Off a terminal, each change is a line.
    first, second = (Path(e.workdir).name for e in outcome.runs[:2])
    log = outcome.runs[0].log.path
    lines = err.splitlines()
    assert lines[1:11] == [
        f"1/4 {first}: failed, exit status 1 [a], 3.0 s on host/1",
        *(f"    line {n}" for n in range(12, 20)),
        f"    (its log: {log})",
    ]
    assert f"{second}: running on host/1" in lines
    assert f"2/4 {second}: finished, 1.5 s on host/1" in lines
    _, states, _ = sweep()
    assert states == 4 * ["finished"]
    assert FakeCluster.started == [("count seed=0", 1)]


def test_without_ray(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    run = SweepRun("experiments.count", {"seed": 0})
    assert len(sweep_commands([run], tmp_path)) == 1
    hint = r'--dry_run.* ray.*: pip install "keras-padpos\[sweep\]"$'
    with pytest.raises(MissingPackageError, match=hint):
        run_sweep([run], tmp_path)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_leaves_the_rest_for_the_next_time(sweep, number):
    outcome, states, err = sweep({"count seed=1": [number]})
    assert states == ["finished", "waiting", "waiting", "waiting"]
    assert (outcome.status, outcome.interrupted) == (130, True)
    assert "interrupted" in err
    outcome, states, _ = sweep()
    assert states == 4 * ["finished"]
    assert outcome.runs[0].before


def placed(folder, count=4):
    return [
        SweepRun(
            "experiments.count",
            {"seed": seed},
            ("seed",),
            log=SweepLog(folder / f"seed{seed}.log"),
        )
        for seed in range(count)
    ]


def test_a_terminal_shows_running_runs_first(tmp_path):
    out = io.StringIO()
    console = Console(file=out, force_terminal=True, width=100, height=10)
    runs = placed(tmp_path, 30)
    for run in runs[:20]:
        run.state, run.seconds = "finished", 4000
    runs[20].state, runs[20].fault = "failed", "exit status 1"
    runs[25].state, runs[25].node = "running", "host/1"
    runs[25].log.path.write_text("3/10 vgg16 [zeros]: 64 images\n")
    with SweepTable(runs, console) as table:
        table.refresh()
        text = out.getvalue()
    assert "1 running, 8 waiting, 1 failed, 20 finished" in text
    shown = [line for line in text.splitlines() if "seed=" in line]
    assert len(shown) <= 2 * 10
    for part in ("seed=25", "host/1", "3/10 vgg16 [zeros]"):
        assert part in shown[0]
    # All are there if they fit.
    console.height = 50
    with SweepTable(runs, console) as table:
        table.refresh()
    assert "exit status 1" in out.getvalue()
    assert "1:06:40" in out.getvalue()


def test_the_summary_of_a_sweep(tmp_path, capsys):
    good, old, bad, rest = runs = placed(tmp_path)
    good.state = old.state = "finished"
    old.before = True
    bad.state, bad.fault = "failed", "exit status 1"
    print_sweep(SweepOutcome(runs, 12.34), "my runs")
    assert capsys.readouterr().out.splitlines() == [
        "4 runs in my runs: 2 finished (1 of them before), 1 failed, 1 not "
        "finished, 12.3 s",
        f"  failed: count seed=2 (exit status 1), {bad.log.path}",
        "The same command goes on with those that are not finished.",
        "Report: python -m keras_padpos report 'my runs' "
        "--out='my runs/report.html'",
    ]
    rest.state = "finished"
    (tmp_path / "report.html").touch()
    print_sweep(SweepOutcome(runs, 1), tmp_path)
    out = capsys.readouterr().out
    assert "tries those that failed again" in out
    assert out.endswith("/report.html --overwrite\n")
