import numpy as np
import pytest
from finished_probe import finished_probe
from finished_probe import probe_row
from finished_probe import rgb_row

from keras_padpos.report._position_rows import position_rows
from keras_padpos.runs import InputError


def test_rows_come_with_the_scores_of_their_pictures(tmp_path):
    rows = [probe_row(scores=[0.1, 0.3]), rgb_row(scores=[0.0, 0.2])]
    rows[1]["stages"] = "1,2"
    work = finished_probe(tmp_path / "a", rows, target_range="paper")
    first, second = position_rows([work])
    np.testing.assert_array_equal(first["scores"], [0.1, 0.3])
    np.testing.assert_array_equal(second["scores"], [0.0, 0.2])
    assert first["cells"] == 36
    assert first["train_set"] == "photos/train"
    assert first["target_range"] == "paper"
    # The bare picture is one stage.
    assert (first["stages"], second["stages"]) == ("all", "all")


def test_rows_come_with_what_the_run_was_asked_for(tmp_path):
    rows = [probe_row(), probe_row(solver="sgd", ridge=None, seed=1)]
    rows[1]["calibration_images"] = 4
    work = finished_probe(tmp_path, rows, ridge="auto", epochs=7)
    first, second = position_rows([work])
    assert (first["ridge_asked"], first["epochs"]) == ("auto", None)
    assert (second["ridge_asked"], second["epochs"]) == (None, 7)
    assert (first["calibration_images"], second["calibration_images"]) == (0, 4)


def test_pictures_tell_test_sets_of_one_name_apart(tmp_path):
    works = [
        finished_probe(tmp_path / str(number), [probe_row()], pictures=shade)
        for number, shade in enumerate([7, 7, 8])
    ]
    digests = [row["pictures"] for row in position_rows(works)]
    assert digests[0] == digests[1] != digests[2]


def test_missing_arrays_are_one_line(tmp_path):
    work = finished_probe(tmp_path / "a", [probe_row()])
    (tmp_path / "a" / "arrays.npz").unlink()
    with pytest.raises(InputError, match="another --workdir") as error:
        position_rows([work])
    assert "\n" not in str(error.value)
