import json
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from stub_experiment import lives
from stub_experiment import wait_until

from keras_padpos.sweep import SweepRun
from keras_padpos.sweep.folder import SweepLog
from keras_padpos.sweep.process import run_process
from keras_padpos.sweep.process import sweep_task

ROOT = Path(__file__).parents[2]


@pytest.fixture
def log(tmp_path):
    return SweepLog(tmp_path / "run.log")


def append(log, text):
    with open(log.path, "a") as file:
        file.write(text)


def test_an_attempt_reads_its_own_output_alone(log):
    assert (log.node(), log.progress(), log.last_lines(3)) == (None, "", [])
    log.from_here().begin(1, "one/123456", ["python", "-m", "a", "--to=a b"])
    append(log, "1/3 first\n")
    second = log.from_here()
    assert (second.node(), second.last_lines(3)) == (None, [])
    second.begin(2, "two/abcdef", ["python"])
    assert (second.node(), second.last_lines(3)) == ("two/abcdef", [])
    assert log.node() == "one/123456"
    first, _, again = log.path.read_text().splitlines()
    assert first.startswith("[sweep] attempt 1 on one/123456, ")
    assert first.endswith(": python -m a '--to=a b'")
    assert again.startswith("[sweep] attempt 2 ")
    # Progress is the last unit of work, else the last line.
    append(log, "reading\n")
    assert (log.progress(), second.progress()) == ("1/3 first", "reading")
    append(log, "2/3 reflect: 64 images\nwarning: x\n\n")
    assert second.progress() == "2/3 reflect: 64 images"
    # A long log is read from its end.
    append(log, "".join(f"line {n}\n" for n in range(50_000)))
    assert log.node() == "one/123456"
    assert log.last_lines(2) == ["line 49998", "line 49999"]
    # Of what a terminal would redraw, the last form.
    append(log, "10 %\r20 %\r\x1b[2K30 %\nbroken\n  \nlast")
    assert log.last_lines(3) == ["[2K30 %", "broken", "last"]


# Prints its process and that of a child, and stays.
_STAYS = """
import os, subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(300)"])
print(os.getpid(), child.pid, flush=True)
try:
    time.sleep(300)
except KeyboardInterrupt:
    print("interrupted", flush=True)
    sys.exit(130)
"""

_PARENT = """
import sys
from keras_padpos.sweep.process import run_process
with open(sys.argv[1], "ab") as file:
    run_process([sys.executable, "-c", sys.argv[2]], file)
"""


def run_code(log, code, **options):
    with open(log.path, "wb") as file:
        return run_process([sys.executable, "-c", code], file, **options)


def pids(log):
    return [int(word) for word in log.path.read_text().split()[:2]]


@pytest.mark.skipif(sys.platform != "linux", reason="prctl is Linux'")
def test_a_process_is_killed_with_its_parent(log):
    log.path.touch()
    command = [sys.executable, "-c", _PARENT, str(log.path), _STAYS]
    with subprocess.Popen(command, cwd=ROOT) as parent:
        wait_until(lambda: len(pids(log)) == 2)
        pid, child = pids(log)
        assert lives(pid)
        parent.kill()
    wait_until(lambda: not lives(pid))
    os.kill(child, signal.SIGKILL)


@pytest.mark.parametrize("deaf", [False, True])
def test_an_interrupt_reaches_the_whole_group(log, deaf):
    """And a process that ignores it is killed."""
    code = _STAYS
    if deaf:
        code = "import signal\nsignal.signal(2, signal.SIG_IGN)\n" + code

    def interrupt():
        wait_until(lambda: log.path.exists() and len(pids(log)) == 2)
        os.kill(os.getpid(), signal.SIGINT)

    thread = threading.Thread(target=interrupt)
    thread.start()
    with pytest.raises(KeyboardInterrupt):
        run_code(log, code, stop_seconds=0.5 if deaf else 60)
    thread.join()
    wait_until(lambda: not any(lives(pid) for pid in pids(log)))
    assert ("interrupted" in log.path.read_text()) != deaf


def test_what_a_process_leaves_running_is_killed(log):
    assert run_code(log, _STAYS.partition("try:")[0]) == 0
    wait_until(lambda: not lives(pids(log)[1]))


def test_interrupts_reach_it_where_the_parent_blocks_them(log):
    code = "import signal; print(signal.pthread_sigmask(0, []))"
    old = signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
    try:
        assert run_code(log, code) == 0
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, old)
    assert log.path.read_text() == "set()\n"


