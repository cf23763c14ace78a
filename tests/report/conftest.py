import itertools

import pytest
from finished_probe import finished_probe
from report_runs import make_all

from keras_padpos import report


@pytest.fixture(scope="session")
def folder(tmp_path_factory):
    """A folder with a run of each kind; nothing is written into it."""
    return make_all(tmp_path_factory.mktemp("runs"))


@pytest.fixture(scope="session")
def all_runs(folder):
    return report.find_runs([str(folder)])


@pytest.fixture
def measured(tmp_path):
    """Makes a finished run of rows of probes; returns these as they are read.

    Options are those of `finished_probe`.
    """
    numbers = itertools.count()

    def measure(*rows, **options):
        path = tmp_path / f"run{next(numbers)}"
        return report.position_rows([finished_probe(path, rows, **options)])

    return measure
