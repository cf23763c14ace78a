import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from stub_experiment import lives
from stub_experiment import wait_until

from keras_padpos.sweep.process import sweep_process

ROOT = Path(__file__).parents[2]

# Writes its number, and that of a child of its own, and stays.
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
from keras_padpos.sweep.process import sweep_process
with open(sys.argv[1], "ab") as file:
    sweep_process([sys.executable, "-c", sys.argv[2]], file)
"""


def numbers(file):
    return [int(word) for word in file.read_text().split()[:2]]


@pytest.mark.skipif(sys.platform != "linux", reason="prctl is Linux'")
def test_it_is_killed_with_its_parent(tmp_path):
    file = tmp_path / "log"
    file.touch()
    with subprocess.Popen(
        [sys.executable, "-c", _PARENT, str(file), _STAYS], cwd=ROOT
    ) as parent:
        wait_until(lambda: len(file.read_text().split()) == 2)
        pid, child = numbers(file)
        assert lives(pid)
        parent.kill()
    wait_until(lambda: not lives(pid))
    os.kill(child, signal.SIGKILL)


def test_status_output_and_environment(tmp_path):
    code = (
        "import os, sys\n"
        "print(os.environ['WORD'], os.getcwd(), flush=True)\n"
        "print('to stderr', file=sys.stderr)\n"
        "exit(3)"
    )
    with open(tmp_path / "log", "wb") as file:
        status = sweep_process(
            [sys.executable, "-c", code],
            file,
            cwd=tmp_path,
            env={"WORD": "said"},
        )
        killed = sweep_process(
            [sys.executable, "-c", "import os; os.kill(os.getpid(), 9)"], file
        )
    assert (status, killed) == (3, -9)
    lines = (tmp_path / "log").read_text().splitlines()
    assert lines == [f"said {tmp_path}", "to stderr"]


@pytest.mark.parametrize("deaf", [False, True])
def test_an_interrupt_is_handed_on_to_the_whole_group(tmp_path, deaf):
    """And one that does not listen is killed."""
    code = _STAYS
    if deaf:
        code = "import signal\nsignal.signal(2, signal.SIG_IGN)\n" + code
    log = tmp_path / "log"

    def interrupt():
        wait_until(lambda: len(log.read_text().split()) == 2)
        os.kill(os.getpid(), signal.SIGINT)

    with open(log, "wb") as file:
        thread = threading.Thread(target=interrupt)
        thread.start()
        with pytest.raises(KeyboardInterrupt):
            sweep_process(
                [sys.executable, "-c", code],
                file,
                stop_seconds=0.5 if deaf else 60,
            )
        thread.join()
    wait_until(lambda: not any(lives(pid) for pid in numbers(log)))
    assert ("interrupted" in log.read_text()) != deaf


def test_what_it_leaves_running_is_killed(tmp_path):
    code = _STAYS.partition("try:")[0]
    with open(tmp_path / "log", "wb") as file:
        assert sweep_process([sys.executable, "-c", code], file) == 0
    wait_until(lambda: not lives(numbers(tmp_path / "log")[1]))


def test_interrupts_get_through_where_the_parent_blocks_them(tmp_path):
    code = "import signal; print(signal.pthread_sigmask(0, []))"
    old = signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
    try:
        with open(tmp_path / "log", "wb") as file:
            assert sweep_process([sys.executable, "-c", code], file) == 0
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, old)
    assert (tmp_path / "log").read_text() == "set()\n"


def test_there_must_be_such_a_folder(tmp_path):
    with open(tmp_path / "log", "wb") as file:
        with pytest.raises(FileNotFoundError):
            sweep_process(["true"], file, cwd=tmp_path / "nowhere")
