"""Tables, figures and the page, from declared columns."""

from keras_padpos.report._paper_tables import paper_tables_markdown
from keras_padpos.report._paper_tables import print_paper_tables
from keras_padpos.report._position_rows import position_rows
from keras_padpos.report._write_report import write_report
from keras_padpos.report.cells import print_table
from keras_padpos.report.cells import table_markdown
from keras_padpos.report.depth_figure import reach_figure
from keras_padpos.report.inspection import draw_inspection
from keras_padpos.report.inspection import print_inspection
from keras_padpos.report.names import ProbedNetwork
from keras_padpos.report.orderings import evaluate_orderings
from keras_padpos.report.orderings import orderings_markdown
from keras_padpos.report.orderings import print_orderings
from keras_padpos.report.plain import check_report_file
from keras_padpos.report.plain import report_text
from keras_padpos.report.position_figures import draw_position_figures
from keras_padpos.report.position_report import print_position_report
from keras_padpos.report.position_rows import paper_heads
from keras_padpos.report.position_rows import probe_heads
from keras_padpos.report.progress import Progress
from keras_padpos.report.read_runs import find_runs
from keras_padpos.report.seeds import merge_seeds
from keras_padpos.report.seeds import network_differences

__all__ = [
    "paper_tables_markdown",
    "print_paper_tables",
    "position_rows",
    "write_report",
    "print_table",
    "table_markdown",
    "reach_figure",
    "draw_inspection",
    "print_inspection",
    "ProbedNetwork",
    "evaluate_orderings",
    "orderings_markdown",
    "print_orderings",
    "check_report_file",
    "report_text",
    "draw_position_figures",
    "print_position_report",
    "paper_heads",
    "probe_heads",
    "Progress",
    "find_runs",
    "merge_seeds",
    "network_differences",
]
