"""The networks of `semantic_head`: a backbone with a head on its stages."""

from keras_padpos.errors import InputError
from keras_padpos.studies import networks

DEEPLAB = "deeplab"


def read_stages(settings, backbone):
    """What rows say of the stages that are read of a backbone."""
    from keras_padpos import models

    layers = networks.stage_layers(backbone, settings.stages)
    if models.is_model_file(backbone):
        return ",".join(layers)
    names = list(models.stage_names(backbone))
    numbers = [names.index(layer) for layer in layers if layer in names]
    if numbers != sorted(set(numbers)):
        raise InputError(
            "--stages must go from the first to the last, each once. "
            f"Received: {','.join(settings.stages)}"
        )
    return networks.stage_text(layers, names)


def network(run, plan):
    """The network of a plan; `None` for the baselines."""
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
    stages = networks.stage_layers(backbone, run.settings.stages)
    options |= {"padding_mode": mode, "stages": stages}
    return models.semantic_net(
        models.backbone(backbone, **options),
        classes,
        head=plan["head"],
        stages=stages,
        enlarge=plan["enlarge"],
    )


def backbone_of(network):
    """The trained backbone alone, for pictures of any size if it can be."""
    from keras_padpos import models

    try:
        return models.backbone_of(network, any_size=True)
    except ValueError:  # a layer of a file takes one size only
        return models.backbone_of(network)
