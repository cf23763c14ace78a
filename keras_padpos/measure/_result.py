"""What a measurement gives: rows, arrays, a table, a figure, a sentence."""

import html
import io
import os
from collections.abc import Mapping
from collections.abc import Sequence
from typing import Any

import numpy as np
from rich.console import Console

from keras_padpos.errors import MissingPackageError
from keras_padpos.report.cells import cell_text
from keras_padpos.report.cells import column_pairs
from keras_padpos.report.cells import print_table
from keras_padpos.runs import WorkDirectory
from keras_padpos.runs.provenance import Provenance
from keras_padpos.text_tables import html_table

Row = dict[str, Any]


class Result:
    """What was measured, as a notebook shows it.

    `print(result)` gives the tables and the conclusion, a notebook shows them
    as HTML.

    Attributes:
        rows: One flat dict for each thing that was measured.
        arrays: Arrays by name; those of a row start with its `arrays`.
        conclusion: One or two sentences of numbers.
        notes: What the numbers are and how they were taken.
    """

    experiment = ""

    def __init__(
        self,
        rows: Sequence[Row],
        arrays: Mapping[str, np.ndarray],
        conclusion: str,
        notes: Sequence[str],
    ) -> None:
        self.rows = list(rows)
        self.arrays = dict(arrays)
        self.conclusion = conclusion
        self.notes = list(notes)
        self._provenance = Provenance()

    def tables(self) -> list[dict[str, Any]]:
        """The tables, as arguments of `report.print_table`."""
        raise NotImplementedError

    def plot(self) -> Any:
        """Draw a Matplotlib figure of the rows; sub-classes say which."""
        raise NotImplementedError

    def __str__(self) -> str:
        text = io.StringIO()
        console = Console(
            file=text, force_terminal=True, color_system=None, width=100
        )
        for table in self.tables():
            print_table(**table, console=console)
        for line in self.notes:
            console.print(line, markup=False, highlight=False)
        console.print(self.conclusion, markup=False, highlight=False)
        return "\n".join(line.rstrip() for line in text.getvalue().splitlines())

    def __repr__(self) -> str:
        return f"<{type(self).__name__}: {self.conclusion}>"

    def _repr_html_(self) -> str:
        parts = [f"<p><b>{html.escape(self.conclusion)}</b></p>"]
        for table in self.tables():
            pairs = column_pairs(table["columns"])
            cells = [
                [cell_text(row.get(key)) for key, _ in pairs]
                for row in table["rows"]
            ]
            parts.append(f"<p>{html.escape(table['title'])}</p>")
            parts.append(html_table([heading for _, heading in pairs], cells))
        parts += [f"<p>{html.escape(note)}</p>" for note in self.notes]
        return "".join(parts)

    def to_frame(self) -> Any:
        """The rows as a `pandas.DataFrame`.

        Raises:
            MissingPackageError: If pandas is not installed.
        """
        try:
            import pandas
        except ImportError as error:
            raise MissingPackageError(
                "`to_frame` needs pandas; `rows` has the same rows as dicts: "
                "pip install pandas"
            ) from error
        return pandas.DataFrame(self.rows)

    def save(self, workdir: str | os.PathLike[str]) -> None:
        """Write a work directory that `keras-padpos report` reads.

        Args:
            workdir: The directory; made if it is not there.

        Raises:
            InputError: If it holds a run already, or cannot be written.
        """
        work = WorkDirectory(workdir, self.experiment, {}, resume=False)
        work.save_arrays(self.arrays)
        work.write_results(self.rows, self._provenance.as_dict())
        work.close()
