"""The networks of `semantic_head`, and the baselines beside them."""

import os

from keras_padpos.errors import InputError
from keras_padpos.studies.networks import stage_layers
from keras_padpos.studies.networks import stage_text

DEEPLAB = "deeplab"
FIELDS = (
    *("backbone", "weights", "stages", "head", "enlarge", "padding_mode"),
    *("seed", "task"),
)


def plans(run):
    """The baselines, and each network that is to be trained."""
    settings, chosen = run.settings, []
    if not any(settings.stages):
        raise InputError("--stages must name at least one. Received: nothing")
    if DEEPLAB in settings.head and settings.stages != ["all"]:
        raise InputError(
            "--stages are those that heads fcn and fcn_skips read; deeplab "
            f"has its own. Received: {','.join(settings.stages)}"
        )
    crossed = ("backbone", "weights", "head", "enlarge", "padding_mode")
    for plan in run.crossed(*crossed):
        if plan["head"] == DEEPLAB:  # It enlarges in its own way, too.
            plan |= {"stages": None, "enlarge": None}
        else:
            plan["stages"] = _stages(settings, plan["backbone"])
        if plan not in chosen:
            chosen.append(plan)
    # The seed changes last, so that a run that is stopped has some of all.
    return [
        {**dict.fromkeys(FIELDS), "task": settings.task},
        *(
            {**plan, "seed": seed, "number": number, "task": settings.task}
            for seed in run.training.seeds
            for number, plan in enumerate(chosen, start=1)
        ),
    ]


def _stages(settings, backbone):
    """What rows say of the stages that are read of a backbone."""
    from keras_padpos import models

    layers = stage_layers(backbone, settings.stages)
    if models.is_model_file(backbone):
        return ",".join(layers)
    known = list(models.stage_names(backbone))
    numbers = [known.index(layer) for layer in layers if layer in known]
    if numbers != sorted(set(numbers)):
        raise InputError(
            "--stages must go from the first to the last, each once. "
            f"Received: {','.join(settings.stages)}"
        )
    return stage_text(layers, known)


def network(run, plan):
    import keras

    from keras_padpos import models

    backbone, pairs = plan["backbone"], run.sets["train"]
    if backbone is None:
        return None
    # Both halves are drawn from the seed, whatever weights the first has.
    keras.utils.set_random_seed(plan.get("seed", run.settings.seed))
    classes = 1 if run.settings.task == "saliency" else pairs.classes
    mode = plan["padding_mode"]
    options = {"weights": plan["weights"], "input_shape": (*pairs.shape, 3)}
    if plan["head"] == DEEPLAB:
        return models.deeplab(backbone, classes, mode, **options)
    stages = stage_layers(backbone, run.settings.stages)
    options |= {"padding_mode": mode, "stages": stages}
    return models.semantic_net(
        models.backbone(backbone, **options),
        classes,
        head=plan["head"],
        stages=stages,
        enlarge=plan["enlarge"],
    )


def label(plan):
    """The number tells networks apart whose files are called the same."""
    if plan["backbone"] is None:
        return "masks"
    names = ("backbone", "task", "weights", "head", "enlarge", "padding_mode")
    texts = [os.path.basename(plan[name]) for name in names if plan.get(name)]
    return "-".join([str(plan["number"]), *texts, f"seed{plan['seed']}"])
