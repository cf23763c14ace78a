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

from absl import flags

from keras_padpos import runs

_BACKBONE = flags.DEFINE_list(
    "backbone",
    ["vgg16"],
    "Networks: vgg16, resnet50, resnet152, mobilenet, or rgb for the bare "
    "picture (PosENet's own control).",
)
_WEIGHTS = flags.DEFINE_list(
    "weights",
    ["bundled"],
    "Weights of the networks: imagenet (downloaded by Keras), bundled (VGG16 "
    "fine-tuned for edges, HED), random, or the path of a weights file.",
)
_PADDING_MODE = flags.DEFINE_list(
    "padding_mode",
    ["zeros"],
    "Padding of the networks: zeros, constant, reflect, symmetric, replicate, "
    "circular, distribution, randn, random_sides, partial, interpolate, or "
    "none (no cells are added; needs pictures larger than 224 in networks "
    "deeper than vgg16).",
)
_STAGES = flags.DEFINE_list(
    "stages",
    ["all"],
    "Stages to read together: all, or numbers from 1, or names of layers.",
)
_TARGETS = flags.DEFINE_list(
    "targets",
    ["horizontal", "vertical", "gaussian", "horizontal_stripes"],
    "Maps to predict: horizontal, vertical, gaussian, horizontal_stripes, "
    "vertical_stripes.",
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
    "Kernel sizes of the heads, in cells of the grid. The exact solver holds "
    "a matrix of (size**2 * channels)**2: 3 on all stages of VGG16 takes "
    "seconds a picture; choose fewer --stages, or --solver=sgd.",
)
_HEAD_LAYERS = flags.DEFINE_list(
    "head_layers",
    ["1"],
    "Numbers of convolutions of the heads; more than 1 needs --solver=sgd.",
)
_HEAD_PADDINGS = flags.DEFINE_list(
    "head_paddings", ["0"], "Zeros that the heads add on each side, in cells."
)
_HEAD_OUTPUT = flags.DEFINE_enum(
    "head_output",
    None,
    ["linear", "sigmoid"],
    "End of the heads: linear, or sigmoid for BatchNorm and a sigmoid. If not "
    "given: linear for exact, sigmoid for sgd, as in the released code.",
)
_SOLVER = flags.DEFINE_enum(
    "solver",
    "exact",
    ["exact", "sgd"],
    "exact: the best linear head, in one pass; sgd: the papers' recipe.",
)
_RIDGE = flags.DEFINE_float(
    "ridge",
    1e-3,
    "For exact: added to the diagonal of the features' correlation matrix.",
    lower_bound=0,
)
_EPOCHS = flags.DEFINE_integer(
    "epochs", 15, "For sgd: passes over the pictures.", lower_bound=1
)
_LEARNING_RATE = flags.DEFINE_float(
    "learning_rate",
    0.1,
    "For sgd: learning rate of the first ten epochs; a tenth of it after.",
    lower_bound=0,
)
_TRAIN_IMAGES = flags.DEFINE_string(
    "train_images",
    "samples:train",
    "Pictures to fit on: samples:train, a folder, or tfds:NAME:SPLIT (with "
    "--data_dir for data sets kept elsewhere); a folder may end in a slice, "
    "DIR[:120], and is not searched below.",
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
    "Number of seeds, from --seed on, for random weights and for sgd.",
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
    "targets",
    "target_range",
    "kernel_sizes",
    "head_layers",
    "head_paddings",
    "head_output",
    "solver",
    "ridge",
    "epochs",
    "learning_rate",
    "train_images",
    "test_images",
    "seeds",
)

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
    heads = _heads()
    _check_before_work(networks, heads)
    train = data.open_images(
        _TRAIN_IMAGES.value,
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
    config = runs.resolved_flags(_SCIENCE)
    config["networks"] = ["/".join(map(str, network)) for network in networks]
    work = runs.WorkDirectory(
        flags.FLAGS.workdir,
        "position_probe",
        config,
        resume=flags.FLAGS.resume,
    )
    if not work.finished:
        runs.apply_common_flags()
        _probe(work, networks, heads, train, tests, provenance)
    runs.print_position_report(work)


def _networks():
    """The networks to probe: backbone, weights, padding mode, seed."""
    flag_values = flags.FLAGS.flag_values_dict()
    asked = [
        name
        for name in ("backbone", "weights", "padding_mode")
        if flags.FLAGS[name].present
    ]
    if not asked:
        chosen = _MAIN_JOB
    else:
        chosen = itertools.product(
            *(flag_values[n] for n in ("backbone", "weights", "padding_mode"))
        )
    networks = []
    for backbone, weights, mode in chosen:
        if backbone == "rgb":
            weights = mode = "none"
        seeded = weights == "random" or _SOLVER.value == "sgd"
        for offset in range(_SEEDS.value if seeded else 1):
            network = (backbone, weights, mode, flags.FLAGS.seed + offset)
            if network not in networks:
                networks.append(network)
    return networks


def _heads():
    from keras_padpos import probes

    output = _HEAD_OUTPUT.value or (
        "linear" if _SOLVER.value == "exact" else "sigmoid"
    )
    return [
        probes.Head(kernel_size, layers, padding, output)
        for kernel_size in _integers(_KERNEL_SIZES)
        for layers in _integers(_HEAD_LAYERS)
        for padding in _integers(_HEAD_PADDINGS)
    ]


def _integers(flag):
    try:
        return [int(value) for value in flag.value]
    except ValueError:
        raise runs.UserError(
            f"--{flag.name} must be whole numbers with commas between them. "
            f"Received: {','.join(flag.value)}"
        ) from None


def _check_before_work(networks, heads):
    """Refuse what cannot work before anything is computed or written."""
    from keras_padpos import models
    from keras_padpos import probes

    probes.check_heads(_SOLVER.value, heads)
    for target in _TARGETS.value:
        probes.position_target(target, 2)
    for backbone, weights, mode, _ in networks:
        runs.stage_layers(backbone, _STAGES.value)
        runs.conversion_modes([mode])
        models.check_weights(backbone, weights)


def _probe(work, networks, heads, train, tests, provenance):
    rows, arrays = [], {}
    with runs.Progress(units=len(networks)) as progress:
        for number, network in enumerate(networks, start=1):
            label = f"{number}-{_label(*network)}"
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
                            heads,
                            train,
                            tests,
                            advance,
                            functools.partial(work.log, unit=label),
                            functools.partial(work.save_model, label),
                        ),
                    )
            rows += found[0]
            arrays.update(found[1])
    work.save_arrays(arrays)
    runs.draw_position_maps(work, rows, arrays)
    skipped = {
        images.name: images.broken
        for images in (train, *tests.values())
        if images.broken
    }
    work.write_results(rows, {**provenance.as_dict(), "skipped": skipped})


