"""Where XLA is asked for."""

import keras
import pytest

from keras_padpos.training import OneDevice
from keras_padpos.training import suits_xla


class Several(OneDevice):
    devices = 2


@pytest.mark.parametrize("found", [["cpu:0"], ["cpu:0", "gpu:0"]])
@pytest.mark.parametrize("devices", [None, OneDevice(), Several()])
def test_xla_is_for_one_accelerator_and_for_jax(monkeypatch, found, devices):
    monkeypatch.setattr(
        keras.distribution, "list_devices", lambda *of: list(found)
    )
    several = devices is not None and devices.devices > 1
    expected = {
        "tensorflow": len(found) > 1 and not several,
        "jax": True,
        "torch": False,
    }
    assert suits_xla(devices) is expected[keras.backend.backend()]
