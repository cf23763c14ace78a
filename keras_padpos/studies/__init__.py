"""The experiments, one a file."""

from keras_padpos.studies._fconv_network import check_fconv_network
from keras_padpos.studies._fconv_network import fconv_network
from keras_padpos.studies._formation_network import FORMATION_STAGES
from keras_padpos.studies._formation_network import formation_network
from keras_padpos.studies._formation_summary import formation_summary
from keras_padpos.studies._position_network import position_network
from keras_padpos.studies.agreement_report import print_agreement_report
from keras_padpos.studies.comparison_report import comparison_markdown
from keras_padpos.studies.comparison_report import open_metric_runs
from keras_padpos.studies.comparison_report import print_comparison
from keras_padpos.studies.fconv_figures import draw_fconv_figures
from keras_padpos.studies.fconv_report import fconv_rows
from keras_padpos.studies.fconv_report import print_fconv_report
from keras_padpos.studies.formation_figures import draw_formation_figures
from keras_padpos.studies.formation_report import print_formation_report
from keras_padpos.studies.location_figures import draw_location_figures
from keras_padpos.studies.location_report import print_location_report
from keras_padpos.studies.pattern_figures import draw_pattern_figures
from keras_padpos.studies.pattern_report import print_pattern_report
from keras_padpos.studies.robustness_figures import draw_robustness_figures
from keras_padpos.studies.robustness_report import print_robustness_report
from keras_padpos.studies.semantic_figures import draw_semantic_figures
from keras_padpos.studies.semantic_report import print_semantic_report
from keras_padpos.studies.texture_figures import draw_texture_figures
from keras_padpos.studies.texture_report import print_texture_report

__all__ = [
    "check_fconv_network",
    "fconv_network",
    "FORMATION_STAGES",
    "formation_network",
    "formation_summary",
    "position_network",
    "print_agreement_report",
    "comparison_markdown",
    "open_metric_runs",
    "print_comparison",
    "draw_fconv_figures",
    "fconv_rows",
    "print_fconv_report",
    "draw_formation_figures",
    "print_formation_report",
    "draw_location_figures",
    "print_location_report",
    "draw_pattern_figures",
    "print_pattern_report",
    "draw_robustness_figures",
    "print_robustness_report",
    "draw_semantic_figures",
    "print_semantic_report",
    "draw_texture_figures",
    "print_texture_report",
]
