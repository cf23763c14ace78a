"""Work directories of several experiments and states, made by hand."""

import json

from example_pattern_run import example_run
from finished_probe import finished_probe
from finished_probe import probe_row
from finished_probe import rgb_row
from PIL import Image

from keras_padpos.runs import WorkDirectory

PROVENANCE = {
    "versions": {"keras": "3.15.1", "keras_padpos": "0.1.0"},
    "machine": {"line": "1 core", "platform": "Linux"},
    "devices": ["CPU:0"],
    "seed": 0,
    "command": "python -m experiments.something --seed=0",
    "start": "2026-01-02T03:04:05+00:00",
    "wall_seconds": 75.0,
    "commit": "0123456789abcdef",
    "skipped": {},
}


def example_rows(text, modes=(None,)):
    """Rows as results.json has them, in each padding mode."""
    rows = json.loads(f"[{text}]")
    return [
        {**row, "padding_mode": mode} if mode else row
        for mode in modes
        for row in rows
    ]


def write(path, experiment, config, rows):
    work = WorkDirectory(path, experiment, config)
    work.write_results(rows, PROVENANCE)
    return work


def draw(path, *names):
    (path / "figures").mkdir(exist_ok=True)
    for name in names:
        Image.new("RGB", (30, 20), "navy").save(path / f"figures/{name}.png")


def probe_run(path):
    rows = [
        probe_row(0.8, target=target) for target in ("horizontal", "gaussian")
    ]
    rows += [
        probe_row(0.2, padding_mode="reflect"),
        rgb_row(0.1),
        probe_row(0.9, test_set="black"),
    ]
    finished_probe(path, rows)
    draw(path, "predicted_maps")


def pattern_run(path):
    (row,), arrays = example_run()
    row |= {"crop": 8, "activation": "after", "image_set": "noise", "mae": 0.5}
    work = WorkDirectory(path, "padding_pattern", {"crop": 8})
    work.save_arrays(arrays)
    rows = [{**row, "padding_mode": mode} for mode in ("zeros", "reflect")]
    work.write_results(rows, PROVENANCE)
    return work


def fconv_run(path, seeds=(0, 1), modes=("zeros", "circular")):
    config = {"splits": ["released"], "padding_mode": list(modes)}
    work = WorkDirectory(path, "fconv_tests", config)
    rows = []
    for seed in seeds:
        for mode in modes:
            unit = f"red_green-same-{mode}-seed{seed}"
            for epoch in range(1, 4):
                loss = (1 + seed / 10) / epoch
                work.log(unit, epoch=epoch, loss=loss, val_loss=2 * loss)
            (row,) = example_rows(
                """{"test": "red_green", "splits": "released",
                "convolution": "same", "test_set": "similar"}""",
                [mode],
            )
            rows.append({**row, "seed": seed, "accuracy": 0.9 + seed / 100})
            work.save_checkpoint(unit, rows[-1:])
    draw(path, "red_green_examples")
    work.write_results(rows, PROVENANCE)
    return work


def formation_run(path):
    rows = example_rows(
        """{"model": "vgg5", "seed": 0, "step": 0, "layer": "conv",
        "test_accuracy": 0.5, "train_images": 8, "images": 4, "pictures": 2,
        "crop": 8, "image_set": "noise", "relative": 1.0, "snr": 1.0}
        """,
        ["zeros", "reflect"],
    )
    rows += [{**row, "step": 9, "relative": 10.0} for row in rows]
    return write(path, "pattern_formation", {"model": "vgg5"}, rows)


def agreement_run(path):
    rows = example_rows(
        """{"backbone": "mobilenet", "weights": "random", "test_set": "photos",
        "images": 2, "crop": 64, "shorter_side": 256, "shown": "crop",
        "shift": 0, "top1_agreement": 0.5, "top1_ci95": [0.0, 1.0],
        "top5_overlap": 0.6, "total_variation": 0.4}""",
        ["zeros", "reflect"],
    )
    return write(path, "prediction_agreement", {"crop": 64}, rows)


def location_run(path):
    rows = example_rows(
        """{"head": "cell", "accuracy": 0.6, "chance": 0.1,
        "per_cell": [[0.6, 0.6, 0.6], [0.6, 0.6, 0.6], [0.6, 0.6, 0.6]],
        "by_border_distance": [0.5, 0.7]},
        {"head": "latent", "units": 256, "neurons_location": 90,
        "neurons_class": 60, "neurons_residual": 106, "score_location": 0.5,
        "score_class": 0.1,
        "position_units": {"out": {"units": 8, "aware": 2, "by_side": {}}}}""",
        ["zeros", "none"],
    )
    (about,) = example_rows(
        """{"model": "vgg5", "task": "location", "canvas": "black", "grid": 3,
        "channels": "ordered", "seed": 0, "train_images": 9, "test_images": 2,
        "steps": 1}"""
    )
    rows = [{**about, **row} for row in rows]
    return write(path, "location_task", {"model": ["vgg5"]}, rows)


