import contextlib
import functools
import json
import os
import re
import shlex
import signal
import stat
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from run_tool import run_tool
from stub_experiment import computed
from stub_experiment import lives
from stub_experiment import sweep_json
from stub_experiment import wait_until
from stub_experiment import write_stub
from sweep_cluster import ROOT
from sweep_cluster import start_sweep
from sweep_cluster import sweep_cluster

pytest.importorskip("ray")

GRID = """
experiment: stubs.count
flags: {units: 3}
grid:
  seed: [0, 1]
"""


def gated(folder, seeds="[0, 1]"):
    """Runs that wait, after their first unit, for a file to appear."""
    gate = folder / "gate"
    (folder / "grid.yaml").write_text(f"""
        experiment: stubs.count
        flags: {{units: 3, gate: {gate}}}
        grid: {{seed: {seeds}}}
    """)
    return gate


@pytest.fixture(scope="module")
def cluster():
    with sweep_cluster(2) as running:
        yield running


@pytest.fixture
def folder(tmp_path):
    write_stub(tmp_path)
    (tmp_path / "grid.yaml").write_text(GRID)
    return tmp_path


@pytest.fixture
def start(cluster, folder):
    """Start a sweep on the cluster, in the folder."""
    with contextlib.ExitStack() as stack:

        def started(*argv):
            process = start_sweep(
                "grid.yaml",
                "--out=out",
                f"--address={cluster.address}",
                *argv,
                cwd=folder,
            )
            stack.enter_context(process)
            stack.callback(process.kill)
            return process

        yield started


@pytest.fixture
def sweep(start):
    """Run a sweep to its end: status, lines of both streams."""

    def swept(*argv):
        process = start(*argv)
        out, err = process.communicate()
        return process.returncode, out.splitlines(), err.splitlines()

    return swept


def logs(folder):
    files = sorted((folder / "out" / "logs").glob("count-*.log"))
    return [file.read_text() for file in files]


def kept(folder):
    """Units that are finished and saved."""
    return list(folder.rglob("checkpoints/*.json"))


def test_a_sweep_goes_on_after_an_interrupt_and_a_kill(folder, start):
    gate = gated(folder)
    process = start("--max_runs=1")
    wait_until(lambda: kept(folder))
    process.send_signal(signal.SIGINT)
    out, err = process.communicate()
    assert process.returncode == 130, err
    assert "; 1 at once on " in err
    assert "interrupted: the runs are being stopped" in err
    assert "0 finished (0 of them before), 0 failed, 2 not finished" in out
    assert "The same command goes on" in out
    assert "Traceback" not in err
    runs = sweep_json(folder / "out")
    assert [run["state"] for run in runs] == ["waiting", "waiting"]
    (log,) = logs(folder)
    assert "count: interrupted; the same command goes on" in log
    # A sweep that is killed takes its runs along.
    process = start()
    wait_until(lambda: len(kept(folder)) == 2)
    works = [Path(run["workdir"]) for run in runs]
    locks = [work / ".lock" for work in works]
    wait_until(lambda: all(lock.exists() for lock in locks))
    pids = [lock.read_text().split()[0] for lock in locks]
    assert all(map(lives, pids))
    process.kill()
    assert process.communicate()[1].splitlines()[-1] == (
        "The sweep has been ended from outside, or by Ray; "
        f"{folder}/out/logs/ray.log may say why. The same command goes on."
    )
    wait_until(lambda: not any(map(lives, pids)))
    gate.touch()
    process = start()
    out, err = process.communicate()
    assert process.returncode == 0, err
    assert "2 finished (0 of them before), 0 failed" in out
    assert all((work / "results.json").exists() for work in works)
    # No unit of any run was computed twice.
    assert sorted(computed(folder)) == sorted(
        f"{work.name} {unit}" for work in works for unit in range(3)
    )
    assert all("1/3 unit 0: done before" in log for log in logs(folder))
    assert all(log.count("[sweep]") >= 2 for log in logs(folder))


