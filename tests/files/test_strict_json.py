import json
from pathlib import Path

import numpy as np
import pytest

from keras_padpos.files import disk as strict_json


def test_values_become_plain():
    value = {
        "a": np.float32(0.5),
        "b": (np.int64(3), np.bool_(True), None),
        "c": np.array([[1.0, np.nan]]),
        "d": Path("x"),
        7: np.array(2),
        "e": 0.1,
    }
    assert strict_json(value) == {
        "a": 0.5,
        "b": [3, True, None],
        "c": [[1.0, None]],
        "d": "x",
        "7": 2,
        "e": 0.1,
    }
    json.dumps(strict_json(value), allow_nan=False)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, np.float32("inf")])
def test_what_is_not_finite_becomes_none(value):
    assert strict_json([value]) == [None]


@pytest.mark.parametrize("value", [{1, 2}, object(), {(1, 2): 3}, {True: 1}])
def test_other_values_are_refused(value):
    with pytest.raises(TypeError, match="`value` must .* Received: "):
        strict_json(value)
