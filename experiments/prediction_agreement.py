"""How a classifier's predictions change with its borders.

A trained classifier is converted to each padding mode, weights kept, and
asked about the same crops of photographs. How often does it still say what it
said with its own borders? The row `none` has no border to fill: the network
without padding sees the real neighbours of the crop.
"""

from absl import flags

from keras_padpos import report
from keras_padpos import runs
from keras_padpos import studies

_BACKBONE = flags.DEFINE_enum(
    "backbone",
    "mobilenet",
    ["mobilenet", "resnet50", "resnet152", "vgg16"],
    "The network.",
)
_WEIGHTS = flags.DEFINE_string(
    "weights",
    "imagenet",
    "Its weights: imagenet (downloaded by Keras), random, or the path of a "
    "weights file with the classifier.",
)
_PADDING_MODE = flags.DEFINE_list(
    "padding_mode",
    None,
    "Padding modes to compare with zeros; none is no padding, and real "
    "neighbours. If not given: all modes, interpolate and none.",
)
_IMAGES = flags.DEFINE_string(
    "images",
    "samples:test",
    "Pictures: samples:test, a folder, DIR[:120], or tfds:NAME:SPLIT. They "
    "are resized to a square of the size that none needs, and the crop is "
    "cut out of it.",
)
_CROP = flags.DEFINE_integer(
    "crop",
    224,
    "Side of the crop that the classifier sees, in pixels; a multiple of 32.",
    lower_bound=32,
)
_BATCH_SIZE = flags.DEFINE_integer(
    "batch_size",
    8,
    "Pictures that go through a network at once.",
    lower_bound=1,
)
runs.define_common_flags()

_SCIENCE = ("backbone", "weights", "padding_mode", "images", "crop")


def main(argv):
    """Classify with each border, then write and print the agreement."""
    del argv
    from keras_padpos import data
    from keras_padpos import models

    modes = _modes()
    if _WEIGHTS.value == "bundled":
        raise runs.InputError(
            "--weights must be imagenet, random or the path of a weights "
            "file; the bundled ones are those of an edge detector"
        )
    models.check_weights(_BACKBONE.value, _WEIGHTS.value)
    provenance = runs.Provenance(seed=flags.FLAGS.seed)
    config = {**runs.resolved_flags(_SCIENCE), "padding_mode": modes}
    work = runs.open_work_directory(
        "prediction_agreement",
        config,
    )
    if not work.finished:
        runs.apply_common_flags()
        original = _classifier("zeros", _CROP.value)
        (before, after), _ = _surround(original)
        images = data.open_images(
            _IMAGES.value,
            size=before + _CROP.value + after,
            count=flags.FLAGS.max_images,
            seed=flags.FLAGS.seed,
            data_dir=flags.FLAGS.data_dir,
        )
        _compare(work, modes, original, images, before, provenance)
    studies.print_agreement_report(work)


def _modes():
    if _CROP.value % 32:
        raise runs.InputError(
            f"--crop must be a multiple of 32. Received: {_CROP.value}"
        )
    return runs.conversion_modes(_PADDING_MODE.value)


def _classifier(mode, size):
    import keras

    from keras_padpos import models

    # Random weights are the same for every mode.
    keras.utils.set_random_seed(flags.FLAGS.seed)
    return models.classifier(
        _BACKBONE.value, _WEIGHTS.value, mode, input_shape=(size, size, 3)
    )


def _surround(net):
    """Cells of the larger picture around the crop, before and after."""
    from keras_padpos import models

    *_, last = models.receptive_field(net).values()
    return last.surround


def _compare(work, modes, original, images, before, provenance):
    import numpy as np

    from keras_padpos import metrics

    crop = slice(before, before + _CROP.value)
    rows, arrays = [], {}
    with report.Progress(units=len(modes) + 1) as progress:

        def classify(label, net, whole):
            with progress.unit(label, total=images.expected) as advance:
                found = []
                for batch in images.batches(_BATCH_SIZE.value):
                    shown = batch if whole else batch[:, crop, crop]
                    found.append(net.predict_on_batch(shown.astype("float32")))
                    advance(len(batch))
                return np.concatenate(found)

        own = classify("original", original, False)
        for mode in modes:
            whole = mode == "none"
            net = _classifier(mode, images.size if whole else _CROP.value)
            other = classify(mode, net, whole)
            arrays[mode] = other
            agree = metrics.top_k_overlap(own, other)
            rows.append(
                {
                    "backbone": _BACKBONE.value,
                    "weights": _WEIGHTS.value,
                    "padding_mode": mode,
                    "test_set": images.name,
                    "images": len(own),
                    "crop": _CROP.value,
                    "top1_agreement": agree.mean(),
                    "top1_ci95": metrics.bootstrap_interval(agree),
                    "top5_overlap": metrics.top_k_overlap(own, other, 5).mean(),
                    "total_variation": np.abs(own - other).sum(axis=1).mean()
                    / 2,
                }
            )
    work.save_arrays({"original": own, **arrays})
    work.write_results(rows, {**provenance.as_dict(), "skipped": images.broken})


if __name__ == "__main__":
    runs.run(main)
