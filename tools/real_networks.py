"""What the package does with networks of other packages.

    python -m tools.real_networks --only=keras_hub

Builds small networks with random weights, nothing downloaded, and checks each
one: its sites, conversion and the way back, maps of constant and of rolled
pictures, receptive fields, saving and loading. Networks of packages that are
not installed are left out. Memory stays below 3 GiB.
"""

import fnmatch
import gc
import json
import warnings
from pathlib import Path

from keras_padpos import files
from keras_padpos import report
from keras_padpos.errors import InputError
from keras_padpos.report.cells import print_tables
from keras_padpos.runs import Flag
from keras_padpos.runs import Program
from keras_padpos.runs.common_flags import TABLE_FORMAT

_FLAGS = {
    "only": Flag(
        None,
        "Networks to check: parts of their names, or patterns with *. If not "
        "given: all.",
        type=list,
    ),
    "format": TABLE_FORMAT,
    "rows": Flag(
        None, "JSON file for the rows. If not given: none is written."
    ),
}


def _main(settings):
    """Check the networks, and print what holds and what is refused."""
    import keras

    from tools.network_catalogue import catalogue
    from tools.network_checks import examine

    chosen = _chosen(catalogue(), settings.only)
    networks = [network for network in chosen if network.installed]
    rows = []
    with report.Progress(units=len(networks)) as progress:
        for network in networks:
            with progress.unit(network.name), warnings.catch_warnings():
                # Of pads wider than small maps, and of other packages.
                warnings.simplefilter("ignore")
                keras.utils.set_random_seed(0)
                row = examine(
                    network.build, network.learns_positions, network.grid
                )
            rows.append({"network": network.name, **row})
            keras.backend.clear_session()
            gc.collect()
            _write(rows, settings.rows)
    missing = {network.package for network in chosen if not network.installed}
    tables = _tables(rows, sorted(missing))
    print_tables(tables, markdown=settings.format == "markdown")


def _write(rows, file):
    """Keep the rows, after every network: a run takes minutes."""
    if file is not None:
        with files.atomic_path(Path(file).expanduser()) as path:
            path.write_text(json.dumps(rows, indent=1) + "\n")


def _chosen(networks, only):
    if only is None:
        return networks
    patterns = [f"*{pattern.lower()}*" for pattern in only]
    chosen = [
        network
        for network in networks
        if any(
            fnmatch.fnmatchcase(network.name.lower(), pattern)
            for pattern in patterns
        )
    ]
    if not chosen:
        names = ", ".join(network.name for network in networks)
        raise InputError(
            f"--only must fit one of {names}. Received: {','.join(only)}"
        )
    return chosen


def _tables(rows, missing):
    from tools.network_checks import CHECKS

    built = [row for row in rows if "layers" in row]
    padding = [row for row in built if row.get("sites") != 0]
    full = [row for row in padding if row["converts"] == "yes"]
    notes = [
        f"{len(full)} of {len(padding)} networks that pad are converted in "
        "full."
    ]
    unchecked = sum(row.get("unchecked", 0) for row in built)
    if unchecked:
        notes.append(
            f"{unchecked} fields of maps behind a gate could not be checked."
        )
    if missing:
        notes.append(f"Not installed: {', '.join(missing)}.")
    yield {
        "title": "Networks of other packages",
        "columns": [
            "network",
            "layers",
            "sites",
            *CHECKS,
            "fields",
            ("convert_seconds", "CPU seconds to convert"),
        ],
        "rows": [
            {
                **row,
                **{name: row[name].partition(":")[0] for name in CHECKS},
                "fields": f"{row['fields']} of {row['maps']}"
                if "maps" in row
                else None,
            }
            for row in built
        ],
        "notes": notes,
    }
    reasons = [
        {"network": row["network"], "check": name, "reason": row[name]}
        for row in rows
        for name in CHECKS
        if not row[name].startswith(("yes", "n/a"))
    ]
    reasons += [
        {"network": row["network"], "check": "", "reason": row["converts"]}
        for row in rows
        if "layers" not in row
    ]
    if reasons:
        yield {
            "title": "What is refused or fails, and why",
            "columns": ["network", "check", "reason"],
            "rows": reasons,
        }


TOOL = Program(name="real_networks", about=__doc__, flags=_FLAGS, main=_main)

if __name__ == "__main__":
    TOOL.run()
