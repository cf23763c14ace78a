"""All heads of the papers' tables on one pass, against the original recipe.

Three comparisons, side by side in one run: the time to fit every linear head
of the tables exactly against that of the original recipe, one run a target and
head; the exact solver's pass against a bare forward pass; and the memory that
few and many pictures take.
"""

from keras_padpos import report
from keras_padpos.choices import TARGETS
from keras_padpos.errors import InputError
from keras_padpos.runs.flags import Flag
from keras_padpos.studies import networks
from keras_padpos.studies.heads import paper_heads
from tools.benchmark_program import Benchmark
from tools.benchmark_program import memory_counts
from tools.benchmark_program import memory_flag
from tools.benchmark_program import run_memory

_FLAGS = {
    "backbone": Flag(
        "vgg16",
        "Network to read: vgg16, vgg19, resnet18, resnet50, resnet152, "
        "mobilenet, efficientnetb0, densenet121, or rgb for the bare picture.",
    ),
    "weights": Flag(
        "random",
        "Its weights, which hardly matter to the time: imagenet, bundled "
        "(vgg16), random, or the path of a weights file.",
    ),
    "tables": Flag(
        ["1", "2b", "3", "4"],
        "Tables of Islam et al. (ICLR 2020) whose linear heads to fit: 1, 2a, "
        "2b, 3, 4, 6.",
    ),
    "targets": Flag(list(TARGETS), f"Maps to predict: {', '.join(TARGETS)}."),
    "images": Flag(
        ["samples:train"],
        "Sets of pictures to fit on, all together: samples:train, noise, a "
        "folder DIR or DIR[:120], or tfds:NAME:SPLIT.",
    ),
    "ridge": Flag(
        0.01,
        "Added to the diagonal of the features' correlation matrix.",
        least=0,
    ),
    "positions_per_image": Flag(
        "auto",
        "Positions of each picture that exact heads are fitted on: a number, "
        "all, or auto (a sample for heads of more than 5,000 columns).",
        besides=["auto", "all"],
        type=int,
        least=1,
    ),
    "batch_size": Flag(
        8,
        "Pictures that go through a network at once; the recipe has 32.",
        least=1,
    ),
    "recipe_steps": Flag(
        3,
        "Steps of the original recipe to time for each head, after one that "
        "is not timed; the rest is extrapolated.",
        least=1,
    ),
    "pass_images": Flag(
        48,
        "Pictures of the comparison with a bare forward pass.",
        least=1,
    ),
    "rounds": Flag(5, "Rounds of that comparison.", least=1),
    "memory_images": memory_flag(["50", "500"], "Numbers of pictures"),
}

# What is aimed at.
_RECIPE_TARGET = 50
_PASS_TARGET = 1.5


def _prepare(settings):
    """The networks and their heads, the pictures, and how many to weigh."""
    from keras_padpos import models
    from keras_padpos import probes

    counts = memory_counts(settings, "memory_images", 1)
    for target in settings.targets:
        probes.position_target(target, 2)
    models.check_weights(settings.backbone, settings.weights)
    return _networks(settings), _open(settings, settings.max_images), counts


def _measure(settings, prepared, work):
    probed, images, counts = prepared
    yield from _against_recipe(settings, probed, images)
    yield _against_forward(settings, images)
    for count in counts:
        yield _memory(settings, count)


def _open(settings, count):
    from keras_padpos import data

    return data.open_images(
        networks.joined_sets(settings.images),
        count=count,
        seed=settings.seed,
        data_dir=settings.data_dir,
    )


def _networks(settings):
    """The networks of the tables, each with its exact and its SGD heads."""
    probed = []
    asked = [(settings.backbone, "zeros"), ("rgb", "none")]
    if settings.backbone == "rgb":
        asked = asked[1:]
    elif settings.backbone == "vgg16" and "4" in settings.tables:
        # Only Table 4 has a network without padding, and it is VGG16.
        asked.append(("vgg16", "none"))
    for backbone, mode in asked:
        layers = networks.stage_layers(backbone, ["all"])
        heads, theirs = (
            [
                head
                for head in paper_heads(
                    layers,
                    layers,
                    settings.tables,
                    backbone,
                    mode,
                    output=output,
                )
                if head.layers == 1
            ]
            for output in ("linear", "sigmoid")
        )
        if heads:
            probed.append((backbone, mode, heads, theirs))
    if not probed:
        raise InputError(
            f"--tables={','.join(settings.tables)} has no linear head for "
            f"{settings.backbone}."
        )
    return probed


def _model(settings, backbone, mode):
    from keras_padpos import models

    weights = "none" if backbone == "rgb" else settings.weights
    return models.backbone(
        backbone,
        weights,
        "zeros" if backbone == "rgb" else mode,
        seed=settings.seed,
    )


