"""How much absolute position a network carries (PosENet).

With no flags this is the package's main job: VGG16 with trained weights (HED)
against the same network with random weights, without padding and with reflect
padding, and against a head on the bare picture, all on bundled photographs.
These five networks are compared as long as none of --backbone, --weights and
--padding_mode is given; otherwise every combination of the three is.
"""

import functools
import itertools
import os
from typing import NamedTuple

import numpy as np
from absl import flags

from keras_padpos import runs

_BACKBONE = flags.DEFINE_list(
    "backbone",
    ["vgg16"],
    "Networks: vgg16, vgg19, resnet18, resnet50, resnet152, mobilenet, "
    "efficientnetb0, densenet121, rgb for the bare picture (PosENet's own "
    "control), or the path of a .keras file that takes raw RGB (with "
    "--stages).",
)
_WEIGHTS = flags.DEFINE_list(
    "weights",
    ["bundled"],
    "Weights of the networks: imagenet (downloaded by Keras), bundled (VGG16 "
    "fine-tuned for edges, HED), random, or the path of a weights file. A "
    ".keras file brings its own; only random changes them.",
)
_PADDING_MODE = flags.DEFINE_list(
    "padding_mode",
    ["zeros"],
    "Padding of the networks: zeros, constant, reflect, symmetric, replicate, "
    "circular, distribution, randn, random_sides, partial, interpolate, "
    "none (no cells are added; needs pictures larger than 224 in networks "
    "deeper than vgg16), or own: as a .keras file has it.",
)
_STAGES = flags.DEFINE_list(
    "stages",
    ["all"],
    "Stages to read together: all, or numbers from 1, or names of layers.",
)
_STAGE_SUBSETS = flags.DEFINE_list(
    "stage_subsets",
    ["all"],
    "Which of --stages the heads read: all (together), each (a head for each "
    "stage), or stages joined by +, such as 4+5.",
)
_TABLES = flags.DEFINE_list(
    "tables",
    [],
    "Fit the heads of these tables of Islam et al. (ICLR 2020) instead of "
    "those of --kernel_sizes, --head_layers, --head_paddings and "
    "--stage_subsets: 1, 2a, 2b, 3, 4, 6.",
)
_TARGETS = flags.DEFINE_list(
    "targets",
    ["horizontal", "vertical", "gaussian", "horizontal_stripes"],
    "Maps to predict: horizontal, vertical, gaussian, horizontal_stripes, "
    "vertical_stripes. With --tables, if not given: theirs.",
)
_TARGET_RANGE = flags.DEFINE_enum(
    "target_range",
    "released",
    ["released", "paper"],
    "Range of the stripes: [0, 1] as in the released maps, or [-1, 1].",
)
_KERNEL_SIZES = flags.DEFINE_list(
    "kernel_sizes",
    ["1"],
    "Kernel sizes of the heads, in cells of the grid.",
)
_HEAD_LAYERS = flags.DEFINE_list(
    "head_layers",
    ["1"],
    "Numbers of convolutions of the heads; more than 1 needs --solver=sgd or "
    "adam.",
)
_HEAD_WIDTH = flags.DEFINE_integer(
    "head_width",
    None,
    "Channels of the hidden layers of heads with more than one. If not given: "
    "as many as the head sees, as in the released code; with all of VGG16's "
    "stages that takes hours on a CPU.",
    lower_bound=1,
)
_HEAD_PADDINGS = flags.DEFINE_list(
    "head_paddings", ["0"], "Zeros that the heads add on each side, in cells."
)
_HEAD_OUTPUT = flags.DEFINE_enum(
    "head_output",
    None,
    ["linear", "sigmoid"],
    "End of the heads: linear, or sigmoid for BatchNorm and a sigmoid. If not "
    "given: linear for exact, else sigmoid, as in the released code.",
)
_SOLVER = flags.DEFINE_enum(
    "solver",
    "exact",
    ["exact", "sgd", "adam"],
    "exact: the best linear head, in one pass; sgd: the papers' recipe; adam: "
    "an independent reproduction's.",
)
_RIDGE = flags.DEFINE_string(
    "ridge",
    "0.001",
    "For exact: added to the diagonal of the features' correlation matrix; "
    "auto: for each head and target what does best on every fifth training "
    "picture when fitted on the others.",
)
_POSITIONS = flags.DEFINE_string(
    "positions_per_image",
    "auto",
    "For exact: places of each picture to fit on: a number, all, or auto: all "
    "for heads of up to 5,000 columns, a sample for wider ones. Heads of more "
    "than 20,000 columns are fitted on 12,000 places in all at most.",
)
_EPOCHS = flags.DEFINE_integer(
    "epochs", 15, "For sgd and adam: passes over the pictures.", lower_bound=1
)
_LEARNING_RATE = flags.DEFINE_float(
    "learning_rate",
    None,
    "For sgd (0.1 if not given; a tenth of it from the eleventh epoch on) and "
    "adam (0.001).",
    lower_bound=0,
)
_CALIBRATE = flags.DEFINE_integer(
    "calibrate_batch_norm",
    0,
    "Training pictures that set the BatchNorm statistics of networks with "
    "random weights; 0: they stay as Keras initialises them.",
    lower_bound=0,
)
_TRAIN_IMAGES = flags.DEFINE_list(
    "train_images",
    ["samples:train"],
    "Sets of pictures to fit on, all together: samples:train, a folder, or "
    "tfds:NAME:SPLIT (with --data_dir for data sets kept elsewhere); a folder "
    "may end in a slice, DIR[:120], and is not searched below.",
)
_TEST_IMAGES = flags.DEFINE_list(
    "test_images",
    ["samples:test", "black", "white", "noise"],
    "Sets of pictures to score on, each as in --train_images, or black, "
    "white or noise.",
)
_SEEDS = flags.DEFINE_integer(
    "seeds",
    1,
    "Number of seeds, from --seed on, for random weights, sgd and adam.",
    lower_bound=1,
)
_BATCH_SIZE = flags.DEFINE_integer(
    "batch_size",
    8,
    "Pictures that go through a network at once.",
    lower_bound=1,
)
runs.define_common_flags()

