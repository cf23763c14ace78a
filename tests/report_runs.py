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


def draw(work, *names, size=(30, 20)):
    for name in names:
        Image.new("RGB", size, "navy").save(work.path / f"{name}.png")
        (work.path / f"{name}.png").rename(work.figure_path(name))


def probe_run(path):
    rows = [
        probe_row(0.8, target=target) for target in ("horizontal", "gaussian")
    ]
    rows += [
        probe_row(0.2, padding_mode="reflect"),
        rgb_row(0.1),
        probe_row(0.9, test_set="black"),
    ]
    work = finished_probe(path, rows)
    draw(work, "predicted_maps")
    return work


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
            rows.append(
                {
                    "test": "red_green",
                    "splits": "released",
                    "convolution": "same",
                    "padding_mode": mode,
                    "test_set": "similar",
                    "seed": seed,
                    "accuracy": 0.9 + seed / 100,
                }
            )
            work.save_checkpoint(unit, rows[-1:])
    draw(work, "red_green_examples")
    work.write_results(rows, PROVENANCE)
    return work


def formation_run(path):
    work = WorkDirectory(path, "pattern_formation", {"model": "vgg5"})
    rows = [
        {
            "model": "vgg5",
            "padding_mode": mode,
            "seed": 0,
            "step": step,
            "layer": "conv",
            "test_accuracy": 0.5,
            "train_images": 8,
            "images": 4,
            "pictures": 2,
            "crop": 8,
            "image_set": "noise",
            "relative": 1.0 + step,
            "snr_of_means": 1.0,
        }
        for mode in ("zeros", "reflect")
        for step in (0, 9)
    ]
    work.write_results(rows, PROVENANCE)
    return work


def agreement_run(path):
    work = WorkDirectory(path, "prediction_agreement", {"crop": 64})
    rows = [
        {
            "backbone": "mobilenet",
            "weights": "random",
            "padding_mode": mode,
            "test_set": "photos",
            "images": 2,
            "crop": 64,
            "top1_agreement": 0.5,
            "top1_ci95": [0.0, 1.0],
            "top5_overlap": 0.6,
            "total_variation": 0.4,
        }
        for mode in ("zeros", "reflect")
    ]
    work.write_results(rows, PROVENANCE)
    return work


def location_run(path, seed=0, model="vgg5", **changes):
    """An experiment that no page knows."""
    config = {"model": model, "seed": seed, "learning_rate": 0.1}
    work = WorkDirectory(path, "location_task", config | changes)
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