def _probe_one(label, network, heads, train, tests, advance, log, keep):
    """Rows and arrays of one network."""
    from keras_padpos import models
    from keras_padpos import probes

    backbone, weights, mode, seed = network
    model = models.backbone(
        backbone,
        weights=weights,
        padding_mode=mode,
        stages=runs.stage_layers(backbone, _STAGES.value),
        seed=seed,
    )
    rows, arrays = probes.position_probe(
        probes.read_out_features(model),
        train,
        tests,
        targets=_TARGETS.value,
        heads=heads,
        solver=_SOLVER.value,
        ridge=_RIDGE.value,
        epochs=_EPOCHS.value,
        learning_rate=_LEARNING_RATE.value,
        value_range=_TARGET_RANGE.value,
        batch_size=_BATCH_SIZE.value,
        seed=seed,
        advance=advance,
        log=log,
        keep=lambda heads: keep(probes.stage_read_outs(model.output, heads)),
    )
    name = {
        "backbone": backbone,
        "weights": weights,
        "padding_mode": mode,
        "seed": seed,
        "stages": ",".join(_STAGES.value),
    }
    return (
        [{**name, **row, "arrays": f"{label}/{row['arrays']}"} for row in rows],
        {f"{label}/{key}": array for key, array in arrays.items()},
    )


def _label(backbone, weights, mode, seed):
    """What a network is called in progress and checkpoints."""
    if backbone == "rgb":
        return "rgb"
    return f"{backbone}-{os.path.basename(weights)}-{mode}-seed{seed}"


if __name__ == "__main__":
    runs.run(main)
