"""What every experiment binary shares.

Importing this imports neither Keras nor a backend, so that a binary answers
`--help` and a mistyped flag at once.
"""

from keras_padpos.runs.agreement_report import print_agreement_report
from keras_padpos.runs.application import run
from keras_padpos.runs.atomic_file import atomic_file
from keras_padpos.runs.atomic_path import atomic_path
from keras_padpos.runs.calibrated_at_end import calibrated_at_end
from keras_padpos.runs.calibrated_at_first import calibrated_at_first
from keras_padpos.runs.check_keras_file import check_keras_file
from keras_padpos.runs.check_sweep_flags import check_sweep_flags
from keras_padpos.runs.comparison_report import comparison_markdown
from keras_padpos.runs.comparison_report import open_metric_runs
from keras_padpos.runs.comparison_report import print_comparison
from keras_padpos.runs.conversion_modes import conversion_modes
from keras_padpos.runs.export_mismatch import ExportMismatch
from keras_padpos.runs.export_model import check_export
from keras_padpos.runs.export_model import export_model
from keras_padpos.runs.fconv_figures import draw_fconv_figures
from keras_padpos.runs.fconv_network import check_fconv_network
from keras_padpos.runs.fconv_network import fconv_network
from keras_padpos.runs.fconv_report import fconv_rows
from keras_padpos.runs.fconv_report import print_fconv_report
from keras_padpos.runs.flag_values import picture_sets
from keras_padpos.runs.flag_values import positions_value
from keras_padpos.runs.flag_values import ridge_value
from keras_padpos.runs.flag_values import whole_numbers
from keras_padpos.runs.flags import apply_common_flags
from keras_padpos.runs.flags import define_common_flags
from keras_padpos.runs.flags import resolved_flags
from keras_padpos.runs.formation_figures import draw_formation_figures
from keras_padpos.runs.formation_network import FORMATION_STAGES
from keras_padpos.runs.formation_network import formation_network
from keras_padpos.runs.formation_report import print_formation_report
from keras_padpos.runs.formation_summary import formation_summary
from keras_padpos.runs.found_rows import FoundRows
from keras_padpos.runs.inspect_file import inspect_file
from keras_padpos.runs.inspection_report import draw_inspection
from keras_padpos.runs.inspection_report import print_inspection
from keras_padpos.runs.inspection_rows import inspection_rows
from keras_padpos.runs.load_exported import EXPORT_FORMATS
from keras_padpos.runs.load_exported import load_exported
from keras_padpos.runs.load_keras_model import load_keras_model
from keras_padpos.runs.location_figures import draw_location_figures
from keras_padpos.runs.location_report import print_location_report
from keras_padpos.runs.merge_seeds import merge_seeds
from keras_padpos.runs.model_digest import model_digest
from keras_padpos.runs.network_differences import network_differences
from keras_padpos.runs.open_spread import open_spread
from keras_padpos.runs.open_work_directory import open_work_directory
from keras_padpos.runs.orderings import evaluate_orderings
from keras_padpos.runs.orderings_report import orderings_markdown
from keras_padpos.runs.orderings_report import print_orderings
from keras_padpos.runs.page import check_report_file
from keras_padpos.runs.page import find_runs
from keras_padpos.runs.page import report_text
from keras_padpos.runs.page import write_report
from keras_padpos.runs.paper_heads import paper_heads
from keras_padpos.runs.paper_tables import paper_tables_markdown
from keras_padpos.runs.paper_tables import print_paper_tables
from keras_padpos.runs.pattern_figures import draw_pattern_figures
from keras_padpos.runs.pattern_report import print_pattern_report
from keras_padpos.runs.position_figures import draw_position_figures
from keras_padpos.runs.position_network import position_network
from keras_padpos.runs.position_report import print_position_report
from keras_padpos.runs.position_rows import position_rows
from keras_padpos.runs.print_sweep import print_sweep
from keras_padpos.runs.probe_heads import probe_heads
from keras_padpos.runs.probed_network import ProbedNetwork
from keras_padpos.runs.progress import Progress
from keras_padpos.runs.provenance import Provenance
from keras_padpos.runs.quiet import quiet_tensorflow
from keras_padpos.runs.reach_figure import reach_figure
from keras_padpos.runs.robustness_figures import draw_robustness_figures
from keras_padpos.runs.robustness_report import print_robustness_report
from keras_padpos.runs.rolling_checkpoint import RollingCheckpoint
from keras_padpos.runs.run_sweep import run_sweep
from keras_padpos.runs.saved_model_padding import saved_model_padding
from keras_padpos.runs.semantic_figures import draw_semantic_figures
from keras_padpos.runs.semantic_report import print_semantic_report
from keras_padpos.runs.stage_layers import stage_layers
from keras_padpos.runs.stage_words import stage_words
from keras_padpos.runs.strict_json import strict_json
from keras_padpos.runs.sweep_folder import SweepFolder
from keras_padpos.runs.sweep_grid import sweep_grid
from keras_padpos.runs.sweep_outcome import SweepOutcome
from keras_padpos.runs.sweep_run import SweepRun
from keras_padpos.runs.table import print_table
from keras_padpos.runs.table_markdown import table_markdown
from keras_padpos.runs.texture_figures import draw_texture_figures
from keras_padpos.runs.texture_report import print_texture_report
from keras_padpos.runs.train_units import train_units
from keras_padpos.runs.trained_classifier import trained_classifier
from keras_padpos.runs.training_flags import TrainingFlags
from keras_padpos.runs.training_flags import define_training_flags
from keras_padpos.runs.training_unit import TrainingUnit
from keras_padpos.runs.user_error import UserError
from keras_padpos.runs.work_directory import WorkDirectory

