"""One page over many runs: HTML, Markdown or CSV.

Importing this imports neither Keras nor jinja2 nor Pillow.
"""

from keras_padpos.runs.page.check_report_file import check_report_file
from keras_padpos.runs.page.find_runs import find_runs
from keras_padpos.runs.page.report_content import report_content
from keras_padpos.runs.page.report_csv import report_csv
from keras_padpos.runs.page.report_html import report_html
from keras_padpos.runs.page.report_markdown import report_markdown
from keras_padpos.runs.page.report_text import report_text
from keras_padpos.runs.page.run_record import RunRecord
from keras_padpos.runs.page.write_report import write_report

__all__ = [
    "RunRecord",
    "check_report_file",
    "find_runs",
    "report_content",
    "report_csv",
    "report_html",
    "report_markdown",
    "report_text",
    "write_report",
]
