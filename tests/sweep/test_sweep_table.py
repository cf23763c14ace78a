import io

from rich.console import Console

from keras_padpos.sweep import SweepRun
from keras_padpos.sweep.progress import SweepTable
from keras_padpos.sweep.progress import print_sweep
from keras_padpos.sweep.run import SweepEntry
from keras_padpos.sweep.run import SweepLog
from keras_padpos.sweep.run import SweepOutcome


def entries(folder, count=4):
    made = []
    for seed in range(count):
        run = SweepRun("experiments.count", {"seed": seed}, ("seed",))
        log = SweepLog(folder / f"seed{seed}.log")
        made.append(SweepEntry(run, str(folder / f"seed{seed}"), log))
    return made


def test_off_a_terminal_one_line_a_change(tmp_path):
    out = io.StringIO()
    good, bad, lost, _ = runs = entries(tmp_path)
    with SweepTable(runs, Console(file=out)) as table:
        for entry in (good, bad, lost):
            entry.state, entry.node = "running", "host/1"
            table.changed(entry)
        lost.state, lost.fault = "waiting", "lost [a]"
        table.changed(lost)
        good.state, good.seconds = "finished", 3.21
        table.changed(good)
        bad.log.path.write_text("".join(f"line {n}\n" for n in range(20)))
        bad.state, bad.fault, bad.seconds = "failed", "exit status 1", 1
        table.changed(bad)
    assert out.getvalue().splitlines() == [
        "seed0: running on host/1",
        "seed1: running on host/1",
        "seed2: running on host/1",
        "seed2: lost [a]",
        "1/4 seed0: finished, 3.2 s on host/1",
        "2/4 seed1: failed, exit status 1, 1.0 s on host/1",
        *(f"    line {n}" for n in range(12, 20)),
        f"    (its log: {bad.log.path})",
    ]


def test_a_terminal_shows_what_is_under_way_first(tmp_path):
    out = io.StringIO()
    console = Console(file=out, force_terminal=True, width=100, height=10)
    runs = entries(tmp_path, 30)
    for entry in runs[:20]:
        entry.state, entry.seconds = "finished", 4000
    runs[20].state, runs[20].fault = "failed", "exit status 1"
    runs[25].state, runs[25].node = "running", "host/1"
    runs[25].log.path.write_text("3/10 vgg16 [zeros]: 64 images\n")
    with SweepTable(runs, console) as table:
        table._live.refresh()
        text = out.getvalue()
    assert "1 running, 8 waiting, 1 failed, 20 finished" in text
    shown = [line for line in text.splitlines() if "seed=" in line]
    assert len(shown) <= 2 * 10
    assert "seed=25" in shown[0]
    assert "host/1" in shown[0]
    assert "3/10 vgg16 [zeros]" in shown[0]
    # All are there if they fit.
    console.height = 50
    out.truncate(0)
    with SweepTable(runs, console) as table:
        table._live.refresh()
    text = out.getvalue()
    assert "exit status 1" in text
    assert "1:06:40" in text


def test_last_words(tmp_path, capsys):
    good, old, bad, rest = runs = entries(tmp_path)
    good.state = old.state = "finished"
    old.before = True
    bad.state, bad.fault = "failed", "exit status 1"
    print_sweep(SweepOutcome(runs, 12.34), "my runs")
    assert capsys.readouterr().out.splitlines() == [
        "4 runs in my runs: 2 finished (1 of them before), 1 failed, 1 not "
        "finished, 12.3 s",
        f"  failed: count seed=2 (exit status 1), {bad.log.path}",
        "The same command goes on with those that are not finished.",
        "Report: python -m tools.report 'my runs' --out='my runs/report.html'",
    ]
    rest.state = "finished"
    outcome = SweepOutcome(runs, 1)
    (tmp_path / "report.html").touch()
    print_sweep(outcome, tmp_path)
    out = capsys.readouterr().out
    assert "tries those that failed again" in out
    assert out.endswith("/report.html --overwrite\n")
    assert outcome.status == 1
    bad.state = "finished"
    assert SweepOutcome(runs, 1).status == 0
    assert SweepOutcome(runs, 1, interrupted=True).status == 130