__all__ = [
    "EXPORT_FORMATS",
    "FORMATION_STAGES",
    "ExportMismatch",
    "FoundRows",
    "ProbedNetwork",
    "Progress",
    "Provenance",
    "RollingCheckpoint",
    "SweepFolder",
    "SweepOutcome",
    "SweepRun",
    "TrainingFlags",
    "TrainingUnit",
    "UserError",
    "WorkDirectory",
    "apply_common_flags",
    "atomic_file",
    "atomic_path",
    "calibrated_at_end",
    "calibrated_at_first",
    "check_export",
    "check_fconv_network",
    "check_keras_file",
    "check_sweep_flags",
    "check_report_file",
    "comparison_markdown",
    "conversion_modes",
    "define_common_flags",
    "define_training_flags",
    "draw_fconv_figures",
    "draw_formation_figures",
    "draw_inspection",
    "draw_location_figures",
    "draw_pattern_figures",
    "draw_position_figures",
    "draw_robustness_figures",
    "draw_semantic_figures",
    "draw_texture_figures",
    "evaluate_orderings",
    "export_model",
    "fconv_network",
    "fconv_rows",
    "find_runs",
    "formation_network",
    "formation_summary",
    "inspect_file",
    "inspection_rows",
    "load_exported",
    "load_keras_model",
    "merge_seeds",
    "model_digest",
    "network_differences",
    "open_metric_runs",
    "open_spread",
    "open_work_directory",
    "orderings_markdown",
    "paper_heads",
    "paper_tables_markdown",
    "picture_sets",
    "position_network",
    "position_rows",
    "positions_value",
    "print_agreement_report",
    "print_comparison",
    "print_fconv_report",
    "print_formation_report",
    "print_inspection",
    "print_location_report",
    "print_orderings",
    "print_paper_tables",
    "print_pattern_report",
    "print_position_report",
    "print_robustness_report",
    "print_semantic_report",
    "print_sweep",
    "print_table",
    "print_texture_report",
    "probe_heads",
    "quiet_tensorflow",
    "reach_figure",
    "report_text",
    "resolved_flags",
    "ridge_value",
    "run",
    "run_sweep",
    "saved_model_padding",
    "stage_layers",
    "stage_words",
    "strict_json",
    "sweep_grid",
    "table_markdown",
    "train_units",
    "trained_classifier",
    "whole_numbers",
    "write_report",
]
