"""Files of models: export, load and inspect them; whole files or none."""

from keras_padpos.files.disk import atomic_file
from keras_padpos.files.disk import atomic_path
from keras_padpos.files.disk import strict_json
from keras_padpos.files.export import EXPORT_FORMATS
from keras_padpos.files.export import ExportMismatch
from keras_padpos.files.export import check_export
from keras_padpos.files.export import export_model
from keras_padpos.files.export import load_exported
from keras_padpos.files.inspect import inspect_file
from keras_padpos.files.inspect import inspection_rows
from keras_padpos.files.load import check_keras_file
from keras_padpos.files.load import load_keras_model
from keras_padpos.files.load import model_digest
from keras_padpos.files.saved_model_graph import saved_model_padding

__all__ = [
    "atomic_file",
    "atomic_path",
    "strict_json",
    "EXPORT_FORMATS",
    "ExportMismatch",
    "check_export",
    "export_model",
    "load_exported",
    "inspect_file",
    "inspection_rows",
    "check_keras_file",
    "load_keras_model",
    "model_digest",
    "saved_model_padding",
]
