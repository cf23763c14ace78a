"""The flags that every run has."""

from typing import Any

from absl import flags

from keras_padpos.runs.flags import Flag
from keras_padpos.runs.flags import active_flags

# Flags belong to whoever declares them, not to this module.
flags.disclaim_key_flags()

COMMON = {
    "workdir": Flag(
        None,
        "Directory for results, checkpoints and figures; an unfinished run "
        "with the same flags goes on there. If not given: runs/EXPERIMENT "
        "under the current directory.",
        decides=False,
    ),
    "seed": Flag(0, "Seed of every random choice.", least=0, most=2**32 - 1),
    "data_dir": Flag(
        None,
        "Directory of the data, one that exists. If not given: the data set's "
        "usual place.",
        directory=True,
    ),
    "resume": Flag(
        True,
        "Go on from what --workdir holds of an unfinished run; --noresume "
        "starts that run over.",
        decides=False,
    ),
    "overwrite": Flag(
        False,
        "Remove what an earlier run left in --workdir, finished or not, of "
        "whatever flags, and start anew; files that no run wrote stay.",
        decides=False,
    ),
    "mixed_precision": Flag(
        False,
        "Compute in float16 and keep weights in float32 (Keras' policy "
        "mixed_float16).",
    ),
    "max_images": Flag(
        None,
        "Use at most this many images of each data set, the first ones. If "
        "not given: all.",
        type=int,
        least=1,
    ),
}
"""The flags that every run has."""

DEVICES = {
    "strategy": Flag(
        "none",
        "Devices: none: one device; mirrored: all GPUs of this machine "
        "(TensorFlow); data_parallel: all devices of this machine, or, with "
        "--coordinator, of several (JAX).",
        choices=["none", "mirrored", "data_parallel"],
        decides=False,
    ),
    "coordinator": Flag(
        None,
        "With --strategy=data_parallel on several machines: HOST:PORT of "
        "process 0, which listens there and on no other interface. Every "
        "machine runs the same command, but for --process_id. Nothing is "
        "encrypted: for networks that only these machines can reach.",
        decides=False,
    ),
    "num_processes": Flag(
        1, "With --coordinator: how many processes.", least=1, decides=False
    ),
    "process_id": Flag(
        0,
        "With --coordinator: which one this is, from 0; process 0 writes the "
        "work directory.",
        least=0,
        decides=False,
    ),
    "checkpoint_seconds": Flag(
        300.0,
        "Time between two checkpoints, and so the most that an interruption "
        "costs; longer where writing one would take more than a twentieth of "
        "it.",
        least=0,
        decides=False,
    ),
}
"""The flags of runs that can use several devices."""

TABLE_FORMAT = Flag(
    "terminal",
    "terminal: fitted to its width; markdown: for a document.",
    choices=["terminal", "markdown"],
)
"""How a program that measures nothing prints its tables."""


def define_common_flags() -> None:
    """Define the flags that every binary has, for one that is no study.

    A binary calls this once, where it defines its own.
    """
    for name, flag in COMMON.items():
        flag.define(name, flags.FLAGS)
        flags.declare_key_flag(name)


def device_flags() -> dict[str, Any]:
    """On how many devices the binary computes, if it has such flags."""
    values = active_flags()
    return {
        name: values[name].value
        for name in ("strategy", "num_processes")
        if name in values and values.is_parsed()
    }


def apply_common_flags() -> None:
    """Give Keras the seed and the precision that the flags name."""
    import keras

    values = active_flags()
    keras.utils.set_random_seed(values["seed"].value)
    keras.config.set_dtype_policy(
        "mixed_float16" if values["mixed_precision"].value else "float32"
    )
