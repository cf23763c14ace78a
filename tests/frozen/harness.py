"""Run the commands, and tell all that matters of what came out.

Results are the same to the last bit on one kind of machine with the same
versions of the packages; `machine` names both.
"""

import contextlib
import difflib
import fcntl
import hashlib
import importlib.metadata
import json
import os
import platform
import re
import subprocess
import sys
import time
from pathlib import Path

import h5py
import numpy as np
from frozen.commands import RUNS
from frozen.commands import TOOLS
from html_tree import parse
from PIL import Image

ROOT = Path(__file__).parents[2]
RESULTS = Path(__file__).parent / "results"

# The arrays of so few numbers are kept as they are too, to be read.
FEW = 16

_PACKAGES = ("keras", "matplotlib", "numpy", "pillow", "scipy", "tensorflow")
_ENVIRONMENT = {
    "COLUMNS": "100",
    "KERAS_BACKEND": "tensorflow",
    "PYTHONPATH": f"{ROOT}:{ROOT / 'tests'}",
    "TF_CPP_MIN_LOG_LEVEL": "3",
    # Sums are added in another order by other numbers of threads.
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "TF_NUM_INTEROP_THREADS": "1",
    "TF_NUM_INTRAOP_THREADS": "1",
}


class Runs:
    """Commands over one folder, each run once.

    Processes may share the folder.
    """

    def __init__(self, folder):
        self.folder = Path(folder)

    def outcome(self, name):
        """What a run or a tool left, as it is kept in `results`.

        The second is how many seconds it took.
        """
        given, needed = TOOLS.get(name, (None, ()))
        for each in needed:
            self.outcome(each)
        self._make_data()
        file = self.folder / f"{name}.json"
        with self._locked(name):
            if not file.exists():
                start = time.monotonic()
                if given is None:
                    found = self._run(name)
                else:
                    found = self._run_tool(given)
                kept = {"seconds": time.monotonic() - start, "found": found}
                file.write_text(json.dumps(kept))
        kept = json.loads(file.read_text())
        return kept["found"], kept["seconds"]

    def _make_data(self):
        done = self.folder / "data.done"
        with self._locked("data"):
            if not done.exists():
                script = Path(__file__).with_name("make_data.py")
                self._python(str(script), ".")
                done.touch()

    def _run(self, name):
        work = self.folder / "work" / name
        module = f"experiments.{name.partition('-')[0]}"
        given = [*RUNS[name], f"--workdir=work/{name}"]
        said = self._python("-m", module, *given)
        left = json.loads(self._without_paths(json.dumps(_left(work))))
        _settle(work)
        return {"command": [module, *given], **left, "stdout": said}

    def _run_tool(self, given):
        said = self._python("-m", *given)
        if "--format=html" in given:
            said = _table_texts("\n".join(said))
        elif "--format=csv" in given:
            said = list(map(_shortened, said))
        return {"command": given, "stdout": said}

    def _python(self, *given):
        """The lines it printed."""
        done = subprocess.run(
            [sys.executable, *given],
            cwd=self.folder,
            env={**os.environ, **_ENVIRONMENT},
            capture_output=True,
            text=True,
            timeout=1200,
        )
        assert done.returncode == 0, f"{given}\n{done.stderr[-4000:]}"
        said = self._without_paths(done.stdout)
        return [_without_times(line) for line in said.splitlines()]

    def _without_paths(self, text):
        text = text.replace(str(self.folder.resolve()), "FOLDER")
        return text.replace(sys.executable, "PYTHON")

    @contextlib.contextmanager
    def _locked(self, name):
        with open(self.folder / f"{name}.lock", "w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield


def _without_times(line):
    return re.sub(r"^.*; \d+ s; (?=results in )", "MACHINE; SECONDS; ", line)


def _settle(work):
    """Put words that are always the same where reports tell of the run."""
    file = work / "results.json"
    results = json.loads(file.read_text())
    provenance = results["provenance"]
    provenance["versions"] = dict.fromkeys(provenance["versions"], "0")
    provenance["machine"] = {
        "cpu": "CPU",
        "cores": 1,
        "memory_gib": 1.0,
        "platform": "PLATFORM",
        "line": "MACHINE",
    }
    provenance["start"] = "2000-01-01T00:00:00+00:00"
    provenance["wall_seconds"] = 1.0
    provenance["commit"] = "0" * 40
    file.write_text(json.dumps(results))


def _left(work):
    """What lies in the work directory of a finished run."""
    results = json.loads((work / "results.json").read_text())
    return {
        "config": results["config"],
        "rows": results["rows"],
        "skipped": results["provenance"].get("skipped") or None,
        "arrays": _arrays(work / "arrays.npz"),
        "metrics": _metrics(work / "metrics.jsonl"),
        "models": _files(work / "models", _weights),
        "checkpoints": _files(work / "checkpoints", lambda file: None),
        "figures": _files(work / "figures", _pixels),
    }


def _files(folder, describe):
    files = sorted(folder.iterdir()) if folder.exists() else []
    return {file.name: describe(file) for file in files}


def _arrays(file):
    if not file.exists():
        return None
    with np.load(file) as arrays:
        return {name: _array(arrays[name]) for name in sorted(arrays)}


def _array(array):
    digest = hashlib.sha256(np.ascontiguousarray(array).tobytes())
    shape = "x".join(map(str, array.shape)) or "scalar"
    words = f"{array.dtype} {shape} {digest.hexdigest()}"
    if array.size <= FEW:
        words += f" {array.tolist()}"
    return words


def _metrics(file):
    if not file.exists():
        return None
    return [json.loads(line) for line in file.read_text().splitlines()]


def _weights(file):
    """A digest of all weights of a `.keras` file, of their names and kinds."""
    import io
    import zipfile

    digest, count = hashlib.sha256(), 0
    with zipfile.ZipFile(file) as packed:
        weights = io.BytesIO(packed.read("model.weights.h5"))
    with h5py.File(weights) as h5:
        found = []
        h5.visititems(lambda name, item: found.append((name, item)))
        for name, item in sorted(found, key=lambda each: each[0]):
            if isinstance(item, h5py.Dataset):
                digest.update(f"{name} {_array(item[()])}".encode())
                count += 1
    return f"{count} weights {digest.hexdigest()}"


def _pixels(file):
    with Image.open(file) as picture:
        return _array(np.asarray(picture))


def _shortened(line):
    """Its beginning, and a digest of all of it."""
    digest = hashlib.sha256(line.encode()).hexdigest()[:32]
    return f"{line[:40]}... {digest}"


def _table_texts(page):
    """Each row of each table of a page: its cells' texts."""
    lines = []
    for table in parse(page).all("table"):
        lines.append("")
        for row in table.all("tr"):
            cells = [
                " ".join(node.text.split())
                for node in row.every()
                if node.tag in ("th", "td")
            ]
            lines.append(" | ".join(cells))
    return lines


def machine():
    """What results hang on besides the code."""
    return {
        "cpu": platform.processor() or _cpu(),
        "python": platform.python_version(),
        **{name: importlib.metadata.version(name) for name in _PACKAGES},
    }


def _cpu():
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.machine()
    found = [line.partition(":")[2].strip() for line in lines]
    names = [line.startswith("model name") for line in lines]
    return found[names.index(True)] if any(names) else platform.machine()


def frozen_file(name):
    return RESULTS / f"{name}.json"


def read_frozen(name):
    return json.loads(frozen_file(name).read_text())


def write_frozen(name, found):
    """Write it, one row, array or line to a line."""
    RESULTS.mkdir(exist_ok=True)
    entries = [f"{json.dumps(key)}: {_spread(found[key])}" for key in found]
    frozen_file(name).write_text("{\n" + ",\n".join(entries) + "\n}\n")


def _spread(value):
    if not value or not isinstance(value, (list, dict)):
        return json.dumps(value)
    if isinstance(value, list):
        lines = [json.dumps(each) for each in value]
        return "[\n " + ",\n ".join(lines) + "\n]"
    lines = [
        f"{json.dumps(key)}: {json.dumps(each)}" for key, each in value.items()
    ]
    return "{\n " + ",\n ".join(lines) + "\n}"


def differences(frozen, found, where=""):
    """One line for each value that differs, its type included.

    Example:
        >>> list(differences({"rows": [{"a": 1}]}, {"rows": [{"a": 1.0}]}))
        ['rows[0].a: frozen 1, found 1.0']
        >>> list(differences({"a": 1, "b": 2}, {"b": 2, "a": 1}))
        [': frozen in the order a, b, found b, a']
    """
    if type(frozen) is not type(found):
        yield f"{where}: frozen {_short(frozen)}, found {_short(found)}"
    elif isinstance(frozen, dict):
        for key in frozen:
            name = f"{where}.{key}" if where else key
            if key in found:
                yield from differences(frozen[key], found[key], name)
            else:
                yield f"{name}: frozen {_short(frozen[key])}, found nothing"
        for key in found:
            if key not in frozen:
                name = f"{where}.{key}" if where else key
                yield f"{name}: frozen nothing, found {_short(found[key])}"
        if set(frozen) == set(found) and list(frozen) != list(found):
            yield (
                f"{where}: frozen in the order {', '.join(frozen)}, "
                f"found {', '.join(found)}"
            )
    elif isinstance(frozen, list):
        if len(frozen) != len(found):
            yield f"{where}: frozen {len(frozen)} of them, found {len(found)}"
        for number, (mine, theirs) in enumerate(
            zip(frozen, found, strict=False)
        ):
            yield from differences(mine, theirs, f"{where}[{number}]")
    # NaN is NaN, and 0.0 is not -0.0.
    elif repr(frozen) != repr(found):
        yield f"{where}: frozen {_short(frozen)}, found {_short(found)}"


def _short(value):
    words = json.dumps(value)
    return words if len(words) <= 160 else f"{words[:160]}..."


def line_differences(frozen, found):
    """What `diff` would say of printed lines."""
    return difflib.unified_diff(
        frozen, found, "frozen", "found", n=1, lineterm=""
    )
