"""The papers' tables and orderings over finished runs of position_probe.

    python -m tools.position_tables runs/vgg16 runs/resnet50 --format=markdown

Islam et al.'s Tables 1, 2a, 2b, 3, 4 and 6 are drawn again with the numbers of
the runs beside, then each ordering that they show is tried on every network of
the runs, picture by picture. Each WORKDIR is the directory of a finished run.
"""

from absl import flags

from keras_padpos import report
from keras_padpos import runs

_FORMAT = flags.DEFINE_enum(
    "format",
    "terminal",
    ["terminal", "markdown"],
    "terminal: fitted to its width; markdown: for a document.",
)


def main(argv):
    """Print the tables, then the orderings."""
    markdown = _FORMAT.value == "markdown"
    rows = report.position_rows(argv[1:])
    tables = report.paper_tables(rows, intervals=markdown)
    orderings = report.orderings_tables(report.evaluate_orderings(rows))
    if markdown:
        print(report.tables_markdown(tables, repeat_notes=False))
        print(f"\n{report.tables_markdown(orderings)}")
    else:
        for table in [*tables, *orderings]:
            report.print_table(**table)


if __name__ == "__main__":
    runs.run(main, needs_keras=False, arguments=["WORKDIR..."])
