import numpy as np
import pytest
from finished_probe import finished_probe
from finished_probe import probe_row
from finished_probe import rgb_row

from keras_padpos.runs import UserError
from keras_padpos.runs import merge_seeds
from keras_padpos.runs import position_rows


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


def test_seeds_with_ridges_of_their_own_go_together(tmp_path):
    rows = [probe_row(seed=seed, ridge=10.0**-seed) for seed in (0, 1)]
    (merged,) = merge_seeds(
        position_rows([finished_probe(tmp_path, rows, ridge="auto")])
    )
    assert merged["seeds"] == [0, 1]


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
    with pytest.raises(UserError, match="another --workdir") as error:
        position_rows([work])
    assert "\n" not in str(error.value)


def test_seeds_are_one_row_of_means(tmp_path):
    scores = np.random.default_rng(0).uniform(size=(3, 20))
    rows = [
        probe_row(seed=seed, weights="random", scores=scores[seed], mae=mae)
        for seed, mae in enumerate([0.1, 0.2, 0.6])
    ]
    other = probe_row(scores=scores[0])
    merged, single = merge_seeds([*rows, other])
    np.testing.assert_allclose(merged["scores"], scores.mean(axis=0))
    assert merged["spearman"] == pytest.approx(scores.mean())
    assert merged["spearman_seed_sd"] == pytest.approx(
        np.std(scores.mean(axis=1), ddof=1)
    )
    assert merged["mae"] == pytest.approx(0.3)
    assert merged["mae_seed_sd"] == pytest.approx(
        np.std([1, 2, 6], ddof=1) / 10
    )
    assert (merged["seed"], merged["seeds"]) == (None, [0, 1, 2])
    low, high = merged["spearman_ci95"]
    assert low < merged["spearman"] < high
    # A single seed stays as it was.
    assert {k: v for k, v in single.items() if k != "seeds"} == other


@pytest.mark.parametrize(
    "change",
    [
        {"kernel_size": 1},
        {"stages": "4"},
        {"head_width": 64},
        {"solver": "sgd"},
        {"ridge_asked": "auto"},
        {"calibration_images": 8},
        {"epochs": 3},
        {"positions_per_image": 5},
        {"train_images": 9},
        {"test_set": "black"},
        {"target": "vertical"},
        {"padding_mode": "none"},
    ],
)
def test_what_differs_in_more_than_the_seed_stays_apart(change):
    rows = [probe_row(), {**probe_row(seed=1), **change}]
    assert [row["seeds"] for row in merge_seeds(rows)] == [[0], [1]]


def test_the_same_seed_twice_is_taken_once():
    (merged,) = merge_seeds([probe_row(0.5), probe_row(0.7)])
    assert merged["spearman"] == pytest.approx(0.5)


def test_other_pictures_go_together_only_if_asked():
    rows = [
        {**probe_row(0.4), "pictures": "a"},
        {**probe_row(0.6, seed=1), "pictures": "b"},
    ]
    assert len(merge_seeds(rows)) == 2
    (merged,) = merge_seeds(rows, same_pictures=False)
    assert merged["spearman"] == pytest.approx(0.5)
    assert merged["scores"] is None
    assert merged["spearman_ci95"] is None
