"""One page over finished runs: tables, figures, curves, provenance.

    python -m tools.report runs/vgg16 runs/sweep --out=report.html

Each DIR is the work directory of a run of any experiment, or a folder that
holds some. The page needs no other file and no network: the papers' tables
with the runs' numbers beside, each run's tables and figures, how it was made,
and what is missing.
"""

import sys

from absl import flags

from keras_padpos import report
from keras_padpos import runs
from keras_padpos.studies.layouts import LAYOUTS

_FORMAT = flags.DEFINE_enum(
    "format",
    "html",
    ["html", "markdown", "csv"],
    "html: a page; markdown: its tables, without pictures; csv: all rows of "
    "all runs, under one header.",
)
_OUT = flags.DEFINE_string(
    "out",
    None,
    "File to write; - is standard output. If not given: report.html, and "
    "standard output for markdown and csv.",
)
_OVERWRITE = flags.DEFINE_bool(
    "overwrite", False, "Replace the file of --out if it is there."
)
_TITLE = flags.DEFINE_string(
    "title", None, "Title of the report. If not given: what runs there are."
)
_FIGURES = flags.DEFINE_bool(
    "figures", True, "Whether to put the runs' figures into the page."
)


def main(argv):
    """Read the runs, write the report, and print its size."""
    out = report.check_report_file(
        _OUT.value, _FORMAT.value, overwrite=_OVERWRITE.value
    )
    records = report.find_runs(argv[1:])
    text = report.report_text(
        records,
        _FORMAT.value,
        LAYOUTS,
        title=_TITLE.value,
        figures=_FIGURES.value,
        folder=out.parent if out else None,
    )
    print(report.write_report(text, records, out), file=sys.stderr)


if __name__ == "__main__":
    runs.run(main, needs_keras=False, arguments=["DIR..."])
