"""The papers' tables and orderings over finished runs of position_probe.

    keras-padpos position_tables runs/vgg16 runs/resnet50 --format=markdown

Islam et al.'s Tables 1, 2a, 2b, 3, 4 and 6 are drawn again with the numbers of
the runs beside, then each ordering that they show is tried on every network of
the runs, picture by picture. Each WORKDIR is the directory of a finished run.
"""

from keras_padpos import report
from keras_padpos.runs import Program
from keras_padpos.runs.common_flags import TABLE_FORMAT


def _main(settings, *folders):
    """Print the tables, then the orderings."""
    markdown = settings.format == "markdown"
    rows = report.position_rows(folders)
    tables = report.paper_tables(rows, intervals=markdown)
    orderings = report.orderings_tables(report.evaluate_orderings(rows))
    if markdown:
        print(report.tables_markdown(tables, repeat_notes=False))
        print(f"\n{report.tables_markdown(orderings)}")
    else:
        for table in [*tables, *orderings]:
            report.print_table(**table)


TOOL = Program(
    name="position_tables",
    about=__doc__,
    flags={"format": TABLE_FORMAT},
    main=_main,
    arguments=["WORKDIR..."],
    needs_keras=False,
)
