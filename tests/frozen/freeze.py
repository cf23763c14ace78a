"""Write what the commands of the current tree leave, to compare with later.

    python -m tests.frozen.freeze [--jobs=2] [--folder=DIR] [NAME...]

From the root of the repository. Each NAME is an experiment, a run or a tool of
`commands.py`; if none is given, all are frozen. Prints the seconds of each.
Work directories are left in DIR, if it is given, and what was run there before
is not run again.
"""

import argparse
import contextlib
import json
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path


def main():
    """Run them, each job in a process of its own."""
    sys.path.insert(0, str(Path(__file__).parents[1]))
    from frozen import harness
    from frozen.commands import RUNS
    from frozen.commands import TOOLS

    parser = argparse.ArgumentParser()
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--folder")
    parser.add_argument("names", nargs="*")
    given = parser.parse_args()
    names = [
        name
        for name in (*RUNS, *TOOLS)
        if not given.names or {name, name.partition("-")[0]} & set(given.names)
    ]
    with contextlib.ExitStack() as stack:
        folder = given.folder or stack.enter_context(
            tempfile.TemporaryDirectory()
        )
        runs = harness.Runs(folder)

        def freeze(name):
            found, seconds = runs.outcome(name)
            harness.write_frozen(name, found)
            print(f"{name}: {seconds:.0f} s", flush=True)

        with ThreadPoolExecutor(given.jobs) as pool:
            list(pool.map(freeze, names))
    machine = json.dumps(harness.machine(), indent=1)
    (harness.RESULTS / "machine.json").write_text(machine + "\n")


if __name__ == "__main__":
    main()
