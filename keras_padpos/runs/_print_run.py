"""What a finished run prints."""

from collections.abc import Callable
from collections.abc import Mapping
from collections.abc import Sequence
from typing import Any

from keras_padpos.report.cells import print_table
from keras_padpos.runs.work_directory import MODELS
from keras_padpos.runs.work_directory import WorkDirectory


def print_run(
    work: WorkDirectory,
    tables: Callable[
        [Sequence[Mapping[str, Any]]], Sequence[Mapping[str, Any]]
    ],
) -> None:
    """Print the tables of a finished run, and where the rest of it is.

    Example:

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     work = WorkDirectory(f"{folder}/run", "count", {})
    ...     work.write_results(
    ...         [{"n": 1}], {"machine": {"line": "1 core"}, "wall_seconds": 2.4}
    ...     )
    ...     print_run(work, lambda rows: [
    ...         {"title": "Counts", "columns": ["n"], "rows": rows}
    ...     ])  # doctest: +ELLIPSIS
    Counts
    | n |
    |---|
    | 1 |
    <BLANKLINE>
    1 core; 2 s; results in ...run

    Args:
        work: The run's directory.
        tables: From the run's rows to arguments of `print_table`.
    """
    results = work.load_results()
    for table in tables(results["rows"]):
        print_table(**table)
        print()
    provenance = results["provenance"]
    words = f"results in {work.path}"
    if (work.path / MODELS).is_dir():
        words += f", networks in its {MODELS}/"
    print(
        f"{provenance['machine']['line']}; "
        f"{provenance['wall_seconds']:.0f} s; {words}"
    )
