"""An experiment without Keras, for the tests of sweeps."""

import json
import time
from pathlib import Path

# In a file of its own only while it is needed: the flags of a module that
# pytest imports would be those of every test.
_STUB = """
import os, pathlib, signal, time
from absl import flags
from keras_padpos import runs
from keras_padpos import report

UNITS = flags.DEFINE_integer("units", 2, "Units of work.", lower_bound=1)
GATE = flags.DEFINE_string("gate", None, "File to wait for after the first.")
LIST = flags.DEFINE_list("list", [], "Some words.")
FAIL = flags.DEFINE_enum("fail", "no", ["no", "error", "kill", "quiet"], "How.")
BROKEN = flags.DEFINE_string("broken", None, "File that makes it fail.")
runs.define_common_flags()

def main(argv):
    names = ["units", "list", "fail"]
    work = runs.WorkDirectory(
        flags.FLAGS.workdir, "count", runs.resolved_flags(names)
    )
    if work.finished:
        return
    rows = []
    with report.Progress(units=UNITS.value) as progress:
        for number in range(UNITS.value):
            label = f"unit {number}"
            found = work.checkpoint(label)
            if found:
                progress.done_before(label)
            else:
                with progress.unit(label, noun="steps") as advance:
                    advance(7)
                    with open("computed.txt", "a") as file:
                        file.write(f"{work.path.name} {number}\\n")
                    row = {"unit": number, "list": LIST.value}
                    found = work.save_checkpoint(label, [row])
            rows += found[0]
            while GATE.value and not os.path.exists(GATE.value):
                time.sleep(0.05)
            if BROKEN.value and os.path.exists(BROKEN.value):
                raise runs.InputError("Something is broken.")
            if FAIL.value == "error":
                raise runs.InputError("This run always fails.")
            if FAIL.value == "kill":
                os.kill(os.getpid(), signal.SIGKILL)
            if FAIL.value == "quiet":
                return
    environment = {
        name: value
        for name, value in os.environ.items()
        if "THREADS" in name or "CUDA" in name or name.startswith("RAY_")
    }
    work.write_results(rows, {"environment": environment})

if __name__ == "__main__":
    runs.run(main, needs_keras=False)
"""


def write_stub(folder):
    """Make `stubs.count` importable in a folder."""
    package = folder / "stubs"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "count.py").write_text(_STUB)


def computed(folder):
    """The units that runs started in a folder have computed, in order."""
    file = folder / "computed.txt"
    return file.read_text().splitlines() if file.exists() else []


def sweep_json(out):
    """The runs of sweep.json."""
    return json.loads((out / "sweep.json").read_text())["runs"]


def wait_until(condition, seconds=120):
    """Wait for something that must come."""
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, "it did not come"
        time.sleep(0.1)


def lives(pid):
    """Whether there is such a process (on Linux)."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2]
    except FileNotFoundError:
        return False
    # Nobody may be left to collect a process that has ended.
    return state.split()[0] != "Z"
