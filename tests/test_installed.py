"""The package as it is built and installed, away from its checkout."""

import os
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import zipfile
from pathlib import Path

import pytest

import keras_padpos
from keras_padpos import studies
from keras_padpos import tools

ROOT = Path(__file__).parents[1]
FOLDERS = ("docs", "experiments", "keras_padpos", "tests", "tools")

pytestmark = pytest.mark.large


def run(*command, cwd):
    environment = dict(os.environ)
    environment.pop("PYTHONPATH", None)
    done = subprocess.run(
        [*map(str, command)],
        cwd=cwd,
        env=environment,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """Source archive and wheel."""
    pytest.importorskip("build")
    folder = tmp_path_factory.mktemp("built")
    # A build writes beside what it builds.
    source = folder / "source"
    source.mkdir()
    for entry in ROOT.iterdir():
        if entry.is_file() and entry.name != ".git":
            shutil.copy(entry, source)
    caches = shutil.ignore_patterns("__pycache__", "_build")
    for name in (".ci", *FOLDERS):
        shutil.copytree(ROOT / name, source / name, ignore=caches)
    run(
        *(sys.executable, "-m", "build", "--no-isolation", "-o", folder),
        source,
        cwd=folder,
    )
    (archive,), (wheel,) = folder.glob("*.tar.gz"), folder.glob("*.whl")
    return archive, wheel


@pytest.fixture(scope="module")
def installed(built, tmp_path_factory):
    """Commands of a fresh environment that has the wheel.

    The packages that it needs are those of the environment of the tests.
    """
    folder = tmp_path_factory.mktemp("fresh")
    run(sys.executable, "-m", "venv", "--without-pip", "fresh", cwd=folder)
    python = folder / "fresh/bin/python"
    pip = [sys.executable, "-m", "pip", f"--python={python}", "install"]
    run(*pip, "-q", "--no-deps", "--no-index", built[1], cwd=folder)
    (packages,) = folder.glob("fresh/lib/python*/site-packages")
    (packages / "others.pth").write_text(sysconfig.get_path("purelib"))
    where = run(
        *(python, "-c", "import keras_padpos; print(keras_padpos.__file__)"),
        cwd=folder,
    )
    assert where.strip() == str(packages / "keras_padpos/__init__.py")
    return folder / "fresh/bin/keras-padpos"


def test_the_archives_hold_what_they_should(built):
    archive, wheel = built
    version = keras_padpos.__version__
    assert archive.name == f"keras_padpos-{version}.tar.gz"
    with tarfile.open(archive) as file:
        names = {name.partition("/")[2] for name in file.getnames()}
    for folder in FOLDERS:
        files = {
            file.relative_to(ROOT).as_posix()
            for file in (ROOT / folder).rglob("*.py")
            if "_build" not in file.parts
        }
        assert files <= names
    assert {"README.md", "CHANGELOG.md", "CITATION.cff", ".ci/run"} <= names
    with zipfile.ZipFile(wheel) as file:
        names = set(file.namelist())
    folders = {name.partition("/")[0] for name in names}
    assert folders == {"keras_padpos", f"keras_padpos-{version}.dist-info"}
    data = {
        file.relative_to(ROOT).as_posix()
        for file in (ROOT / "keras_padpos").rglob("*.*")
        if "__pycache__" not in file.parts and file.is_file()
    }
    assert data <= names


def test_every_program_is_there(installed, tmp_path):
    listed = run(installed, "--help", cwd=tmp_path)
    for name in [*studies.STUDIES, *tools.TOOLS]:
        assert f"  {name} " in listed


def test_a_study_and_its_report_run_elsewhere(installed, tmp_path):
    pytest.importorskip("jinja2")
    printed = run(
        *(installed, "position_probe", "--backbone=rgb", "--weights=random"),
        *("--targets=horizontal", "--size=32", "--train_images=noise"),
        *("--test_images=noise", "--max_images=2", "--workdir=work"),
        cwd=tmp_path,
    )
    assert "results in " in printed
    run(installed, "report", "work", "--out=page.html", cwd=tmp_path)
    page = (tmp_path / "page.html").read_text()
    assert "keras-padpos position_probe --backbone=rgb" in page
