"""Files of models that are no files of models."""

import keras
import pytest

from keras_padpos import files
from keras_padpos import models
from keras_padpos.errors import InputError

LOADS = {
    "load": files.load_keras_model,
    "inspect": files.inspect_file,
    "backbone": lambda path: models.backbone(path, stages=["c"]),
}


@pytest.mark.parametrize("share", [0, 0.001, 0.5, 0.99])
@pytest.mark.parametrize("load", LOADS)
def test_a_file_that_is_cut_off_says_so(tmp_path, load, share):
    path = tmp_path / "net.keras"
    convolution = keras.layers.Conv2D(2, 3, name="c")
    keras.Sequential([keras.Input((8, 8, 3)), convolution]).save(path)
    content = path.read_bytes()
    path.write_bytes(content[: int(share * len(content))])
    with pytest.raises(InputError, match="it is cut off, or something else"):
        LOADS[load](str(path))
