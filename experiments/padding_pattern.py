"""The pattern that padding leaves in features (PPP).

Every crop goes through the network as it pads, and, with what lies around it,
through the same network without padding; the mean difference is the pattern.
With no flags: VGG16 with trained weights (HED), in every padding mode, on
crops of bundled photographs.
"""

import itertools
import os
import warnings

from absl import flags

from keras_padpos import report
from keras_padpos import runs
from keras_padpos import studies
from keras_padpos.studies.heads import ProbedNetwork

_BACKBONE = flags.DEFINE_list(
    "backbone",
    ["vgg16"],
    "Networks: vgg16, vgg19, resnet18, resnet50, resnet152, mobilenet, "
    "densenet121, or the path of a .keras file that takes raw RGB (with "
    "--layers). Networks that scale by what they see of the whole map, as "
    "efficientnetb0 does, have no reference.",
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
    [
        "zeros",
        "reflect",
        "symmetric",
        "replicate",
        "circular",
        "distribution",
        "randn",
        "partial",
        "none",
    ],
    "Padding modes, measured together on the same crops: zeros, constant, "
    "reflect, symmetric, replicate, circular, distribution, randn, "
    "random_sides, partial, interpolate, none (whose pattern is 0; where "
    "nothing is left of the crop at a deep layer, leave it out), or own: as "
    "the network has it, the default of .keras files.",
)
_LAYERS = flags.DEFINE_list(
    "layers",
    ["all"],
    "Layers to measure at: all stages, numbers of stages from 1, or names.",
)
_ACTIVATION = flags.DEFINE_enum(
    "activation",
    "after",
    ["after", "before"],
    "Measure the layers' maps after or before their activation.",
)
_IMAGES = flags.DEFINE_list(
    "images",
    ["samples:train", "samples:test"],
    "Sets of pictures to cut crops from: samples:train, samples:test, a "
    "folder DIR or DIR[:120] (not searched below), or tfds:NAME:SPLIT (with "
    "--data_dir for data sets kept elsewhere). Pictures too small for crop "
    "and margin are left out and counted.",
)
_SHORTER_SIDE = flags.DEFINE_integer(
    "shorter_side",
    None,
    "Resize each picture first, so that its shorter side has so many pixels. "
    "If not given: crops are cut from pictures as they are.",
    lower_bound=1,
)
_CROP = flags.DEFINE_integer(
    "crop", 224, "Height and width of the crops, in pixels.", lower_bound=1
)
_CROPS_PER_PICTURE = flags.DEFINE_integer(
    "crops_per_picture",
    4,
    "Crops of each picture, at random places: one of every picture, then the "
    "next of every picture; --max_images counts crops.",
    lower_bound=1,
)
_SEEDS = flags.DEFINE_integer(
    "seeds",
    1,
    "Number of seeds, from --seed on, for random weights. Crops are those of "
    "--seed.",
    lower_bound=1,
)
_BATCH_SIZE = flags.DEFINE_integer(
    "batch_size",
    8,
    "Crops that go through the networks at once.",
    lower_bound=1,
)
runs.define_common_flags(spreads=True)

_SCIENCE = (
    "backbone",
    "weights",
    "padding_mode",
    "layers",
    "activation",
    "images",
    "shorter_side",
    "crop",
    "crops_per_picture",
    "seeds",
    "batch_size",
)


def main(argv):
    """Measure each network, then write and print what came out."""
    del argv
    spread = runs.open_spread()
    plans = _plans()
    provenance = runs.Provenance(seed=flags.FLAGS.seed)
    config = {
        **runs.resolved_flags(_SCIENCE),
        "networks": ["/".join(map(str, plan[0])) for plan in plans],
    }
    work = runs.open_work_directory(
        "padding_pattern",
        config,
        spread,
    )
    if not work.finished:
        runs.apply_common_flags()
        _measure_all(work, spread, plans, provenance)
    studies.print_pattern_report(work)


def _plans():
    """Networks with their own borders, layers and padding modes.

    What cannot work is refused here, before anything is computed or written.
    """
    from keras_padpos import models

    plans = []
    for backbone, weights in itertools.product(_BACKBONE.value, _WEIGHTS.value):
        if backbone == "rgb":
            raise runs.InputError("--backbone=rgb has no padding to measure.")
        modes = _PADDING_MODE.value
        if backbone.endswith(".keras"):
            weights = weights if _WEIGHTS.present else "file"
            modes = modes if _PADDING_MODE.present else ["own"]
        if modes != ["own"]:
            runs.conversion_modes([mode for mode in modes if mode != "own"])
        layers = runs.stage_layers(backbone, _LAYERS.value, "layers")
        models.check_weights(backbone, weights)
        for offset in range(_SEEDS.value if weights == "random" else 1):
            network = ProbedNetwork(
                backbone, weights, "own", flags.FLAGS.seed + offset
            )
            plans.append((network, layers, list(dict.fromkeys(modes))))
    return plans