_SCIENCE = (
    "backbone",
    "weights",
    "padding_mode",
    "stages",
    "stage_subsets",
    "tables",
    "targets",
    "target_range",
    "kernel_sizes",
    "head_layers",
    "head_paddings",
    "head_width",
    "head_output",
    "solver",
    "ridge",
    "positions_per_image",
    "calibrate_batch_norm",
    "epochs",
    "learning_rate",
    "train_images",
    "test_images",
    "seeds",
)


class _Network(NamedTuple):
    """What is probed."""

    backbone: str
    weights: str
    padding_mode: str
    seed: int

    @property
    def label(self):
        """What it is called in progress and checkpoints."""
        if self.backbone == "rgb":
            return "rgb"
        words = (self.backbone, self.weights, self.padding_mode)
        names = [os.path.basename(word) for word in words]
        return f"{'-'.join(names)}-seed{self.seed}"


# What no flags at all compare.
_MAIN_JOB = (
    ("vgg16", "bundled", "zeros"),
    ("vgg16", "random", "zeros"),
    ("vgg16", "bundled", "none"),
    ("vgg16", "bundled", "reflect"),
    ("rgb", "none", "none"),
)


def main(argv):
    """Probe each network, then write and print what came out."""
    del argv
    from keras_padpos import data

    networks = _networks()
    _check_before_work(networks)
    train = data.open_images(
        _one_or_all(_TRAIN_IMAGES.value),
        count=flags.FLAGS.max_images,
        seed=flags.FLAGS.seed,
        data_dir=flags.FLAGS.data_dir,
    )
    # Other crops than the training set's, should both name the same pictures.
    tests = {
        spec: data.open_images(
            spec,
            count=flags.FLAGS.max_images,
            seed=flags.FLAGS.seed + 1,
            data_dir=flags.FLAGS.data_dir,
        )
        for spec in _TEST_IMAGES.value
    }
    provenance = runs.Provenance(seed=flags.FLAGS.seed)
    config = {**runs.resolved_flags(_SCIENCE), "targets": _targets()}
    config["networks"] = ["/".join(map(str, network)) for network in networks]
    work = runs.WorkDirectory(
        flags.FLAGS.workdir,
        "position_probe",
        config,
        resume=flags.FLAGS.resume,
    )
    if not work.finished:
        runs.apply_common_flags()
        _probe(work, networks, train, tests, provenance)
    runs.print_position_report(work)


def _one_or_all(specs):
    """A set alone keeps its own count of pictures."""
    return specs[0] if len(specs) == 1 else specs


def _networks():
    """The networks to probe."""
    names = ("backbone", "weights", "padding_mode")
    if any(flags.FLAGS[name].present for name in names):
        chosen = itertools.product(
            _BACKBONE.value, _WEIGHTS.value, _PADDING_MODE.value
        )
    else:
        chosen = _MAIN_JOB
    trains = _SOLVER.value != "exact"
    networks = []
    for backbone, weights, mode in chosen:
        if backbone == "rgb":
            weights = mode = "none"
        elif backbone.endswith(".keras"):
            # A file brings weights and borders of its own.
            weights = weights if _WEIGHTS.present else "file"
            mode = mode if _PADDING_MODE.present else "own"
        seeded = weights == "random" or trains
        for offset in range(_SEEDS.value if seeded else 1):
            network = _Network(
                backbone, weights, mode, flags.FLAGS.seed + offset
            )
            if network not in networks:
                networks.append(network)
    return networks


def _heads(network, layers):
    """The heads to fit on a network."""
    shape = {
        "output": _HEAD_OUTPUT.value
        or ("linear" if _SOLVER.value == "exact" else "sigmoid"),
        "width": _HEAD_WIDTH.value,
    }
    if _TABLES.value:
        return runs.table_heads(
            layers,
            _TABLES.value,
            network.backbone,
            network.padding_mode,
            **shape,
        )
    return runs.probe_heads(
        layers,
        subsets=_STAGE_SUBSETS.value,
        kernel_sizes=_integers(_KERNEL_SIZES),
        head_layers=_integers(_HEAD_LAYERS),
        head_paddings=_integers(_HEAD_PADDINGS),
        **shape,
    )


