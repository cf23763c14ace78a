"""Metrics of position information over the same networks, side by side.

    python -m tools.compare_metrics runs/probe runs/formation --format=markdown

Which metric depends on the seed, and which tells networks that pad from those
that do not? Each WORKDIR is the directory of a finished run of position_probe
(PosENet's score), padding_pattern or pattern_formation (PPP; of the latter the
last step) or fconv_tests (four quadrants). Networks out of files are told
apart by the files' names, MODEL-MODE-seedN with anything behind, as
pattern_formation leaves them in WORKDIR/models.
"""

from absl import flags

from keras_padpos import runs
from keras_padpos.report.cells import print_table
from keras_padpos.report.cells import table_markdown
from keras_padpos.studies.metric_comparison import comparison_tables

_FORMAT = flags.DEFINE_enum(
    "format",
    "terminal",
    ["terminal", "markdown"],
    "terminal: fitted to its width; markdown: for a document.",
)
_LAYERS = flags.DEFINE_list(
    "layers",
    ["last"],
    "Layers at which patterns are taken: names, all, or last, the last of "
    "each network.",
)


def main(argv):
    """Print what each metric says, then how they compare."""
    tables = comparison_tables(argv[1:], _LAYERS.value)
    if _FORMAT.value == "markdown":
        print("\n\n".join(table_markdown(**table) for table in tables))
    else:
        for table in tables:
            print_table(**table)
            print()


if __name__ == "__main__":
    runs.run(main, needs_keras=False, arguments=["WORKDIR..."])
