"""Files of models: export, load and inspect them; atomic writing."""

from keras_padpos.files.disk import atomic_file
from keras_padpos.files.disk import atomic_path
from keras_padpos.files.disk import strict_json
from keras_padpos.files.export import EXPORT_FORMATS
from keras_padpos.files.export import ExportMismatch
from keras_padpos.files.export import check_export
from keras_padpos.files.export import export_model
from keras_padpos.files.inspect import inspect_file
from keras_padpos.files.load import check_keras_file
from keras_padpos.files.load import load_keras_model
from keras_padpos.files.load import model_digest

__all__ = [
    "EXPORT_FORMATS",
    "ExportMismatch",
    "atomic_file",
    "atomic_path",
    "check_export",
    "check_keras_file",
    "export_model",
    "inspect_file",
    "load_keras_model",
    "model_digest",
    "strict_json",
]
