"""Files of models: export, load and inspect them; atomic writing."""

from keras_padpos.files.disk import atomic_file
from keras_padpos.files.disk import atomic_path
from keras_padpos.files.disk import existing_file
from keras_padpos.files.export import EXPORT_FORMATS
from keras_padpos.files.export import check_export
from keras_padpos.files.export import check_export_backend
from keras_padpos.files.export import export_model
from keras_padpos.files.export_comparison import ExportMismatch
from keras_padpos.files.inspect import inspect_file
from keras_padpos.files.load import load_keras_model

__all__ = [
    "EXPORT_FORMATS",
    "ExportMismatch",
    "atomic_file",
    "atomic_path",
    "check_export",
    "check_export_backend",
    "existing_file",
    "export_model",
    "inspect_file",
    "load_keras_model",
]
