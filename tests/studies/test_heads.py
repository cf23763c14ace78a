from types import SimpleNamespace

import keras
import pytest

from keras_padpos import models
from keras_padpos.errors import InputError
from keras_padpos.studies.heads import HEAD_FLAGS
from keras_padpos.studies.heads import paper_heads
from keras_padpos.studies.heads import probe_resize
from keras_padpos.studies.heads import probed_heads
from keras_padpos.studies.heads import probed_networks
from keras_padpos.studies.heads import probed_size
from keras_padpos.studies.networks import stage_text

KNOWN = ("b1", "b2", "b3", "b4", "b5")
VGG = models.stage_names("vgg16")
RESNET = models.stage_names("resnet50")


def _heads(layers, known=KNOWN, **flags):
    """What flags name, those of a run without any where not given."""
    defaults = {name: flag.default for name, flag in HEAD_FLAGS.items()}
    numbers = {"kernel_sizes": [1], "head_layers": [1], "head_paddings": [0]}
    settings = {"solver": "exact", **defaults, **numbers, **flags}
    return probed_heads(SimpleNamespace(**settings), None, layers, known)


def _stages(layers, *subsets, known=KNOWN):
    heads = _heads(layers, known, stage_subsets=subsets)
    return [head.stages for head in heads]


@pytest.mark.parametrize(
    ("layers", "subsets", "stages"),
    [
        (KNOWN, ["4+5"], [("b4", "b5")]),
        # What is read is part of the network; its numbers stay.
        (["b4", "b5"], ["5"], [("b5",)]),
        (["b4", "b5"], ["each"], [("b4",), ("b5",)]),
        (["b4", "b5"], ["4+5", "all", "b5+b4"], [None]),
        (["b5"], ["5", "each"], [None]),
        # In the order in which they are read, whatever is asked.
        (["b5", "b1", "b4"], ["1+5"], [("b5", "b1")]),
        (["b2", "early"], ["early"], [("early",)]),
        (["b2", "early"], ["2+early"], [None]),
    ],
)
def test_numbers_are_the_networks_own(layers, subsets, stages):
    assert _stages(layers, *subsets) == stages


def test_rows_say_the_number_that_was_asked_for():
    for subset in ("2", "4", "2+4"):
        ((chosen),) = _stages(["b2", "b4", "b5"], subset)
        assert stage_text(chosen, KNOWN) == subset.replace("+", ",")


def test_layers_of_a_file_count_from_the_first_that_is_read():
    layers = ["wide", "narrow"]
    assert _stages(layers, "2", "wide", known=layers) == [
        ("narrow",),
        ("wide",),
    ]


@pytest.mark.parametrize("subset", ["1", "6", "0", "b3", "4+1", "", "4,5"])
def test_what_is_not_read_is_refused(subset):
    with pytest.raises(InputError) as error:
        _stages(["b4", "early"], subset)
    assert str(error.value) == (
        "--stage_subsets must be all, each, or stages joined by + out of "
        f"those that --stages reads, 4 (b4), early. Received: {subset}"
    )


def test_every_combination_once():
    heads = _heads(
        KNOWN,
        stage_subsets=["1", "all"],
        kernel_sizes=[1, 3],
        head_layers=[1, 2],
        head_paddings=[0, 1, 1],
        head_output="sigmoid",
        head_width=8,
    )
    assert len(heads) == len(set(heads)) == 2 * 2 * 2 * 2
    assert {(head.layers, head.width) for head in heads} == {(1, None), (2, 8)}
    assert {head.output for head in heads} == {"sigmoid"}
    assert {head.padding for head in heads} == {0, 1}


@pytest.mark.parametrize(
    ("backbone", "layers", "stages"),
    [
        ("vgg16", VGG, [*((layer,) for layer in VGG), None]),
        # Stages that are not read are left out; the others keep their number.
        ("vgg16", VGG[3:], [(VGG[3],), (VGG[4],), None]),
        ("vgg16", VGG[4:], [None]),
        ("vgg16", ["block1_conv1", VGG[1]], [(VGG[1],), None]),
        ("vgg16", ["block1_conv1"], [None]),
        # Four stages.
        ("resnet50", RESNET, [*((layer,) for layer in RESNET), None]),
        ("rgb", ["rgb"], []),
    ],
)
def test_single_stages_are_those_that_are_read(backbone, layers, stages):
    known = models.stage_names(backbone)
    heads = paper_heads(layers, known, ["3"], backbone, "zeros")
    assert [head.stages for head in heads] == stages


def test_heads_are_of_the_shapes_printed():
    heads = paper_heads(
        VGG, VGG, ["2a"], "vgg16", "zeros", output="sigmoid", width=9
    )
    assert [
        (head.kernel_size, head.layers, head.padding, head.width, head.output)
        for head in heads
    ] == [
        (3, 1, 0, None, "sigmoid"),
        (3, 2, 0, 9, "sigmoid"),
        (3, 3, 0, 9, "sigmoid"),
    ]


def test_an_unknown_table_is_one_line():
    with pytest.raises(ValueError, match="1, 2a, 2b, 3, 4, 6"):
        paper_heads(VGG, VGG, ["5"], "vgg16", "zeros")


class _Settings(SimpleNamespace):
    """Flags of which those set here are given."""

    def present(self, name):
        return name in self.given


def test_the_main_job_has_a_control_and_three_random_networks_for_each():
    settings = _Settings(given=(), seed=5, seeds=1, solver="exact", size=None)
    found = [tuple(network) for network in probed_networks(settings)]
    assert found == [
        ("vgg16", weights, mode, seed)
        for mode in ("zeros", "reference", "reflect")
        for weights, seeds in (("bundled", [5]), ("random", [5, 6, 7]))
        for seed in seeds
    ] + [("rgb", "none", "none", 5)]
    assert probed_size(settings) == 128
    settings.given, settings.seeds = ("seeds",), 1
    assert len(probed_networks(settings)) == 7
    settings.given, settings.size = ("backbone",), 96
    assert probed_size(settings) == 96


def test_without_a_size_a_file_has_its_own_and_other_networks_224(tmp_path):
    sizes = {
        "32": (32, 32),
        "48": (48, 48),
        "oblong": (32, 48),
        "open": (None, None),
    }
    for name, shape in sizes.items():
        layers = [keras.Input((*shape, 3)), keras.layers.Conv2D(1, 3)]
        keras.Sequential(layers).save(tmp_path / f"{name}.keras")
    for names, expected in (
        (["32"], 32),
        (["32", "vgg16", "open", "oblong"], 32),
        (["vgg16", "rgb"], 224),
        (["open"], 224),
        (["oblong"], 224),
    ):
        backbone = [
            str(tmp_path / f"{name}.keras") if name in sizes else name
            for name in names
        ]
        settings = _Settings(given=("backbone",), size=None, backbone=backbone)
        assert probed_size(settings) == expected
    settings.backbone = [str(tmp_path / f"{n}.keras") for n in (32, 48)]
    with pytest.raises(InputError, match="--size must be .*32.keras 32, .*48$"):
        probed_size(settings)


@pytest.mark.parametrize(
    ("tables", "resize", "expected"),
    [
        ([], None, "area"),
        (["1"], None, "bilinear"),
        (["1"], "area", "area"),
        ([], "bilinear", "bilinear"),
    ],
)
def test_the_papers_tables_are_resized_as_the_papers_do(
    tables, resize, expected
):
    settings = SimpleNamespace(tables=tables, resize=resize)
    assert probe_resize(settings) == expected
