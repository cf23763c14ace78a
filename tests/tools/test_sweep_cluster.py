import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from stub_experiment import sweep_json
from stub_experiment import wait_until
from sweep_cluster import ROOT
from sweep_cluster import start_sweep
from sweep_cluster import sweep_cluster

pytest.importorskip("ray")

GRID = """
experiment: fconv_tests
flags:
  test: red_green
  splits: disjoint
  seeds: 2
  epochs: 1
  max_images: 20
grid:
  convolution: [same]
  padding_mode: [zeros, circular]
  seed: [0, 10, 20, 30]
"""

SECONDS = 1500


def results(run):
    return json.loads(Path(run["workdir"], "results.json").read_text())


def finished(runs):
    return [run for run in runs if run["state"] == "finished"]


def stop_halfway(out, name):
    """Stop a run on a node between its two nets, some way into the sweep."""
    until = time.monotonic() + SECONDS
    while time.monotonic() < until:
        time.sleep(0.05)
        runs = sweep_json(out)
        if len(finished(runs)) < 3:
            continue
        for run in runs:
            if run["state"] != "running" or not run["node"].endswith(name):
                continue
            log = Path(run["log"])
            if "1/2 red_green" not in log.read_text():
                continue
            try:
                lock = Path(run["workdir"], ".lock").read_text()
                pid = int(lock.split()[0])
                os.kill(pid, signal.SIGSTOP)
            except (FileNotFoundError, ProcessLookupError, IndexError):
                continue
            if "2/2 red_green" not in log.read_text():
                return run
            os.kill(pid, signal.SIGCONT)
    raise AssertionError("No run was met halfway.")


@pytest.mark.large
def test_runs_survive_the_loss_of_one_of_two_nodes(tmp_path):
    (tmp_path / "grid.yaml").write_text(GRID)
    out = tmp_path / "out"
    argv = [tmp_path / "grid.yaml", f"--out={out}"]
    with sweep_cluster(1) as cluster:
        name = cluster.add(num_cpus=1)
        argv.append(f"--address={cluster.address}")
        started = time.monotonic()
        with start_sweep(*argv, cwd=ROOT) as process:
            wait_until((out / "sweep.json").exists)
            halfway = stop_halfway(out, name)
            before = finished(sweep_json(out))
            files = {
                run["workdir"]: Path(run["workdir"], "results.json").stat()
                for run in before
            }
            cluster.kill(name)
            _, err = process.communicate(timeout=SECONDS)
        seconds = time.monotonic() - started
        assert process.returncode == 0, err
        runs = sweep_json(out)
        assert len(runs) == len(finished(runs)) == 8
        # Only what was under way on the lost node was started again, and it
        # went on.
        (again,) = [run for run in runs if run["attempts"] != 1]
        assert again["workdir"] == halfway["workdir"]
        assert again["attempts"] == 2
        assert not again["node"].endswith(name)
        log = Path(again["log"]).read_text()
        assert len(re.findall("1/2 red_green.*: done before", log)) == 1
        assert len(re.findall("1/2 red_green.*: 1 epoch, ", log)) == 1
        assert results(again)["provenance"]["resumed_units"] == 1
        # Nothing that was finished was touched.
        for run in runs:
            log = Path(run["log"]).read_text()
            assert log.count("[sweep] attempt ") == run["attempts"]
            assert len(re.findall(r"\d/2 red_green.*: 1 epoch, ", log)) == 2
            assert len(results(run)["rows"]) == 4
        with start_sweep(*argv, cwd=ROOT) as process:
            summary, _ = process.communicate(timeout=SECONDS)
        assert "8 finished (8 of them before), 0 failed" in summary
        for workdir, stat in files.items():
            assert Path(workdir, "results.json").stat() == stat
    # The same as a run that nothing happened to.
    config = results(again)["config"]
    command = [
        f"--{key}={','.join(value) if isinstance(value, list) else value}"
        for key, value in again["flags"].items()
    ]
    subprocess.run(
        [sys.executable, "-m", "keras_padpos", again["experiment"]]
        + command
        + [f"--workdir={tmp_path / 'alone'}"],
        cwd=ROOT,
        check=True,
        capture_output=True,
    )
    alone = results({"workdir": tmp_path / "alone"})
    assert (alone["config"], alone["rows"]) == (config, results(again)["rows"])
    print(f"{len(runs)} runs, {len(before)} before the loss, {seconds:.0f} s")
