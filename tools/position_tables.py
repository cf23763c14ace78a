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
    works = [
        runs.WorkDirectory.open_finished(path, "position_probe")
        for path in argv[1:]
    ]
    if _FORMAT.value == "markdown":
        print(report.paper_tables_markdown(works))
        print(f"\n{report.orderings_markdown(works)}")
    else:
        report.print_paper_tables(works)
        report.print_orderings(works)


if __name__ == "__main__":
    runs.run(main, needs_keras=False, arguments=["WORKDIR..."])
