"""How the experiments that are known lay out their rows."""

import dataclasses
from collections.abc import Callable
from collections.abc import Sequence
from typing import Any

from keras_padpos.report._position_rows import position_rows
from keras_padpos.report.position_report import position_notes
from keras_padpos.report.position_report import position_tables
from keras_padpos.report.read_runs import RunRecord
from keras_padpos.runs.work_directory import WorkDirectory
from keras_padpos.studies.agreement_report import agreement_tables
from keras_padpos.studies.fconv_report import fconv_tables
from keras_padpos.studies.formation_report import formation_notes
from keras_padpos.studies.formation_report import formation_tables
from keras_padpos.studies.location_report import location_tables
from keras_padpos.studies.pattern_report import PATTERN_NOTES
from keras_padpos.studies.pattern_report import pattern_tables
from keras_padpos.studies.robustness_report import robustness_tables
from keras_padpos.studies.semantic_report import semantic_tables
from keras_padpos.studies.texture import STUDY as TEXTURE


@dataclasses.dataclass(frozen=True)
class ExperimentLayout:
    """The tables of an experiment.

    Args:
        tables: From rows to arguments of `print_table`.
        notes: From rows to what holds for all tables.
        told: Flags in which runs may differ and still share their tables,
            because these tell rows apart by them; `seed` and the like are
            always among them.
        rows: From runs to the rows that `tables` takes, which may need more
            than results.json.
    """

    tables: Callable[[Sequence[Any]], list[dict[str, Any]]]
    notes: Callable[[Sequence[Any]], Sequence[str]]
    told: frozenset[str]
    rows: Callable[[Sequence[RunRecord]], list[dict[str, Any]]]


def _plain_rows(runs: Sequence[RunRecord]) -> list[dict[str, Any]]:
    return [row for run in runs for row in run.rows]


def _probe_rows(runs: Sequence[RunRecord]) -> list[dict[str, Any]]:
    return position_rows(
        [WorkDirectory.open_finished(run.path, run.experiment) for run in runs]
    )


_NETWORKS = {"backbone", "weights", "padding_mode", "networks", "batch_size"}
_SEEDS = {"seed", "seeds"}

LAYOUTS = {
    "position_probe": ExperimentLayout(
        position_tables,
        position_notes,
        frozenset(
            {
                *_NETWORKS,
                *_SEEDS,
                "calibrate_batch_norm",
                "targets",
                "tables",
                "stages",
                "stage_subsets",
                "kernel_sizes",
                "head_layers",
                "head_paddings",
                "test_images",
            }
        ),
        _probe_rows,
    ),
    "padding_pattern": ExperimentLayout(
        pattern_tables,
        lambda rows: PATTERN_NOTES,
        frozenset({*_NETWORKS, *_SEEDS, "layers", "checkpoint_seconds"}),
        _plain_rows,
    ),
    "pattern_formation": ExperimentLayout(
        formation_tables,
        formation_notes,
        frozenset({"model", "padding_mode", *_SEEDS}),
        _plain_rows,
    ),
    "fconv_tests": ExperimentLayout(
        fconv_tables,
        lambda rows: (),
        frozenset(
            {
                *_NETWORKS,
                *_SEEDS,
                "test",
                "splits",
                "convolution",
                "train",
                "borders",
            }
        ),
        _plain_rows,
    ),
    "prediction_agreement": ExperimentLayout(
        agreement_tables,
        lambda rows: (),
        frozenset({"backbone", "weights", "padding_mode"}),
        _plain_rows,
    ),
    "location_task": ExperimentLayout(
        location_tables,
        lambda rows: (),
        frozenset(
            {
                "model",
                "padding_mode",
                "task",
                "canvas",
                "grid",
                "channels",
                *_SEEDS,
            }
        ),
        _plain_rows,
    ),
    "semantic_head": ExperimentLayout(
        semantic_tables,
        lambda rows: (),
        frozenset(
            {"backbone", "weights", "padding_mode", "head", "enlarge", *_SEEDS}
        ),
        _plain_rows,
    ),
    "robustness": ExperimentLayout(
        robustness_tables,
        lambda rows: (),
        frozenset({"model", "padding_mode", "cutout", *_SEEDS}),
        _plain_rows,
    ),
    "texture": ExperimentLayout(
        TEXTURE.lay_out,
        lambda rows: (),
        frozenset(
            {
                "backbone",
                "weights",
                "padding_mode",
                "train",
                "test_set",
                *_SEEDS,
            }
        ),
        _plain_rows,
    ),
}
"""From each experiment that has tables of its own to these."""
