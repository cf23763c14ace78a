"""One page over finished runs: tables, figures, curves, provenance.

    keras-padpos report runs/vgg16 runs/sweep --out=report.html

Each DIR is the work directory of a run of any experiment, or a folder that
holds some. The page needs no other file and no network: the papers' tables
with the runs' numbers beside, each run's tables and figures, how it was made,
and what is missing.
"""

import sys

from keras_padpos import report
from keras_padpos.errors import printable
from keras_padpos.runs import Flag
from keras_padpos.runs import Program
from keras_padpos.studies.layouts import LAYOUTS

_FLAGS = {
    "format": Flag(
        "html",
        "html: a page; markdown: its tables, without pictures; csv: all"
        " rows of all runs, under one header.",
        choices=["html", "markdown", "csv"],
    ),
    "out": Flag(
        None,
        "File to write; - is standard output. If not given: "
        "report.html, and standard output for markdown and csv.",
    ),
    "overwrite": Flag(False, "Replace the file of --out if it is there."),
    "title": Flag(
        None, "Title of the report. If not given: what runs there are."
    ),
    "figures": Flag(True, "Whether to put the runs' figures into the page."),
}


def _main(settings, *folders):
    """Read the runs, write the report, and print its size."""
    out = report.check_report_file(
        settings.out, settings.format, overwrite=settings.overwrite
    )
    records = report.find_runs(folders)
    text = report.report_text(
        records,
        settings.format,
        LAYOUTS,
        title=settings.title,
        figures=settings.figures,
        folder=out.parent if out else None,
    )
    line = report.write_report(text, records, out)
    print(printable(line), file=sys.stderr)


TOOL = Program(
    name="report",
    about=__doc__,
    flags=_FLAGS,
    main=_main,
    arguments=["DIR..."],
    needs_keras=False,
)
