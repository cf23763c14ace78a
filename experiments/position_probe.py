"""How much absolute position a network carries (PosENet).

With no flags this is the package's main job: VGG16 with trained weights (HED)
against the same network with random weights, without padding and with reflect
padding, and against a head on the bare picture, all on bundled photographs.
These five networks are compared as long as none of --backbone, --weights and
--padding_mode is given; otherwise every combination of the three is.
"""

import functools
import itertools

import numpy as np
from absl import flags

from keras_padpos import report
from keras_padpos import runs
from keras_padpos.studies.heads import ProbedNetwork
from keras_padpos.studies.heads import paper_heads
from keras_padpos.studies.heads import probe_heads

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
    "fine-tuned for edges, HED; of no other network), random, or the path of "
    "a weights file. Of a .keras file: file (its own, if not given) or "
    "random.",
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
    "Stages to read: all, or numbers from 1, or names of layers.",
)
_STAGE_SUBSETS = flags.DEFINE_list(
    "stage_subsets",
    ["all"],
    "Which of --stages the heads read: all (together), each (a head for each "
    "stage), or stages joined by +, by number or name, such as 4+5.",
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
    "may end in a slice, DIR[:120], and is not searched below. --max_images "
    "counts all together.",
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
runs.define_common_flags(spreads=True)

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

# Statistics behind other BatchNorms depend a little on the batch.
_CALIBRATION_BATCH = 32

# What no flags at all compare.
_SIZE = 224
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
    spread = runs.open_spread()
    from keras_padpos import data

    plans = _plans()
    options = {
        "size": _SIZE,
        "count": flags.FLAGS.max_images,
        "data_dir": flags.FLAGS.data_dir,
    }
    train = data.open_images(
        runs.picture_sets(_TRAIN_IMAGES.value),
        seed=flags.FLAGS.seed,
        **options,
    )
    # Other crops than the training set's, should both name the same pictures.
    tests = {
        spec: data.open_images(spec, seed=flags.FLAGS.seed + 1, **options)
        for spec in _TEST_IMAGES.value
    }
    provenance = runs.Provenance(seed=flags.FLAGS.seed)
    config = {**runs.resolved_flags(_SCIENCE), "targets": _targets()}
    config["networks"] = ["/".join(map(str, network)) for network, *_ in plans]
    work = runs.open_work_directory(
        "position_probe",
        config,
        spread,
    )
    if not work.finished:
        runs.apply_common_flags()
        _probe(work, spread, plans, train, tests, provenance)
    _print(work)


def _print(work):
    """What the run measured, the papers' numbers beside it."""
    rows = report.position_rows([work.path])
    for table in report.position_tables(rows):
        report.print_table(**table)
    provenance = work.load_results()["provenance"]
    for name, reasons in provenance["skipped"].items():
        print(f"{name}: {len(reasons)} unreadable pictures were left out:")
        for reason in reasons:
            print(f"  {reason}")
    for note in report.position_notes(rows):
        print(note)
    print(
        f"{provenance['machine']['line']}; "
        f"{provenance['wall_seconds']:.0f} s; results in {work.path}"
    )


def _plans():
    """Networks, the stages to read and all they have, and heads to fit.

    What cannot work is refused here, before anything is computed or written.
    """
    from keras_padpos import models
    from keras_padpos import probes

    runs.ridge_value(_RIDGE.value)
    runs.positions_value(_POSITIONS.value)
    for flag in (_KERNEL_SIZES, _HEAD_LAYERS, _HEAD_PADDINGS, _STAGE_SUBSETS):
        if _TABLES.value and flag.present:
            raise runs.InputError(
                f"--tables says which heads to fit, and so does --{flag.name}. "
                "Give one of them."
            )
    for target in _targets():
        probes.position_target(target, 2)
    plans = []
    for network in _networks():
        layers = runs.stage_layers(network.backbone, _STAGES.value)
        known = (
            layers
            if models.is_model_file(network.backbone)
            else models.stage_names(network.backbone)
        )
        if network.padding_mode != "own":
            runs.conversion_modes([network.padding_mode])
        models.check_weights(network.backbone, network.weights)
        if models.is_model_file(network.backbone):
            _check_file(network, layers)
        heads = _heads(network, layers, known)
        if heads:
            probes.check_heads(_SOLVER.value, heads)
            plans.append((network, layers, known, heads))
    if not plans:
        raise runs.InputError(
            f"--tables={','.join(_TABLES.value)} has no head for any of the "
            "networks and stages asked for."
        )
    if _HEAD_WIDTH.value and not any(
        head.layers > 1 for *_, heads in plans for head in heads
    ):
        raise runs.InputError(
            "--head_width is that of hidden layers, and no head has any. "
            f"Received: {_HEAD_WIDTH.value}"
        )
    return plans


def _check_file(network, layers):
    """Refuse a file whose layers do not take pictures of the probe's size."""
    from keras_padpos import models

    try:
        models.backbone(
            network.backbone, stages=layers, input_shape=(_SIZE, _SIZE, 3)
        )
    except ValueError as error:
        raise runs.InputError(f"--backbone={network.backbone}: {error}") from (
            error
        )


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
            networks.append(
                ProbedNetwork(
                    backbone, weights, mode, flags.FLAGS.seed + offset
                )
            )
    return list(dict.fromkeys(networks))


def _heads(network, layers, known):
    """The heads to fit on a network; none if the tables have none for it."""
    shape = {
        "output": _HEAD_OUTPUT.value
        or ("linear" if _SOLVER.value == "exact" else "sigmoid"),
        "width": _HEAD_WIDTH.value,
    }
    if _TABLES.value:
        return paper_heads(
            layers,
            known,
            _TABLES.value,
            network.backbone,
            network.padding_mode,
            **shape,
        )
    return probe_heads(
        layers,
        known,
        subsets=_STAGE_SUBSETS.value,
        **{
            flag.name: runs.whole_numbers(flag.name, flag.value, least)
            for flag, least in (
                (_KERNEL_SIZES, 1),
                (_HEAD_LAYERS, 1),
                (_HEAD_PADDINGS, 0),
            )
        },
        **shape,
    )


def _targets():
    """What is predicted: what --tables hold, unless --targets says."""
    if _TABLES.value and not _TARGETS.present:
        from keras_padpos import published

        return list(published.table_targets(_TABLES.value))
    return _TARGETS.value


def _probe(work, spread, plans, train, tests, provenance):
    from keras_padpos import probes

    rows, arrays, all_skipped = [], {}, {}
    with report.Progress(units=len(plans)) as progress:
        for number, plan in enumerate(plans, start=1):
            label = f"{number}-{plan[0].label}"
            found = work.checkpoint(label)
            rolling = runs.RollingCheckpoint(
                work, label, flags.FLAGS.checkpoint_seconds
            )
            if found:
                progress.done_before(label)
            else:
                with progress.unit(label) as advance:
                    new, maps = _probe_one(
                        label,
                        *plan,
                        train,
                        tests,
                        advance,
                        functools.partial(work.save_model, label),
                        rolling,
                        spread,
                    )
                    skipped = {
                        images.name: images.broken
                        for images in (train, *tests.values())
                        if images.broken
                    }
                    note = {"rows": new, "skipped": skipped}
                    found = work.save_checkpoint(label, [note], maps)
            # Also left over if it was killed between these two steps.
            rolling.remove()
            (note,), maps = found
            rows += note["rows"]
            all_skipped |= note["skipped"]
            arrays.update(maps)
    for spec, images in tests.items():
        examples = itertools.islice(images, probes.EXAMPLES)
        arrays[f"pictures/{spec}"] = np.stack(list(examples))
    work.save_arrays(arrays)
    report.draw_position_figures(work, rows, arrays)
    work.write_results(rows, {**provenance.as_dict(), "skipped": all_skipped})


def _probe_one(
    label,
    network,
    layers,
    known,
    heads,
    train,
    tests,
    advance,
    keep,
    rolling,
    spread,
):
    """Rows and arrays of one network."""
    import keras

    from keras_padpos import models
    from keras_padpos import probes

    # Random padding draws its seeds while networks are made: the same ones
    # whichever networks came before.
    keras.utils.set_random_seed(network.seed)
    model = models.backbone(
        network.backbone,
        weights=network.weights,
        padding_mode=network.padding_mode,
        stages=layers,
        # A file is built for this size, whatever its own.
        input_shape=(*train.shape, 3),
        seed=network.seed,
    )
    calibrated = 0
    if network.weights == "random" and _CALIBRATE.value:
        calibrated = models.calibrate_batch_norm(
            model, _first(train, _CALIBRATE.value)
        )
    rows, arrays = probes.position_probe(
        probes.probe_features(model),
        train,
        tests,
        targets=_targets(),
        heads=heads,
        solver=_SOLVER.value,
        ridge=runs.ridge_value(_RIDGE.value),
        positions_per_image=runs.positions_value(_POSITIONS.value),
        epochs=_EPOCHS.value,
        learning_rate=_LEARNING_RATE.value,
        value_range=_TARGET_RANGE.value,
        batch_size=_BATCH_SIZE.value,
        seed=network.seed,
        advance=advance,
        log=rolling.log,
        keep=lambda heads: keep(probes.stage_probes(model.output, heads)),
        checkpoint=rolling,
        spread=spread,
    )
    name = {**network._asdict(), "calibration_images": calibrated}
    for row in rows:
        row["stages"] = runs.stage_words(row["stages"].split(","), known)
        row["arrays"] = f"{label}/{row['arrays']}"
    return (
        [{**name, **row} for row in rows],
        {f"{label}/{key}": array for key, array in arrays.items()},
    )


def _first(images, count):
    """The first pictures of a set, in batches that no flag changes."""
    left = count
    for batch in images.batches(_CALIBRATION_BATCH):
        yield batch[:left]
        left -= len(batch)
        if left <= 0:
            return


if __name__ == "__main__":
    runs.run(main)
