"""A network as a list of calls."""

from dataclasses import dataclass

from keras_padpos.models.call import Call


@dataclass(frozen=True)
class Graph:
    """A model's calls.

    Attributes:
        calls: The calls, makers before users.
        outputs: Numbers of the tensors that leave the model.
    """

    calls: list[Call]
    outputs: tuple[int, ...]
