import pytest

from keras_padpos import models
from keras_padpos.published import list_tables
from keras_padpos.published import load_orderings
from keras_padpos.published import lookup
from keras_padpos.published import probe_tables
from keras_padpos.published import row_fits

SIDES = {"lesser", "greater", "near_zero", "above_zero"}
FIELDS = {"model", "padding_mode", "target", "stages", "kernel_size"}
FIELDS |= {"head_layers", "head_padding", "backbone", "weights"}


def comparisons():
    return [
        (ordering, comparison)
        for ordering in load_orderings().orderings
        for comparison in ordering["comparisons"]
    ]


def test_the_file_is_no_table():
    assert not any("orderings" in name for name in list_tables())


def test_every_comparison_is_one_that_code_can_evaluate():
    told = load_orderings()
    assert told.paper["arxiv"] == "2001.08248"
    targets = {row["target"] for row in lookup(kernel_size=3)}
    numbers = {table.table for table in probe_tables().values()}
    for ordering, comparison in comparisons():
        assert ordering["where"] in numbers
        sides = SIDES & set(comparison)
        assert sides in ({"lesser", "greater"}, {"near_zero"}, {"above_zero"})
        assert ("near_zero" in sides) == ("bound" in comparison)
        criteria = [ordering["networks"]] + [comparison[s] for s in sides]
        for criterion in criteria:
            assert set(criterion) <= FIELDS
            if "model" in criterion:
                assert criterion["model"] in told.models
        if "targets" in comparison:
            assert set(comparison["targets"]) <= targets
        else:
            assert all("target" in comparison[side] for side in sides)
    names = [ordering["id"] for ordering in told.orderings]
    assert len(set(names)) == len(names)
    for model in told.models.values():
        assert model["note"]


def test_networks_that_stand_for_the_papers_are_there():
    told = load_orderings()
    for model in told.models.values():
        names = (model["fits"] or {}).get("backbone", [])
        names = names if isinstance(names, list) else [names]
        assert set(names) <= set(models.backbone_names())
    (stand_ins,) = [
        told.models[ordering["networks"]["model"]]["fits"]["backbone"]
        for ordering in told.orderings
        if ordering["id"] == "resnet_above_vgg"
    ]
    assert stand_ins == ["resnet152", "resnet50"]


def test_dense_tasks_are_in_the_order_that_the_paper_prints():
    ordering = load_orderings().orderings[-1]
    assert ordering["id"] == "dense_tasks_tell_more"
    for comparison in ordering["comparisons"]:
        for target in comparison["targets"]:
            low, high = (
                lookup(
                    table="islam2020_table6",
                    test_set="PASCAL-S",
                    target=target,
                    model={**ordering["networks"], **comparison[side]}["model"],
                )[0]["spearman"]
                for side in ("lesser", "greater")
            )
            assert low < high


@pytest.mark.parametrize(
    ("criteria", "fits"),
    [
        ({}, True),
        ({"backbone": "vgg16"}, True),
        ({"backbone": "rgb"}, False),
        ({"backbone": ["rgb", "vgg16"]}, True),
        ({"backbone": ["rgb"]}, False),
        ({"backbone": {"not": ["rgb"]}}, True),
        ({"backbone": {"not": ["rgb", "vgg16"]}}, False),
        ({"backbone": "vgg16", "seed": 1}, False),
        ({"seed": 0}, True),
        ({"colour": "red"}, False),
        ({"colour": {"not": ["red"]}}, False),
    ],
)
def test_criteria(criteria, fits):
    assert row_fits({"backbone": "vgg16", "seed": 0}, criteria) is fits


def test_what_is_loaded_is_ones_own():
    load_orderings().orderings[0]["comparisons"].clear()
    assert load_orderings().orderings[0]["comparisons"]
