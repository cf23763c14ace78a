"""Which tests run on the backend in use."""

import keras

collect_ignore = (
    [] if keras.backend.backend() == "tensorflow" else ["test_export.py"]
)