# Writes its flags, folder and environment into its work directory.
_BINARY = """
import json, os, pathlib, sys
flags = dict(word[2:].split("=", 1) for word in sys.argv[1:])
work = pathlib.Path(flags.pop("workdir"))
work.mkdir(exist_ok=True)
with open(work / "calls", "a") as file:
    print(json.dumps([flags, os.getcwd(), dict(os.environ)]), file=file)
calls = len((work / "calls").read_text().splitlines())
if calls <= int(flags.get("busy", 0)):
    sys.exit(f"count: error: {str(work)!r} is in use by process 1 on host.")
if "signal" in flags:
    os.kill(os.getpid(), int(flags["signal"]))
if "status" in flags:
    print("is in use, but long ago\\n" + "something else\\n" * 5)
    sys.exit(int(flags["status"]))
(work / "results.json").write_text("{}")
"""


@pytest.fixture
def task(tmp_path, monkeypatch):
    """Runs the binary with flags; `task.pauses` are the times it slept."""
    (tmp_path / "stubs").mkdir()
    (tmp_path / "stubs" / "count.py").write_text(_BINARY)
    (tmp_path / "logs").mkdir()

    def run(flags, **options):
        run = SweepRun("stubs.count", flags, workdir=str(tmp_path / "work"))
        run.log = SweepLog(tmp_path / "logs" / "run.log")
        run.attempts = options.pop("attempt", 1)
        defaults = {"node": "host/1", "environment": {}, "cwd": str(tmp_path)}
        return sweep_task(run, **defaults | options)

    run.pauses = []
    monkeypatch.setattr("time.sleep", run.pauses.append)
    return run


def calls(folder):
    file = folder / "work" / "calls"
    return file.read_text().splitlines() if file.exists() else []


def test_a_finished_run_is_not_run_again(task, tmp_path):
    end = task({"seed": 1})
    assert (end.state, end.node, end.fault) == ("finished", "host/1", "")
    assert end.seconds > 0
    again = task({"seed": 1}, attempt=2)
    assert (again.state, again.seconds) == ("finished", 0)
    assert len(calls(tmp_path)) == 1
    log = (tmp_path / "logs" / "run.log").read_text()
    assert log.startswith("[sweep] attempt 1 on host/1, ")
    assert "attempt 2" not in log


def test_the_environment_of_a_run(task, tmp_path, monkeypatch):
    for name in ("RAY_JOB_ID", "OMP_NUM_THREADS", "KEPT", "KERAS_BACKEND"):
        monkeypatch.setenv(name, "4")
    changes = {"OMP_NUM_THREADS": None, "KERAS_BACKEND": "jax"}
    task({"seed": 1}, environment=changes)
    (call,) = calls(tmp_path)
    flags, cwd, environment = json.loads(call)
    assert (flags, cwd) == ({"seed": "1"}, str(tmp_path))
    assert (environment["KEPT"], environment["KERAS_BACKEND"]) == ("4", "jax")
    assert not {"RAY_JOB_ID", "OMP_NUM_THREADS"} & set(environment)


@pytest.mark.parametrize(
    ("flags", "fault", "state"),
    [
        ({"status": 1}, "exit status 1", "failed"),
        ({"status": 2, "busy": 0}, "exit status 2", "failed"),
        ({"status": 0}, "it ended without results.json", "failed"),
        ({"signal": 9}, "killed by SIGKILL, as when memory runs out", "failed"),
        ({"signal": 15}, "killed by SIGTERM", "failed"),
        # Works in use, for a while and for good.
        ({"busy": 3}, "", "finished"),
        ({"busy": 9}, "exit status 1", "lost"),
    ],
)
def test_how_an_attempt_ends(task, tmp_path, flags, fault, state):
    """And what is in use is tried again, as long as the patience lasts."""
    end = task(flags, patience=7)
    assert (end.fault, end.state) == (fault, state)
    pauses = [pause for pause in task.pauses if pause >= 1]
    assert pauses == [1, 2, 4, 8][: len(calls(tmp_path)) - 1]
    assert len(calls(tmp_path)) == min(flags.get("busy", 0), 3) + 1


@pytest.mark.parametrize("missing", ["logs", "cwd"])
def test_a_node_without_the_shared_folder(task, tmp_path, missing):
    (tmp_path / "cwd").mkdir()
    (tmp_path / missing).rmdir()
    end = task({}, cwd=str(tmp_path / "cwd"))
    assert f"host/1 does not see '{tmp_path / missing}'" in end.fault
    assert "shared folder under the same path" in end.fault
    assert not calls(tmp_path)
