import numpy as np
import pytest

from keras_padpos.ppp.group_sums import GROUPS
from keras_padpos.ppp.group_sums import GroupSums


def added(numbers, values=None):
    sums = GroupSums(2, 3)
    if values is None:
        values = np.random.default_rng(0).normal(size=(len(numbers), 2, 3))
    sums.update(np.array(numbers), values)
    return sums


@pytest.mark.parametrize(
    ("pictures", "size", "groups"),
    [(20, 1, 20), (32, 1, 32), (36, 2, 18), (130, 8, 16), (200, 8, 25)],
)
def test_groups_left_out_have_equally_many_pictures(pictures, size, groups):
    sums = added(list(range(pictures)) * 3)
    counts, totals = sums.without_each()
    assert counts.tolist() == [3 * (pictures - size)] * groups
    assert totals.shape == (groups, 2, 3)
    assert sums.counts.sum() == 3 * pictures
    assert len(sums.counts) <= GROUPS


def test_pictures_far_apart_in_a_set_are_no_fewer_groups():
    # Numbers of pictures that are large enough, of a set of many more.
    counts, _ = added([32, 64, 96, 960]).without_each()
    assert counts.tolist() == [3] * 4


def test_what_is_left_is_the_sum_of_the_others():
    values = np.random.default_rng(1).normal(size=(72, 2, 3))
    numbers = np.tile(np.arange(36), 2)
    _, totals = added(numbers, values).without_each()
    for group, total in enumerate(totals):
        kept = numbers // 2 != group
        np.testing.assert_allclose(total, values[kept].sum(axis=0))


@pytest.mark.parametrize("cut", [5, 30, 70])
def test_parts_merge_into_the_whole(cut):
    numbers = np.random.default_rng(2).permutation(100)
    values = np.random.default_rng(3).normal(size=(100, 2, 3))
    whole = added(numbers, values)
    merged = added(numbers[:cut], values[:cut])
    merged.merge(added(numbers[cut:], values[cut:]))
    np.testing.assert_array_equal(merged.counts, whole.counts)
    np.testing.assert_allclose(merged.sums, whole.sums)


def test_a_state_goes_on_as_the_whole():
    numbers = np.arange(80)
    values = np.random.default_rng(4).normal(size=(80, 2, 3))
    whole = added(numbers, values)
    again = GroupSums.from_state(added(numbers[:50], values[:50]).state())
    again.update(numbers[50:], values[50:])
    for name, array in whole.state().items():
        np.testing.assert_array_equal(again.state()[name], array)
