"""What every experiment binary shares.

Importing this imports neither Keras nor a backend, so that a binary answers
`--help` and a mistyped flag at once.
"""

from keras_padpos.runs.application import run
from keras_padpos.runs.atomic_file import atomic_file
from keras_padpos.runs.flags import apply_common_flags
from keras_padpos.runs.flags import define_common_flags
from keras_padpos.runs.flags import resolved_flags
from keras_padpos.runs.position_report import draw_position_maps
from keras_padpos.runs.position_report import print_position_report
from keras_padpos.runs.progress import Progress
from keras_padpos.runs.provenance import Provenance
from keras_padpos.runs.quiet import quiet_tensorflow
from keras_padpos.runs.strict_json import strict_json
from keras_padpos.runs.table import print_table
from keras_padpos.runs.user_error import UserError
from keras_padpos.runs.work_directory import WorkDirectory

__all__ = [
    "Progress",
    "Provenance",
    "UserError",
    "WorkDirectory",
    "apply_common_flags",
    "atomic_file",
    "define_common_flags",
    "draw_position_maps",
    "print_position_report",
    "print_table",
    "quiet_tensorflow",
    "resolved_flags",
    "run",
    "strict_json",
]
