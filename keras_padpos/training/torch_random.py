"""PyTorch's own random numbers, which Keras' Dropout takes there."""

from collections.abc import Mapping

import keras
import numpy as np


def torch_random_state() -> dict[str, np.ndarray]:
    """State of PyTorch's generators, of the CPU and of each GPU.

    On the PyTorch backend `keras.layers.Dropout` does not draw from its own
    seed generator. On others there is no such state.

    Example:

    >>> state = torch_random_state()
    >>> restore_torch_random(state)

    Returns:
        Arrays by name; none on other backends.
    """
    if keras.backend.backend() != "torch":
        return {}
    import torch

    states = {"cpu": torch.get_rng_state()}
    for number, state in enumerate(torch.cuda.get_rng_state_all()):
        states[f"cuda{number}"] = state
    return {name: state.cpu().numpy() for name, state in states.items()}


def restore_torch_random(state: Mapping[str, np.ndarray]) -> None:
    """Put back what `torch_random_state` returned.

    Args:
        state: Of devices that are there; other devices are left alone.
    """
    if not state:
        return
    import torch

    torch.set_rng_state(torch.from_numpy(state["cpu"].copy()))
    for number in range(torch.cuda.device_count()):
        if f"cuda{number}" in state:
            torch.cuda.set_rng_state(
                torch.from_numpy(state[f"cuda{number}"].copy()), number
            )
