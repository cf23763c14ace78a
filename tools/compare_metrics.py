"""Metrics of position information over the same networks, side by side.

    python -m tools.compare_metrics runs/probe runs/formation --format=markdown

Which metric depends on the seed, and which tells networks that pad from those
that do not? Each WORKDIR is the directory of a finished run of position_probe
(PosENet's score), padding_pattern or pattern_formation (PPP; of the latter the
last step) or fconv_tests (four quadrants). Networks out of files are told
apart by the files' names, MODEL-MODE-seedN with anything behind, as
pattern_formation leaves them in WORKDIR/models.
"""

from keras_padpos.report.cells import print_tables
from keras_padpos.runs import Flag
from keras_padpos.runs import Program
from keras_padpos.runs.common_flags import TABLE_FORMAT
from keras_padpos.studies.metric_comparison import comparison_tables

_FLAGS = {
    "format": TABLE_FORMAT,
    "layers": Flag(
        ["last"],
        "Layers at which patterns are taken: names, all, or last, the last of "
        "each network.",
    ),
}


def _main(settings, *folders):
    """Print what each metric says, then how they compare."""
    tables = comparison_tables(folders, settings.layers)
    print_tables(tables, markdown=settings.format == "markdown")


TOOL = Program(
    name="compare_metrics",
    about=__doc__,
    flags=_FLAGS,
    main=_main,
    arguments=["WORKDIR..."],
    needs_keras=False,
)

if __name__ == "__main__":
    TOOL.run()
