"""All rows of runs as CSV."""

import csv
import io
import json
from collections.abc import Sequence
from typing import Any

from keras_padpos.runs.page.run_record import FINISHED
from keras_padpos.runs.page.run_record import RunRecord
from keras_padpos.runs.page.value_words import flag_words

_FORMULA = ("=", "+", "-", "@", "\t")


def report_csv(runs: Sequence[RunRecord]) -> str:
    """Write the rows of all finished runs under one header.

    Example:

    >>> from pathlib import Path
    >>> runs = [RunRecord(Path(name), name, "count", {"rate": 1, "a": rate},
    ...                   rows=({"n": 1, "grid": [[1, 2]]},))
    ...         for name, rate in (("a", 0.1), ("b", 0.2))]
    >>> print(report_csv(runs), end="")
    run,experiment,config.a,n,grid
    a,count,0.1,1,"[[1, 2]]"
    b,count,0.2,1,"[[1, 2]]"

    Args:
        runs: As `find_runs` returns them.

    Returns:
        CSV: a line for each row of results.json, in their order, with `run`
        and `experiment`; under `config.FLAG` the flags in which runs of one
        experiment differ; and under `row.run` and the like what a row calls
        by a name that is taken. Numbers have all their digits, nested values
        are JSON, what a row does not have is empty.
    """
    finished = [run for run in runs if run.state == FINISHED]
    flags = _differing_flags(finished)
    lines = []
    for run in finished:
        about = {"run": run.name, "experiment": run.experiment}
        about |= {
            f"config.{name}": flag_words(run.config[name])
            for name in flags
            if run.config.get(name) is not None
        }
        for row in run.rows:
            lines.append(
                about
                | {
                    (f"row.{name}" if name in about else name): _cell(value)
                    for name, value in row.items()
                }
            )
    columns = dict.fromkeys(
        ["run", "experiment", *(f"config.{name}" for name in flags)]
    )
    columns |= dict.fromkeys(name for line in lines for name in line)
    text = io.StringIO()
    writer = csv.DictWriter(text, list(columns), lineterminator="\n")
    writer.writeheader()
    writer.writerows(lines)
    return text.getvalue()


def _differing_flags(runs: Sequence[RunRecord]) -> list[str]:
    found = {}
    for experiment in dict.fromkeys(run.experiment for run in runs):
        mine = [run.config for run in runs if run.experiment == experiment]
        for name in dict.fromkeys(name for config in mine for name in config):
            if len({flag_words(config.get(name)) for config in mine}) > 1:
                found[name] = None
    return list(found)


def _cell(value: Any) -> Any:
    if isinstance(value, str):
        # A spreadsheet would take it for a formula.
        return f"'{value}" if value[:1] in _FORMULA else value
    if value is None or isinstance(value, (int, float)):
        return value
    return json.dumps(value, ensure_ascii=False)
