"""How much absolute position a network carries (PosENet).

With no flags this is the package's main job: VGG16 with trained weights (HED)
and with random ones (three seeds), each with its zeros, with reflect padding
and, as the control, read from real neighbours, and a head on the bare picture,
all on bundled photographs. These are compared as long as none of --backbone,
--weights and --padding_mode is given; otherwise every combination of the three
is. With --padding_mode=reference among others, pictures are larger than --size
by what the networks need around it, and all networks are read at their middle.
"""

import functools
import operator
from itertools import islice

import numpy as np

from keras_padpos import report
from keras_padpos.runs.flags import MOST_AT_ONCE
from keras_padpos.runs.flags import MOST_SEEDS
from keras_padpos.runs.flags import Flag
from keras_padpos.runs.flags import naming
from keras_padpos.studies import networks
from keras_padpos.studies._position_network import middle
from keras_padpos.studies._position_network import picture_size
from keras_padpos.studies._position_network import probed_backbone
from keras_padpos.studies.heads import HEAD_FLAGS
from keras_padpos.studies.heads import REFERENCE
from keras_padpos.studies.heads import SHARED_FLAGS
from keras_padpos.studies.heads import check_heads
from keras_padpos.studies.heads import probe_resize
from keras_padpos.studies.heads import probed_heads
from keras_padpos.studies.heads import probed_networks
from keras_padpos.studies.heads import probed_size
from keras_padpos.studies.heads import probed_targets
from keras_padpos.studies.study import Study

_FLAGS = {
    "backbone": networks.backbone_flag(
        "--stages)",
        "vgg16, vgg19, resnet18, resnet50, resnet152, mobilenet, "
        "efficientnetb0, densenet121, rgb for the bare picture (PosENet's own "
        "control)",
    ),
    "weights": networks.weights_flag(),
    "padding_mode": networks.padding_flag(
        ["zeros"],
        "Padding of the networks",
        own=True,
        further={REFERENCE: "computed from real neighbours, the control"},
    ),
    **HEAD_FLAGS,
    "solver": Flag(
        "exact",
        "exact: the best linear head, in one pass; sgd: the papers' recipe; "
        "adam: an independent reproduction's.",
        choices=["exact", "sgd", "adam"],
    ),
    "ridge": Flag(
        "0.001",
        "For exact: added to the diagonal of the features' correlation matrix; "
        "auto: for each head and target what does best on every fifth training "
        "picture when fitted on the others.",
        type=float,
        least=0,
        besides=["auto"],
    ),
    "positions_per_image": Flag(
        "auto",
        "For exact: positions of each picture to fit on: a number, all, or "
        "auto: all for heads of up to 5,000 columns, a sample for wider ones. "
        "Heads of more than 20,000 columns are fitted on 12,000 positions in "
        "all at most.",
        type=int,
        least=1,
        besides=["auto", "all"],
    ),
    "calibrate_batch_norm": Flag(
        0,
        "Training pictures that set the BatchNorm statistics of networks with "
        "random weights; 0: they stay as Keras initialises them.",
        least=0,
    ),
    "epochs": Flag(15, "For sgd and adam: passes over the pictures.", least=1),
    "learning_rate": Flag(
        None,
        "For sgd (0.1 if not given; a tenth of it from the eleventh epoch on) "
        "and adam (0.001).",
        type=float,
        least=0,
    ),
    "train_images": Flag(
        ["samples:train"],
        "Sets of pictures to fit on, all together: samples:train, a folder, or "
        "tfds:NAME:SPLIT (with --data_dir for data sets kept elsewhere); a "
        "folder may end in a slice, DIR[:120], and is not searched below. "
        "--max_images counts all together.",
    ),
    "test_images": Flag(
        ["samples:test", "black", "white", "noise"],
        "Sets of pictures to score on, each as in --train_images, or black, "
        "white or noise.",
    ),
    "seeds": Flag(
        1,
        "Number of seeds, from --seed on, for random weights, sgd and adam. If "
        "not given where no networks are named: 3.",
        least=1,
        most=MOST_SEEDS,
    ),
    "batch_size": Flag(
        8,
        "Pictures that go through a network at once.",
        least=1,
        most=MOST_AT_ONCE,
        decides=False,
    ),
}

# Statistics behind other BatchNorms depend a little on the batch.
_CALIBRATION_BATCH = 32


def _fit(settings):
    """How the exact solver fits."""
    names = ("ridge", "positions_per_image")
    return {name: getattr(settings, name) for name in names}


def _sets(run):
    from keras_padpos import data

    settings = run.settings
    open_images = functools.partial(
        data.open_images,
        size=picture_size(settings),
        data_dir=settings.data_dir,
    )
    most = settings.max_images
    sets = networks.joined_sets(settings.train_images)
    # Other crops than the training set's, should both name the same pictures.
    with naming("--test_images"):
        tests = {
            spec: open_images(
                spec, seed=settings.seed + 1, count=data.limited(spec, most)
            )
            for spec in settings.test_images
        }
    with naming("--train_images"):
        count = data.limited(sets, most)
        train = open_images(sets, seed=settings.seed, count=count)
    return {"train": train, "tests": tests}


