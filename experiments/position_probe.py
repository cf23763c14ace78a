"""How much absolute position does a network carry? (PosENet)

With no flags this is the package's main job: VGG16 with trained weights (HED)
against the same network with random weights, without padding and with reflect
padding, and against a head on the bare picture, all on bundled photographs.
"""

import itertools

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
    "circular, or none (valid convolutions, vgg16 only).",
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
    "kernel_sizes", ["1"], "Kernel sizes of the heads, in cells of the grid."
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
    "Pictures to fit on: samples:train, a folder, or tfds:NAME:SPLIT; a "
    "folder may end in a slice, DIR[:120].",
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
    _check_names(networks)
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
    _show(work)


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


def _check_names(networks):
    """Refuse unknown names before anything is computed or written."""
    from keras_padpos import models
    from keras_padpos import padding
    from keras_padpos import probes

    for target in _TARGETS.value:
        probes.position_target(target, 2)
    for backbone, weights, mode, _ in networks:
        _stage_layers(backbone)
        if mode != "none":
            padding.get(mode)
        models.check_weights(backbone, weights)


def _stage_layers(backbone):
    """The layers that --stages names in one network."""
    from keras_padpos import models

    known = models.stage_names(backbone)
    if _STAGES.value == ["all"] or backbone == "rgb":
        return known
    layers = []
    for stage in _STAGES.value:
        if stage.isdigit():
            if not 1 <= int(stage) <= len(known):
                raise runs.UserError(
                    f"--stages of {backbone} go from 1 to {len(known)}. "
                    f"Received: {stage}"
                )
            stage = known[int(stage) - 1]
        layers.append(stage)
    return layers


def _probe(work, networks, heads, train, tests, provenance):
    from keras_padpos import models
    from keras_padpos import probes

    rows, arrays = [], {}
    with runs.Progress(units=len(networks)) as progress:
        for backbone, weights, mode, seed in networks:
            label = _label(backbone, weights, mode, seed)
            found = work.checkpoint(label)
            if found:
                progress.done_before(label)
            else:
                with progress.unit(label) as advance:
                    network = models.backbone(
                        backbone,
                        weights=weights,
                        padding_mode=mode,
                        stages=_stage_layers(backbone),
                        seed=seed,
                    )
                    new_rows, new_arrays = probes.position_probe(
                        probes.read_out_features(network),
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
                        log=lambda **line: work.log(unit=label, **line),
                    )
                name = {
                    "backbone": backbone,
                    "weights": weights,
                    "padding_mode": mode,
                    "seed": seed,
                    "stages": ",".join(_STAGES.value),
                }
                found = work.save_checkpoint(
                    label,
                    [{**name, **row} for row in new_rows],
                    {f"{label}/{k}": v for k, v in new_arrays.items()},
                )
            rows += found[0]
            arrays.update(found[1])
    work.save_arrays(arrays)
    _draw(work, rows, arrays, heads[0])
    skipped = {
        images.name: images.broken
        for images in (train, *tests.values())
        if images.broken
    }
    work.write_results(rows, {**provenance.as_dict(), "skipped": skipped})


def _label(backbone, weights, mode, seed):
    if backbone == "rgb":
        return "rgb"
    return f"{backbone}-{weights}-{mode}-seed{seed}".replace("/", "_")


def _draw(work, rows, arrays, head):
    """Draw the first test set's mean maps for the first head."""
    from keras_padpos import probes

    test_set = rows[0]["test_set"]
    targets = _TARGETS.value
    maps, captions = {}, {}
    for row in rows:
        if row["test_set"] != test_set or row["target"] != targets[0]:
            continue
        label = _label(*(row[k] for k in _NETWORK))
        mine = {
            r["target"]: r
            for r in rows
            if r["test_set"] == test_set
            and _label(*(r[k] for k in _NETWORK)) == label
        }
        found = [
            arrays[f"{label}/{t}/{head.label}/{test_set}/mean_map"]
            for t in targets
        ]
        maps.setdefault(
            "target",
            [
                probes.position_target(
                    t, found[0].shape, value_range=_TARGET_RANGE.value
                )
                for t in targets
            ],
        )
        captions.setdefault("target", [""] * len(targets))
        name = _words(row)
        maps[name] = found
        captions[name] = [f"SPC {mine[t]['spearman']:.3f}" for t in targets]
    runs.predicted_maps_figure(
        work.figure_path("predicted_maps"),
        maps,
        targets,
        captions,
        f"Position read out of features, mean of {rows[0]['images']} test "
        f"pictures ({head.label} head)",
    )


_NETWORK = ("backbone", "weights", "padding_mode", "seed")


def _words(row):
    """A network's name as a person would say it."""
    if row["backbone"] == "rgb":
        return "head only (RGB)"
    weights = "HED" if row["weights"] == "bundled" else row["weights"]
    if weights == "random":
        weights = f"random, seed {row['seed']}"
    padding = row["padding_mode"]
    return f"{row['backbone']} ({weights})\n{padding} padding".replace(
        "none padding", "no padding"
    )


def _show(work):
    from keras_padpos import published

    results = work.load_results()
    rows = []
    for row in results["rows"]:
        theirs = published.counterpart(row)
        row = {**row, "network": _words(row).replace("\n", ", ")}
        row["head"] = f"{row['kernel_size']}x{row['kernel_size']}"
        if row["head_layers"] > 1:
            row["head"] += f" x {row['head_layers']}"
        if row["head_padding"]:
            row["head"] += f", pad {row['head_padding']}"
        if theirs:
            size = theirs["kernel_size"]
            row["paper"] = (
                f"{theirs['spearman']:.3f} / {theirs['mae']:.3f} "
                f"({size}x{size}, {theirs['table']})"
            )
        rows.append(row)
    order = {target: place for place, target in enumerate(_TARGETS.value)}
    rows.sort(key=lambda row: order.get(row["target"], 0))
    for test_set in dict.fromkeys(row["test_set"] for row in rows):
        mine = [row for row in rows if row["test_set"] == test_set]
        runs.print_table(
            f"Position read-out on {test_set}: {mine[0]['images']} pictures, "
            f"{mine[0]['train_images']} to fit on, {mine[0]['solver']} solver",
            [
                "target",
                "network",
                "head",
                ("spearman", "SPC"),
                ("spearman_ci95", "95 % interval"),
                ("mae", "MAE"),
                ("chance_mae", "chance MAE"),
                ("paper", "paper: SPC / MAE"),
            ],
            mine,
        )
    provenance = results["provenance"]
    for name, broken in provenance["skipped"].items():
        print(f"{name}: {len(broken)} unreadable pictures were left out:")
        for line in broken:
            print(f"  {line}")
    print(
        "SPC: Spearman correlation of the predicted and the true map, mean "
        "over pictures; a constant map scores 0.\n"
        "paper: Islam et al. (ICLR 2020): VGG16 with ImageNet weights, SGD, "
        "PASCAL-S. Its stripes lie in [-1, 1], so their MAE is another unit.\n"
        f"{provenance['machine']['line']}; "
        f"{provenance['wall_seconds']:.0f} s; results in {work.path}"
    )


if __name__ == "__main__":
    runs.run(main)