@pytest.mark.large
def test_a_run_lost_with_its_node_goes_on_elsewhere(cluster, folder, start):
    gate = gated(folder, "[0, 1, 2, 3]")
    name = cluster.add(num_cpus=1)
    try:
        process = start("--retries=1")
        wait_until(lambda: len(computed(folder)) == 3)
        (log,) = [log for log in logs(folder) if f"/{name}, " in log]
    finally:
        cluster.kill(name)
    for line in process.stderr:
        if ": lost with " in line:
            break
    gate.touch()
    out, _ = process.communicate()
    saved = sweep_json(folder / "out")
    assert process.returncode == 0, out
    assert f"/{name}); it goes on where there is room, retry 1 of 1" in line
    (lost,) = [run for run in saved if run["attempts"] == 2]
    assert not lost["node"].endswith(name)
    assert [run["attempts"] for run in saved].count(1) == 3
    assert [run["state"] for run in saved] == 4 * ["finished"]
    log = Path(lost["log"]).read_text()
    assert log.count("1/3 unit 0: 7 steps") == 1
    assert log.count("1/3 unit 0: done before") == 1
    assert len(computed(folder)) == len(set(computed(folder))) == 12


def environment(run):
    text = Path(run["workdir"], "results.json").read_text()
    return json.loads(text)["provenance"]["environment"]


def environments(folder):
    return [environment(run) for run in sweep_json(folder / "out")]


@pytest.mark.large
def test_gpus_and_threads(cluster, folder, sweep):
    name = cluster.add(num_cpus=2, num_gpus=2)
    try:
        status, _, err = sweep()
        assert status == 0, err
        # Only that node has GPUs, and each run sees its own.
        assert all(
            run["node"].endswith(name) for run in sweep_json(folder / "out")
        )
        seen = environments(folder)
        assert all(set(each) == {"CUDA_VISIBLE_DEVICES"} for each in seen)
        assert {each["CUDA_VISIBLE_DEVICES"] for each in seen} <= {"0", "1"}
        (folder / "out").rename(folder / "old")
        status, _, (line,) = sweep("--cpus_per_run=64")
        assert status == 1
        assert "No node has room for a run: --cpus_per_run and" in line
        status, _, err = sweep(
            "--gpus_per_run=0", "--cpus_per_run=2", "--limit_threads"
        )
        assert status == 0, err
        # One on each node; a node killed before may be counted still.
        assert "; 2 at once on " in err[0]
        assert environments(folder) == 2 * [
            {
                "CUDA_VISIBLE_DEVICES": "",
                "OMP_NUM_THREADS": "2",
                "TF_NUM_INTRAOP_THREADS": "2",
                "TF_NUM_INTEROP_THREADS": "2",
            }
        ]
    finally:
        cluster.remove(name)


def test_runs_that_fail_alone_on_this_machine(folder, monkeypatch):
    """With a Ray of its own, of which nothing is left."""
    (folder / "grid.yaml").write_text("""
        experiment: stubs.count
        runs:
          - grid: {fail: ["no", error, kill, quiet]}
          - flags: {broken: broken.txt}
            grid: {list: [[a, b]]}
    """)
    (folder / "broken.txt").touch()
    (folder / "home").mkdir()
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.setenv("HOME", str(folder / "home"))
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    before = {entry.name for entry in folder.iterdir()}
    with tempfile.TemporaryDirectory() as temporary:
        monkeypatch.setenv("TMPDIR", temporary)
        with start_sweep("grid.yaml", "--out=out", cwd=folder) as process:
            # No other user can open the folder that Ray opens to all.
            wait_until(lambda: [*Path(temporary).glob("ray-*/*")])
            (made,) = Path(temporary).glob("ray-*")
            assert stat.S_IMODE(made.stat().st_mode) == 0o700
            out, err = (text.splitlines() for text in process.communicate())
        assert not os.listdir(temporary)
    assert process.returncode == 1, err
    assert re.fullmatch(
        r"5 runs in out: 1 finished \(0 of them before\), 4 failed, [\d.]+ s",
        out[0],
    )
    failed = "\n".join(out[1:5])
    for text in (
        "count fail=error (exit status 1), ",
        "count fail=kill (killed by SIGKILL",
        "count fail=quiet (it ended without results.json)",
        "count broken=broken.txt list=a,b (exit status 1)",
    ):
        assert f"  failed: {text}" in failed
    assert out[5:] == [
        "The same command tries those that failed again.",
        "Report: python -m keras_padpos report out --out=out/report.html",
    ]
    assert re.match(r"5 runs, 0 of them finished before; \d+ at once", err[0])
    pattern = re.compile(r"\d/5 count-fail=error-\w+: failed, exit s")
    (line,) = [n for n, text in enumerate(err) if pattern.match(text)]
    assert re.match(r"    1/2 unit 0: 7 steps, ", err[line + 1])
    assert err[line + 2] == "    count: error: This run always fails."
    (log,) = (folder / "out" / "logs").glob("count-fail=error-*.log")
    assert err[line + 3] == f"    (its log: {log})"
    assert not any("ray" in text.lower() for text in [*out, *err])
    first, *rest = sweep_json(folder / "out")
    assert [run["state"] for run in rest] == 4 * ["failed"]
    assert (first["state"], first["flags"]) == ("finished", {"fail": "no"})
    assert first["seconds"] > 0
    assert re.fullmatch(r"\S+/[0-9a-f]{6}", first["node"])
    # Some versions of Ray hide GPUs where none is asked for.
    assert environment(first) in ({}, {"CUDA_VISIBLE_DEVICES": ""})
    # A list as a flag's value is one value with commas.
    assert rest[-1]["flags"]["list"] == ["a", "b"]
    after = {entry.name for entry in folder.iterdir()}
    assert after - before == {"out", "computed.txt"}
    assert not list((folder / "home").iterdir())
    files = [entry for entry in (folder / "out").iterdir() if entry.is_file()]
    assert [file.name for file in files] == ["sweep.json"]


