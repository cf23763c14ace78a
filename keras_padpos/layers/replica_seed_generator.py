"""Noise that differs between the replicas of one training step."""

from typing import Any

import keras
from keras import ops


class ReplicaSeedGenerator(keras.random.SeedGenerator):
    """A `SeedGenerator` whose seeds depend on the replica that draws.

    `tf.distribute` mirrors a generator's state, so that without this all
    replicas of a `MirroredStrategy` would draw the same noise for different
    pictures. Elsewhere it is a plain `SeedGenerator`.

    Example:

    >>> generator = ReplicaSeedGenerator(1)
    >>> keras.random.normal((2,), seed=generator).shape == (2,)
    True
    """

    def next(self, ordered: bool = True) -> Any:
        """The next seed, different on each replica."""
        seed = super().next(ordered)
        if keras.backend.backend() != "tensorflow":
            return seed
        import tensorflow as tf

        context = tf.distribute.get_replica_context()
        if context is None or context.num_replicas_in_sync == 1:
            return seed
        # The second half counts draws; replicas count far from one another.
        start = context.replica_id_in_sync_group * 2**24
        return seed + ops.cast(ops.stack([0, start]), seed.dtype)
