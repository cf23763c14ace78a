"""The floors of the package: imports go downwards, and never in a circle."""

import ast
import graphlib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
# From the ground up; each imports only from those before it.
FLOORS = (
    "errors",
    "checks",
    "choices",
    "path_lock",
    "text_tables",
    "padding",
    "metrics",
    "published",
    "layers",
    "models",
    "training",
    "ppp",
    "probes",
    "tiling",
    "data",
    "tasks",
    "files",
    "report",
    "runs",
    "measure",
    "studies",
    "sweep",
    "tools",
)


def modules():
    found = {}
    for file in sorted((ROOT / "keras_padpos").rglob("*.py")):
        parts = file.relative_to(ROOT).with_suffix("").parts
        if parts[-1] == "__init__":
            parts = parts[:-1]
        found[".".join(parts)] = ast.parse(file.read_text())
    return found


MODULES = modules()


def imports(tree, *, at_start):
    """Modules of the package that a module imports.

    With `at_start` those that are imported when it is; else also those that
    functions import. Imports for annotations do not count.
    """
    nodes = list(tree.body)
    while nodes:
        node = nodes.pop()
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(
            node.test
        ):
            continue
        if isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                name = f"{node.module}.{alias.name}"
                yield name if name in MODULES else node.module
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif not at_start or not isinstance(
            node, (ast.FunctionDef, ast.AsyncFunctionDef)
        ):
            nodes += [
                each
                for each in ast.iter_child_nodes(node)
                if isinstance(each, (ast.stmt, ast.ExceptHandler))
            ]


def floor(name):
    return name.split(".")[1] if "." in name else None


@pytest.mark.parametrize("name", FLOORS)
def test_imports_go_downwards(name):
    below = {name, None, *FLOORS[: FLOORS.index(name)]}
    upwards = {
        (module, target)
        for module, tree in MODULES.items()
        if floor(module) == name
        for target in imports(tree, at_start=False)
        if target in MODULES and floor(target) not in below
    }
    assert not upwards


def test_every_floor_is_named():
    folders = {floor(name) for name in MODULES} - {None, "__main__"}
    assert folders == set(FLOORS)


def test_no_circle():
    graph = {
        module: {
            target
            for target in imports(tree, at_start=True)
            if target in MODULES and target != module
        }
        for module, tree in MODULES.items()
    }
    # Raises, and names the circle.
    tuple(graphlib.TopologicalSorter(graph).static_order())


def test_no_circle_of_folders_inside_a_floor():
    graph: dict[str, set[str]] = {}
    for module, tree in MODULES.items():
        folder = module.rpartition(".")[0]
        if folder.count(".") == 2:
            graph.setdefault(folder, set()).update(
                target.rpartition(".")[0]
                for target in imports(tree, at_start=True)
                if target in MODULES and target.count(".") == 3
            )
    for folder, targets in graph.items():
        targets.discard(folder)
    assert "keras_padpos.models.graph" in graph
    tuple(graphlib.TopologicalSorter(graph).static_order())


def test_modules_do_not_shadow_what_they_define():
    """`floor.name` would be the module, or the function, by chance."""
    shadows = [
        name
        for name, tree in MODULES.items()
        if name.rpartition(".")[2]
        in {
            node.name
            for node in tree.body
            if isinstance(node, (ast.FunctionDef, ast.ClassDef))
        }
    ]
    assert not shadows


def test_folders_are_of_one_idea():
    folders = {}
    for file in (ROOT / "keras_padpos").rglob("*.py"):
        folders.setdefault(file.parent.name, []).append(file)
    assert all(len(files) <= 30 for files in folders.values())