def _measure_all(work, spread, plans, provenance):
    rows, arrays, skipped = [], {}, {}
    with report.Progress(units=len(plans)) as progress:
        for number, plan in enumerate(plans, start=1):
            label = f"{number}-{plan[0].label}"
            found = work.checkpoint(label)
            if found:
                # Left over if it was killed between two steps.
                runs.RollingCheckpoint(work, label).remove()
                progress.done_before(label)
            else:
                found = _measure(work, spread, label, *plan, progress)
            (note,), new = found
            rows += note["rows"]
            skipped |= note["skipped"]
            arrays.update(
                {f"{label}/{name}": array for name, array in new.items()}
            )
    work.save_arrays(arrays)
    studies.draw_pattern_figures(work, rows, arrays)
    work.write_results(rows, {**provenance.as_dict(), "skipped": skipped})


def _measure(work, spread, label, network, layers, modes, progress):
    """Rows and arrays of one network in all modes."""
    from keras_padpos import ppp

    measurement = ppp.SpreadMeasurement(
        spread,
        lambda number: _measurement(network, layers, modes, number),
    )
    images = _open_crops(measurement, os.path.basename(network.backbone))
    rolling = runs.RollingCheckpoint(
        work, label, flags.FLAGS.checkpoint_seconds
    )
    # What each of several processes added up is nobody else's.
    goes_on = spread.processes == 1
    with progress.unit(label, images.expected, noun="crops") as advance:
        under_way = rolling.load() if goes_on else None
        if under_way is not None:
            measurement.restore(under_way[1])
            advance(measurement.images)
        for count in measurement.update(
            images.numbered_batches(_BATCH_SIZE.value, start=measurement.images)
        ):
            advance(count)
            if goes_on and measurement.at_rest:
                rolling.offer(lambda: ({}, measurement.state()))
    measurement = measurement.merged()
    rows = []
    for row in measurement.rows():
        mode = row.pop("network")
        rows.append(
            {
                "backbone": network.backbone,
                "weights": network.weights,
                "padding_mode": mode,
                "seed": network.seed,
                "crop": _CROP.value,
                "activation": _ACTIVATION.value,
                "image_set": images.name,
                **row,
                "arrays": f"{label}/{mode}/{row['layer']}",
                "reference": f"{label}/reference/{row['layer']}",
            }
        )
    note = {
        "rows": rows,
        # Networks differ in the size they need.
        "skipped": {
            f"{images.name} at {'x'.join(map(str, images.shape))}": (
                images.broken
            )
        }
        if images.broken
        else {},
    }
    found = work.save_checkpoint(label, [note], measurement.arrays())
    rolling.remove()
    return found


def _measurement(network, layers, modes, number):
    """What adds up the pattern of all modes."""
    import keras

    from keras_padpos import models
    from keras_padpos import ppp

    # Random padding draws its seeds while networks are made: the same ones
    # whichever networks came before, and others on each device.
    keras.utils.set_random_seed((flags.FLAGS.seed + number) % 2**32)
    base = models.backbone(
        network.backbone,
        network.weights,
        "own",
        stages=layers,
        # A file may have layers that take one size only.
        input_shape=None
        if models.is_model_file(network.backbone)
        else (None, None, 3),
        seed=network.seed,
        before_activation=_ACTIVATION.value == "before",
    )
    size = _CROP.value
    as_it_is = {"own"}
    if not models.is_model_file(network.backbone):
        as_it_is.add("zeros")  # which is the same
    networks = {
        mode: base
        if mode in as_it_is
        else models.convert_padding(base, mode, input_shape=(size, size, 3))
        for mode in modes
    }
    try:
        return ppp.PatternMeasurement(
            networks, size, base=base, seed=flags.FLAGS.seed
        )
    except ValueError:
        # By default no padding is measured too, where enough is left.
        if networks.pop("none", None) is None or _PADDING_MODE.present:
            raise
        made = ppp.PatternMeasurement(
            networks, size, base=base, seed=flags.FLAGS.seed
        )
    warnings.warn(
        f"--padding_mode=none is left out: without padding nothing is left of "
        f"{os.path.basename(network.backbone)} on crops of {size} pixels.",
        stacklevel=2,
    )
    return made


def _open_crops(measurement, name):
    """The crops, with as much around them as the network needs."""
    from keras_padpos import data

    height, width = measurement.picture_shape
    needed = (
        f"{name} needs {height}x{width} pixels for --crop={_CROP.value} and "
        "what lies around it"
    )
    if _SHORTER_SIDE.value and _SHORTER_SIDE.value < min(height, width):
        raise runs.InputError(
            f"--shorter_side: {needed}. Received: {_SHORTER_SIDE.value}"
        )
    try:
        images = data.open_crops(
            runs.picture_sets(_IMAGES.value),
            (height, width),
            per_picture=_CROPS_PER_PICTURE.value,
            shorter_side=_SHORTER_SIDE.value,
            count=flags.FLAGS.max_images,
            seed=flags.FLAGS.seed,
            data_dir=flags.FLAGS.data_dir,
        )
    except ValueError as error:
        raise runs.InputError(
            f"--images: {needed}; --shorter_side={min(height, width)} enlarges "
            f"smaller pictures. {error}"
        ) from error
    if images.expected == 1:
        raise runs.InputError(
            "A pattern takes at least 2 crops (--max_images, "
            "--crops_per_picture). Received: 1"
        )
    return images


if __name__ == "__main__":
    runs.run(main)
