"""Metrics of position information over the same networks, side by side.

    python -m tools.compare_metrics runs/probe runs/formation --format=markdown

Which metric hangs on the seed, and which tells networks that pad from those
that do not? Each WORKDIR is the directory of a finished run of position_probe
(PosENet's score), padding_pattern or pattern_formation (PPP; of the latter the
last step) or fconv_tests (four quadrants). Networks out of files are told
apart by the files' names, MODEL-MODE-seedN with anything behind, as
pattern_formation leaves them in WORKDIR/models.
"""

from absl import flags

from keras_padpos import runs
from keras_padpos import studies

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
    works = studies.open_metric_runs(argv[1:])
    if _FORMAT.value == "markdown":
        print(studies.comparison_markdown(works, _LAYERS.value))
    else:
        studies.print_comparison(works, _LAYERS.value)


if __name__ == "__main__":
    runs.run(main, needs_keras=False, arguments=["WORKDIR..."])