tool = functools.partial(run_tool, "tools.sweep")


def test_a_dry_run_prints_commands(folder):
    done = tool("grid.yaml", "--out=out", "--dry_run", cwd=folder)
    assert (done.returncode, done.stderr) == (0, "")
    assert not (folder / "out").exists()
    lines = [shlex.split(line) for line in done.stdout.splitlines()]
    assert [line[:5] for line in lines] == [
        ["python", "-m", "stubs.count", "--units=3", f"--seed={seed}"]
        for seed in (0, 1)
    ]
    work = Path(lines[0][5].removeprefix("--workdir="))
    assert work.parent == folder / "out"
    # The commands run; only the others are left.
    subprocess.run(
        [sys.executable, *lines[0][1:]],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        check=True,
        capture_output=True,
    )
    done = tool("grid.yaml", "--out=out", "--dry_run", cwd=folder)
    assert [shlex.split(line) for line in done.stdout.splitlines()] == lines[1:]


@pytest.mark.parametrize(
    ("argv", "message", "status"),
    [
        (["--out=out"], "expected GRID and flags. Received: nothing", 2),
        (["grid.yaml"], "--out must be given", 1),
        (["nowhere.yaml", "--out=out"], "Cannot read nowhere.yaml", 1),
        (["bad.yaml", "--out=out"], "bad.yaml: `grid` must be a mapping", 1),
        (["flag.yaml", "--out=out"], "flag.yaml: stubs.count has no flag", 1),
        (["grid.yaml", "--out=bad.yaml"], "Cannot write --out=", 1),
        (["grid.yaml", "--out=o", "--cpus_per_run=1.5"], "must be whole", 1),
        (["grid.yaml", "--out=o", "--retries=-1"], "--retries", 2),
        (["grid.yaml", "--out=o", "--max_runs=0"], "--max_runs", 2),
        (
            ["grid.yaml", "--out=o", "--address=here"],
            "--address must be HOST:PORT of a Ray cluster, or auto.",
            1,
        ),
        (
            ["grid.yaml", "--out=o", "--address=127.0.0.1:1"],
            "Nothing answers at --address=127.0.0.1:1: Connection refused",
            1,
        ),
    ],
)
def test_a_mistake_is_one_line(folder, argv, message, status):
    (folder / "bad.yaml").write_text("experiment: stubs.count\ngrid: {}")
    (folder / "flag.yaml").write_text("experiment: stubs.count\nflags: {x: 1}")
    done = tool(*argv, cwd=folder)
    assert (done.returncode, done.stdout) == (status, "")
    assert message in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert not computed(folder)