def _against_recipe(settings, probed, images):
    from tools.measure_probe import fit_all
    from tools.measure_probe import recipe_seconds

    steps = settings.recipe_steps + 1
    with report.Progress(units=2 * len(probed)) as progress:
        for backbone, mode, heads, theirs in probed:
            label = "rgb" if backbone == "rgb" else f"{backbone}-{mode}"
            model = _model(settings, backbone, mode)
            with progress.unit(f"{label}: exact", len(images)) as advance:
                ours = fit_all(
                    model,
                    images,
                    heads,
                    targets=settings.targets,
                    batch_size=settings.batch_size,
                    ridge=settings.ridge,
                    positions=settings.positions_per_image,
                    advance=advance,
                )
            total = steps * len(theirs)
            timings = []
            with progress.unit(f"{label}: recipe", total, "steps") as advance:
                for head in theirs:
                    timings.append(
                        recipe_seconds(
                            model,
                            images,
                            head,
                            target=settings.targets[0],
                            steps=settings.recipe_steps,
                            advance=advance,
                        )
                    )
            recipe = sum(each["seconds"] for each in timings)
            recipe *= len(settings.targets)
            yield {
                "what": "tables",
                "network": label,
                "heads": len(heads),
                "targets": len(settings.targets),
                "images": len(images),
                "exact_seconds": ours,
                "recipe_seconds": recipe,
                "recipe_runs": len(heads) * len(settings.targets),
                "recipe_steps": timings[0]["steps"],
                "step_seconds": [each["step_seconds"] for each in timings],
                "ratio": recipe / ours,
            }


def _against_forward(settings, images):
    from tools.measure_probe import exact_pass_over_forward

    few = _open(settings, min(settings.pass_images, len(images)))
    times = exact_pass_over_forward(
        _model(settings, settings.backbone, "zeros"),
        few,
        targets=settings.targets,
        batch_size=settings.batch_size,
        rounds=settings.rounds,
    )
    return {
        "what": "pass",
        "network": settings.backbone,
        "images": len(few),
        "rounds": settings.rounds,
        **times,
    }


def _memory(settings, count):
    mib = run_memory(
        "position_probe",
        [
            f"--backbone={settings.backbone}",
            f"--weights={settings.weights}",
            "--train_images=noise",
            "--test_images=noise",
            f"--max_images={count}",
            f"--targets={','.join(settings.targets)}",
            f"--batch_size={settings.batch_size}",
        ],
    )
    return {
        "what": "memory",
        "network": settings.backbone,
        "images": count,
        "peak_mib": mib,
    }


def _show(results):
    rows = {}
    for row in results["rows"]:
        rows.setdefault(row["what"], []).append(row)
    tables = rows["tables"]
    whole = {
        "network": "together",
        **{
            name: sum(row[name] for row in tables)
            for name in ("recipe_runs", "exact_seconds", "recipe_seconds")
        },
    }
    whole["ratio"] = whole["recipe_seconds"] / whole["exact_seconds"]
    config = results["config"]
    report.print_table(
        f"All linear heads of Tables {', '.join(config['tables'])} on "
        f"{tables[0]['images']} pictures: one exact pass a network against "
        "the original recipe, one run a head and target, extrapolated from "
        f"{config['recipe_steps']} of {tables[0]['recipe_steps']} steps",
        [
            "network",
            "heads",
            "targets",
            ("recipe_runs", "recipe's runs"),
            ("exact_seconds", "exact, s"),
            ("recipe_seconds", "recipe, s"),
            ("ratio", "recipe / exact"),
        ],
        [*tables, whole],
    )
    print(
        f"Target: at least {_RECIPE_TARGET}; measured {whole['ratio']:.0f}. "
        "Deeper heads (Table 2a) have no closed form, and are left out of "
        "both."
    )
    print()
    for row in rows["pass"]:
        print(
            f"Exact pass for 1x1 heads, {row['network']}, {row['images']} "
            f"pictures: {row['exact_seconds']:.2f} s, bare forward pass "
            f"{row['forward_seconds']:.2f} s, ratio {row['ratio']:.2f} "
            f"(target: at most {_PASS_TARGET}; medians of {row['rounds']} "
            "interleaved rounds)."
        )
    for row in rows.get("memory", ()):
        print(
            f"Peak memory of position_probe, {row['network']}, 1x1 heads, "
            f"{row['images']} pictures to fit on and as many to score: "
            f"{row['peak_mib']:.0f} MiB."
        )


BENCHMARK = Benchmark(
    name="probe",
    about=__doc__,
    flags=_FLAGS,
    prepare=_prepare,
    measure=_measure,
    show=_show,
)
