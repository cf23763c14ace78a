import ast
import subprocess
import sys
from pathlib import Path

import pytest

import keras_padpos

ROOT = Path(keras_padpos.__file__).parent
FLOORS = {init.parent.name for init in ROOT.glob("*/__init__.py")} | {"errors"}
# What a notebook calls.
DOOR = {
    "PatternCallback",
    "PositionCallback",
    "compare_padding",
    "convert_padding",
    "find_padding_sites",
    "measure_pattern",
    "measure_position",
    "predict_tiles",
    "receptive_field",
}

BARE = """
import sys
import keras_padpos.choices
heavy = {"keras", "tensorflow", "jax", "torch", "numpy", "matplotlib"}
assert not heavy & set(sys.modules), heavy & set(sys.modules)
for name in keras_padpos.__all__:
    there = getattr(keras_padpos, name)
    if name in sys.argv[2:]:
        assert there.__name__ == name
    else:
        assert there.__name__ == f"keras_padpos.{name}"
assert "tensorflow" not in sys.modules or sys.argv[1] == "tensorflow"
"""


def test_every_floor_is_an_attribute_after_a_bare_import():
    import keras

    subprocess.run(
        [sys.executable, "-c", BARE, keras.backend.backend(), *DOOR], check=True
    )


def test_public_names_are_the_floors_and_the_front_door():
    assert set(keras_padpos.__all__) == FLOORS | DOOR
    assert dir(keras_padpos) == sorted([*FLOORS, *DOOR, "__version__"])
    with pytest.raises(AttributeError, match="no attribute 'floor'"):
        keras_padpos.floor  # noqa: B018


def test_editors_see_the_floors():
    tree = ast.parse((ROOT / "__init__.py").read_text())
    (guarded,) = (node for node in tree.body if isinstance(node, ast.If))
    imported = {name.name for node in guarded.body for name in node.names}
    assert ast.unparse(guarded.test) == "_TYPE_CHECKING"
    assert imported == FLOORS | DOOR