def semantic_run(path):
    (score,) = example_rows(
        """{"task": "segmentation", "mean_iou": 0.3, "pixel_accuracy": 0.5,
        "class_iou": [0.5, 0.1, null], "train_images": 9, "test_images": 2,
        "steps": 5}"""
    )
    networks = example_rows(
        """{"backbone": "majority", "weights": null, "head": null,
        "enlarge": null, "padding_mode": null, "seed": null},
        {"backbone": "vgg5", "weights": "random", "head": "fcn",
        "enlarge": "places", "padding_mode": "zeros", "seed": 1},
        {"backbone": "vgg5", "weights": "random", "head": "fcn",
        "enlarge": "places", "padding_mode": "zeros", "seed": 2}"""
    )
    rows = [
        {**network, "band": band, **score}
        for network in networks
        for band in ("overall", "0-5 %", "interior")
    ]
    return write(path, "semantic_head", {"task": "segmentation"}, rows)


def robustness_run(path):
    (clean,) = example_rows(
        """{"model": "vgg5", "padding_mode": "zeros", "cutout": "off",
        "seed": 0, "attack": "none", "fill": null, "region": null,
        "share": null, "epsilon": null, "fraction": null, "accuracy": 0.5,
        "train_images": 9, "test_images": 4, "epochs": 1}"""
    )
    attacked = {"attack": "pgd", "region": "whole", "epsilon": 2.0}
    rows = [
        clean,
        {**clean, "attack": "cutout", "fill": "mean", "accuracy": 0.25},
        {**clean, **attacked, "fraction": 1.0},
    ]
    return write(path, "robustness", {"model": ["vgg5"]}, rows)


def texture_run(path):
    rows = example_rows(
        """{"backbone": "vgg16", "weights": "bundled", "train": "frozen",
        "test_set": "tfds:dtd:test", "classes": 47, "seed": 0, "accuracy": 0.5,
        "accuracy_ci95": [0.45, 0.55], "class_accuracy": 0.5,
        "train_images": 1880, "test_images": 1880, "epochs": 10}""",
        ["zeros", "none"],
    )
    return write(path, "texture", {"train": ["frozen"]}, rows)


def shift_run(path):
    rows = example_rows(
        """{"backbone": "mobilenet", "weights": "imagenet", "images": 8,
        "padding_mode": "zeros", "image_set": "photos", "pairs": 1,
        "downsampling": "strided", "shift": "crops",
        "consistency": 0.75, "consistency_ci95": [0.5, 1.0]}"""
    )
    return write(path, "shift_consistency", {"pairs": 1}, rows)


def own_run(path, seed=0, model="vgg5", **changes):
    """An experiment that no page knows."""
    config = {"model": model, "seed": seed, "learning_rate": 0.1}
    work = WorkDirectory(path, "own_task", config | changes)
    rows = [
        {
            "model": model,
            "padding_mode": mode,
            "task": "classification",
            "grid": 3,
            "seed": seed,
            "accuracy": 0.5 + seed / 10,
            "per_cell": [[0.1, 0.2, 0.3]] * 3,
        }
        for mode in ("zeros", "circular")
    ]
    work.write_results(rows, {**PROVENANCE, "seed": seed})
    return work


def unfinished_run(path):
    work = WorkDirectory(path, "fconv_tests", {"splits": ["disjoint"]})
    for epoch in range(2):
        work.log("red_green-seed0", epoch=epoch, loss=1.0 - epoch / 2)
    work.save_checkpoint("red_green-seed0", [{"accuracy": 0.5}])
    work.log("red_green-seed1", epoch=0, loss=1.0)
    return work


def damaged_run(path):
    work = agreement_run(path)
    file = work.path / "results.json"
    file.write_bytes(file.read_bytes()[:300])
    return work


MAKERS = {
    "probe": probe_run,
    "pattern": pattern_run,
    "fconv": fconv_run,
    "formation": formation_run,
    "agreement": agreement_run,
    "location": location_run,
    "semantic": semantic_run,
    "robustness": robustness_run,
    "texture": texture_run,
    "shift": shift_run,
    "own": own_run,
    "begun": unfinished_run,
    "damaged": damaged_run,
}


def make_all(folder):
    """A folder with a run of each kind, by its name in `MAKERS`."""
    for name, make in MAKERS.items():
        make(folder / name)
    return folder


def rewrite(path, change):
    """Change results.json by hand."""
    file = path / "results.json"
    results = json.loads(file.read_text())
    change(results)
    file.write_text(json.dumps(results))
