"""Weights of Keras layers in modules of plain PyTorch, as an oracle."""

import keras
import numpy as np


def randomise(net, seed=0):
    """Give BatchNorm statistics and factors that show when they are lost."""
    rng = np.random.default_rng(seed)
    draws = {
        "gamma": lambda shape: rng.uniform(0.5, 1.5, shape),
        "beta": lambda shape: rng.normal(0, 0.2, shape),
        "bias": lambda shape: rng.normal(0, 0.2, shape),
        "moving_mean": lambda shape: rng.normal(0, 0.2, shape),
        "moving_variance": lambda shape: rng.uniform(0.5, 1.5, shape),
    }
    for weight in net.weights:
        draw = draws.get(weight.path.split("/")[-1])
        if draw is not None:
            weight.assign(draw(weight.shape))
    return net


def load(module, layer):
    """Copy a Keras layer's weights into a module, and give it back."""
    import torch

    arrays = [np.array(array) for array in layer.get_weights()]
    targets = [module.weight, module.bias]
    if isinstance(module, torch.nn.Conv2d):
        arrays[0] = arrays[0].transpose(3, 2, 0, 1)
    elif isinstance(module, torch.nn.Linear):
        arrays[0] = arrays[0].T
    else:
        targets += [module.running_mean, module.running_var]
    targets = [target for target in targets if target is not None]
    with torch.no_grad():
        for target, array in zip(targets, arrays, strict=True):
            assert tuple(target.shape) == array.shape
            target.copy_(torch.from_numpy(array.copy()))
    return module.eval()


def run(function, x):
    """Outputs of a PyTorch function on pictures, channels last both."""
    import torch

    with torch.no_grad():
        y = function(torch.from_numpy(x).permute(0, 3, 1, 2))
    return y.permute(0, 2, 3, 1).numpy() if y.ndim == 4 else y.numpy()


def output(model, x):
    """Outputs of a Keras model, uncompiled, as an array."""
    return keras.ops.convert_to_numpy(model(x))
