"""What every experiment binary shares.

Importing this imports neither Keras nor a backend, so that a binary answers
`--help` and a mistyped flag at once.
"""

from keras_padpos.errors import InputError
from keras_padpos.runs.application import run
from keras_padpos.runs.common_flags import apply_common_flags
from keras_padpos.runs.common_flags import define_common_flags
from keras_padpos.runs.devices import open_devices
from keras_padpos.runs.flags import Flag
from keras_padpos.runs.flags import resolved_flags
from keras_padpos.runs.program import Program
from keras_padpos.runs.provenance import Provenance
from keras_padpos.runs.rolling_checkpoint import RollingCheckpoint
from keras_padpos.runs.shared_directory import open_work_directory
from keras_padpos.runs.work_directory import WorkDirectory

__all__ = [
    "InputError",
    "run",
    "open_devices",
    "Flag",
    "apply_common_flags",
    "define_common_flags",
    "resolved_flags",
    "Program",
    "Provenance",
    "RollingCheckpoint",
    "open_work_directory",
    "WorkDirectory",
]