def _targets():
    """What is predicted: what --tables hold, unless --targets says."""
    if _TABLES.value and not _TARGETS.present:
        from keras_padpos import published

        return list(published.table_targets(_TABLES.value))
    return _TARGETS.value


def _integers(flag):
    try:
        return [int(value) for value in flag.value]
    except ValueError:
        raise runs.UserError(
            f"--{flag.name} must be whole numbers with commas between them. "
            f"Received: {','.join(flag.value)}"
        ) from None


def _ridge():
    if _RIDGE.value == "auto":
        return "auto"
    try:
        ridge = float(_RIDGE.value)
    except ValueError:
        ridge = -1.0
    if not 0 <= ridge < float("inf"):
        raise runs.UserError(
            f"--ridge must be a number of 0 or more, or auto. "
            f"Received: {_RIDGE.value}"
        )
    return ridge


def _positions():
    value = _POSITIONS.value
    if value in ("auto", "all"):
        return value
    if not value.isdigit() or value == "0":
        raise runs.UserError(
            "--positions_per_image must be a number from 1 on, auto or all. "
            f"Received: {value}"
        )
    return int(value)


def _check_before_work(networks):
    """Refuse what cannot work before anything is computed or written."""
    from keras_padpos import models
    from keras_padpos import probes

    _ridge()
    _positions()
    for flag in (
        _KERNEL_SIZES,
        _HEAD_LAYERS,
        _HEAD_PADDINGS,
        _STAGE_SUBSETS,
    ):
        if _TABLES.value and flag.present:
            raise runs.UserError(
                f"--tables says which heads to fit, and so does --{flag.name}. "
                "Give one of them."
            )
    for target in _targets():
        probes.position_target(target, 2)
    for network in networks:
        layers = runs.stage_layers(network.backbone, _STAGES.value)
        probes.check_heads(_SOLVER.value, _heads(network, layers))
        if network.padding_mode != "own":
            runs.conversion_modes([network.padding_mode])
        models.check_weights(network.backbone, network.weights)


def _probe(work, networks, train, tests, provenance):
    from keras_padpos import probes

    rows, arrays = [], {}
    with runs.Progress(units=len(networks)) as progress:
        for number, network in enumerate(networks, start=1):
            label = f"{number}-{network.label}"
            found = work.checkpoint(label)
            if found:
                progress.done_before(label)
            else:
                with progress.unit(label) as advance:
                    found = work.save_checkpoint(
                        label,
                        *_probe_one(
                            label,
                            network,
                            train,
                            tests,
                            advance,
                            functools.partial(work.log, unit=label),
                            functools.partial(work.save_model, label),
                        ),
                    )
            rows += found[0]
            arrays.update(found[1])
    for spec, images in tests.items():
        examples = itertools.islice(images, probes.EXAMPLES)
        arrays[f"pictures/{spec}"] = np.stack(list(examples))
    work.save_arrays(arrays)
    runs.draw_position_figures(work, rows, arrays)
    skipped = {
        images.name: images.broken
        for images in (train, *tests.values())
        if images.broken
    }
    work.write_results(rows, {**provenance.as_dict(), "skipped": skipped})


def _probe_one(label, network, train, tests, advance, log, keep):
    """Rows and arrays of one network."""
    from keras_padpos import models
    from keras_padpos import probes

    layers = runs.stage_layers(network.backbone, _STAGES.value)
    model = models.backbone(
        network.backbone,
        weights=network.weights,
        padding_mode=network.padding_mode,
        stages=layers,
        seed=network.seed,
    )
    calibrated = 0
    if network.weights == "random" and _CALIBRATE.value:
        calibrated = models.calibrate_batch_norm(
            model, _first(train, _CALIBRATE.value)
        )
    rows, arrays = probes.position_probe(
        probes.read_out_features(model),
        train,
        tests,
        targets=_targets(),
        heads=_heads(network, layers),
        solver=_SOLVER.value,
        ridge=_ridge(),
        positions_per_image=_positions(),
        epochs=_EPOCHS.value,
        learning_rate=_LEARNING_RATE.value,
        value_range=_TARGET_RANGE.value,
        batch_size=_BATCH_SIZE.value,
        seed=network.seed,
        advance=advance,
        log=log,
        keep=lambda heads: keep(probes.stage_read_outs(model.output, heads)),
    )
    name = {**network._asdict(), "calibration_images": calibrated}
    known = (
        layers
        if models.is_model_file(network.backbone)
        else models.stage_names(network.backbone)
    )
    for row in rows:
        row["stages"] = runs.stage_words(row["stages"].split(","), known)
        row["arrays"] = f"{label}/{row['arrays']}"
    return (
        [{**name, **row} for row in rows],
        {f"{label}/{key}": array for key, array in arrays.items()},
    )


def _first(images, count):
    """The first pictures of a set, in batches."""
    left = count
    for batch in images.batches(_BATCH_SIZE.value):
        yield batch[:left]
        left -= len(batch)
        if left <= 0:
            return


if __name__ == "__main__":
    runs.run(main)
