"""Tables, figures and the page, from declared columns."""

from keras_padpos.report._paper_tables import paper_tables
from keras_padpos.report.cells import print_table
from keras_padpos.report.cells import table_markdown
from keras_padpos.report.inspection import draw_inspection
from keras_padpos.report.inspection import print_inspection
from keras_padpos.report.orderings import evaluate_orderings
from keras_padpos.report.orderings import orderings_tables
from keras_padpos.report.plain import check_report_file
from keras_padpos.report.plain import report_text
from keras_padpos.report.plain import tables_markdown
from keras_padpos.report.plain import write_report
from keras_padpos.report.position_figures import draw_position_figures
from keras_padpos.report.position_report import position_conclusion
from keras_padpos.report.position_report import position_notes
from keras_padpos.report.position_report import position_tables
from keras_padpos.report.progress import Progress
from keras_padpos.report.read_runs import find_runs
from keras_padpos.report.seeds import position_rows

__all__ = [
    "Progress",
    "check_report_file",
    "draw_inspection",
    "draw_position_figures",
    "evaluate_orderings",
    "find_runs",
    "orderings_tables",
    "paper_tables",
    "position_conclusion",
    "position_notes",
    "position_rows",
    "position_tables",
    "print_inspection",
    "print_table",
    "report_text",
    "table_markdown",
    "tables_markdown",
    "write_report",
]
