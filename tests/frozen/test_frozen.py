"""Whether experiments and tools leave what they left, to the last bit.

    python -m pytest -m large tests/frozen -k texture

What is compared lies in `results`; `freeze.py` writes it. With `-n 2` the runs
are shared among the processes.
"""

import json

import pytest
from frozen import harness
from frozen.commands import RUNS
from frozen.commands import TOOLS

pytestmark = pytest.mark.large

# More lines than this say no more.
MOST = 40

PRINTED = ("stdout",)
DRAWN = ("figures",)


@pytest.fixture(scope="session")
def runs(tmp_path_factory, request):
    folder = tmp_path_factory.getbasetemp()
    # A process of several has a folder inside the one they share.
    if hasattr(request.config, "workerinput"):
        folder = folder.parent
    folder = folder / "frozen"
    folder.mkdir(exist_ok=True)
    return harness.Runs(folder)


def check(name, lines):
    lines = list(lines)
    if not lines:
        return
    if len(lines) > MOST:
        lines[MOST:] = [f"... and {len(lines) - MOST} more lines"]
    file = harness.RESULTS / "machine.json"
    frozen, here = json.loads(file.read_text()), harness.machine()
    if frozen != here:
        lines.append(f"Frozen with {frozen}, which is not this: {here}")
    pytest.fail("\n".join([f"{name} differs:", *lines]), pytrace=False)


def part(outcome, names):
    return {name: outcome[name] for name in names}


@pytest.mark.parametrize("name", RUNS)
def test_rows_arrays_and_models(runs, name):
    frozen, (found, _) = harness.read_frozen(name), runs.outcome(name)
    names = [each for each in frozen if each not in PRINTED + DRAWN]
    check(name, harness.differences(part(frozen, names), part(found, names)))


@pytest.mark.parametrize("name", RUNS)
def test_printed(runs, name):
    frozen, (found, _) = harness.read_frozen(name), runs.outcome(name)
    check(name, harness.line_differences(frozen["stdout"], found["stdout"]))


@pytest.mark.parametrize("name", RUNS)
def test_figures(runs, name):
    frozen, (found, _) = harness.read_frozen(name), runs.outcome(name)
    check(name, harness.differences(frozen["figures"], found["figures"]))


@pytest.mark.parametrize("name", TOOLS)
def test_tools(runs, name):
    frozen, (found, _) = harness.read_frozen(name), runs.outcome(name)
    check(name, harness.line_differences(frozen["stdout"], found["stdout"]))