def _plans(run):
    """Networks, the stages to read and all they have, and heads to fit."""
    from keras_padpos import models
    from keras_padpos import probes

    settings = run.settings
    for target in probed_targets(settings):
        probes.position_target(target, 2)
    plans = []
    for network in probed_networks(settings):
        layers = networks.stage_layers(network.backbone, settings.stages)
        stages = layers
        models.check_weights(network.backbone, network.weights)
        if models.is_model_file(network.backbone):
            # Its layers must take pictures of the probe's size.
            size = probed_size(settings)
            options = {"stages": layers, "input_shape": (size, size, 3)}
            with naming(f"--backbone={network.backbone}"):
                models.backbone(network.backbone, **options)
        else:
            stages = models.stage_names(network.backbone)
            if not set(layers) <= set(stages):
                with naming("--stages"):
                    models.backbone(network.backbone, "random", stages=layers)
        heads = probed_heads(settings, network, layers, stages)
        if heads:
            label = f"{len(plans) + 1}-{network.label}"
            plan = {"label": label, "network": network, "heads": heads}
            plans.append({**plan, "layers": layers, "stages": stages})
    check_heads(settings, [head for plan in plans for head in plan["heads"]])
    return plans


def _measure(run, plan, unit):
    """Rows and arrays of one network."""
    import keras

    from keras_padpos import measure
    from keras_padpos import models
    from keras_padpos import probes

    settings, network = run.settings, plan["network"]
    train, tests = run.sets["train"], run.sets["tests"]
    # Random padding draws its seeds while networks are made: the same ones
    # whichever networks came before.
    keras.utils.set_random_seed(network.seed)
    size = probed_size(settings)
    model = probed_backbone(network, plan["layers"], size)
    calibrated = 0
    if network.weights == "random" and settings.calibrate_batch_norm:
        calibrated = models.calibrate_batch_norm(
            model, _first(train, settings.calibrate_batch_norm, size)
        )
    resize = probe_resize(settings)
    rows, arrays = measure.probe_network(
        model,
        (size, size),
        train,
        tests,
        identity={
            **network._asdict(),
            "size": size,
            "calibration_images": calibrated,
        },
        label=unit.label,
        resize=resize,
        targets=probed_targets(settings),
        heads=plan["heads"],
        solver=settings.solver,
        **_fit(settings),
        epochs=settings.epochs,
        learning_rate=settings.learning_rate,
        value_range=settings.target_range,
        batch_size=settings.batch_size,
        seed=network.seed,
        advance=unit.advance,
        log=unit.rolling.log,
        keep=lambda heads: run.work.save_model(
            unit.label,
            probes.stage_probes(model.output, heads, resize=resize),
        ),
        checkpoint=unit.rolling,
        devices=run.devices,
    )
    unit.skipped |= {
        images.name: images.broken
        for images in (train, *tests.values())
        if images.broken
    }
    for row in rows:
        row["stages"] = networks.stage_text(
            row["stages"].split(","), plan["stages"]
        )
    return rows, arrays


def _amount(run, plan):
    """How many pictures go through a network; `None` if a set does not say."""
    passes = 1 if run.settings.solver == "exact" else run.settings.epochs
    counts = [images.expected for images in run.sets["tests"].values()]
    counts += [run.sets["train"].expected] * passes
    return None if None in counts else sum(counts)


def _first(images, count, size):
    """The first pictures of a set, in batches that no flag changes."""
    for batch in images.batches(_CALIBRATION_BATCH):
        yield middle(batch[:count], size)
        count -= len(batch)
        if count <= 0:
            return


def _pictures(run):
    """The first pictures of each test set."""
    from keras_padpos import probes

    size = probed_size(run.settings)
    return {
        f"pictures/{spec}": middle(
            np.stack(list(islice(images, probes.EXAMPLES))), size
        )
        for spec, images in run.sets["tests"].items()
    }


STUDY = Study(
    name="position_probe",
    about=__doc__,
    flags=_FLAGS,
    sets=_sets,
    plans=_plans,
    label=operator.itemgetter("label"),
    amount=_amount,
    measure=_measure,
    finish=_pictures,
    config=lambda run, plans: {
        "targets": probed_targets(run.settings),
        "size": probed_size(run.settings),
        "resize": probe_resize(run.settings),
        "networks": ["/".join(map(str, plan["network"])) for plan in plans],
    },
    # Merged over seeds picture by picture.
    tables=report.position_tables,
    read=report.position_rows,
    conclusion=report.position_conclusion,
    notes=report.position_notes,
    figures=report.draw_position_figures,
    shared=["networks", "calibrate_batch_norm", "test_images", *SHARED_FLAGS],
)
