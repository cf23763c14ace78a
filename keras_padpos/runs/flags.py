"""The flags that every binary has."""

import enum
import os
from collections.abc import Callable
from collections.abc import Iterable
from typing import Any

from absl import flags

from keras_padpos.runs.strict_json import strict_json

# The flags belong to the binary that asks for them, so that its --help lists
# them.
flags.disclaim_key_flags()

_SPREAD = (
    "strategy",
    "coordinator",
    "num_processes",
    "process_id",
    "checkpoint_seconds",
)
# The common flags that decide the numbers; the others say where and how.
_SCIENCE = ("seed", "data_dir", "mixed_precision", "max_images")


def define_common_flags(
    default_workdir: str | None = None, *, spreads: bool = False
) -> None:
    """Define the flags that every binary has.

    They are `--workdir`, `--seed`, `--data_dir`, `--resume`, `--overwrite`,
    `--mixed_precision` and `--max_images`, and for binaries that call
    `open_spread` also `--strategy`, `--coordinator`, `--num_processes`,
    `--process_id` and `--checkpoint_seconds`. A binary calls this once, where
    it defines its own. Where another binary of the same process has defined
    them before, they are shared.

    Example:
        >>> define_common_flags()
        >>> flags.FLAGS["seed"].default
        0

    Args:
        default_workdir: Default of `--workdir`. With `None`, `WorkDirectory`
            takes `runs/EXPERIMENT` under the current directory.
        spreads: Whether the binary can be spread over devices.
    """
    for name, define in _definitions(default_workdir).items():
        if name in _SPREAD and not spreads:
            continue
        if name in flags.FLAGS:
            flags.declare_key_flag(name)
        else:
            define(name)
    if default_workdir is not None:
        flags.FLAGS.set_default("workdir", default_workdir)


def resolved_flags(names: Iterable[str]) -> dict[str, Any]:
    """Return the flags that decide a run's numbers, as written to config.json.

    The common flags that decide numbers are added: `seed`, `data_dir` (as an
    absolute path), `mixed_precision` and `max_images`. `workdir`, `resume`,
    `overwrite` and `strategy` are left out: they say where and how to compute,
    not what.

    Example:
        >>> define_common_flags()
        >>> _ = flags.FLAGS(["position_probe", "--seed=3"])
        >>> resolved_flags([])["seed"]
        3

    Args:
        names: The binary's own flags, without dashes.

    Returns:
        A dict from flag name to value, ready for JSON.

    Raises:
        KeyError: If there is no flag of such a name.
    """
    config = {}
    for name in (*names, *_SCIENCE):
        value = flags.FLAGS[name].value
        if name == "data_dir" and value is not None:
            value = os.path.abspath(os.path.expanduser(value))
        config[name] = strict_json(_plain(value))
    return config


def apply_common_flags() -> None:
    """Give Keras the seed and the precision that the flags name.

    `--seed` goes to `keras.utils.set_random_seed`. `--mixed_precision`
    chooses the dtype policy `mixed_float16`, without it `float32`.

    Example:
        >>> define_common_flags()
        >>> _ = flags.FLAGS(["position_probe", "--seed=3"])
        >>> apply_common_flags()
    """
    import keras

    keras.utils.set_random_seed(flags.FLAGS.seed)
    keras.config.set_dtype_policy(
        "mixed_float16" if flags.FLAGS.mixed_precision else "float32"
    )


def _plain(value: Any) -> Any:
    if isinstance(value, enum.Enum):
        return value.name
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    return value


def _definitions(workdir: str | None) -> dict[str, Callable[[str], Any]]:
    return {
        "workdir": lambda name: flags.DEFINE_string(
            name,
            workdir,
            "Directory for results, checkpoints and figures; an unfinished "
            "run with the same flags goes on there. If not given: "
            "runs/EXPERIMENT under the current directory.",
        ),
        "seed": lambda name: flags.DEFINE_integer(
            name,
            0,
            "Seed of every random choice.",
            lower_bound=0,
            upper_bound=2**32 - 1,
        ),
        "data_dir": lambda name: flags.DEFINE_string(
            name,
            None,
            "Directory of the data. If not given: the data set's usual place.",
        ),
        "resume": lambda name: flags.DEFINE_bool(
            name,
            True,
            "Go on from what --workdir holds of an unfinished run; "
            "--noresume starts that run over.",
        ),
        "overwrite": lambda name: flags.DEFINE_bool(
            name,
            False,
            "Remove what an earlier run left in --workdir, finished or not, of "
            "whatever flags, and start anew; files that no run wrote stay.",
        ),
        "strategy": lambda name: flags.DEFINE_enum(
            name,
            "none",
            ["none", "mirrored", "data_parallel"],
            "How the work is spread: none: one device; mirrored: all GPUs of "
            "this machine (TensorFlow); data_parallel: all devices of this "
            "machine, or, with --coordinator, of several (JAX).",
        ),
        "coordinator": lambda name: flags.DEFINE_string(
            name,
            None,
            "With --strategy=data_parallel on several machines: HOST:PORT of "
            "process 0. Every machine runs the same command, but for "
            "--process_id.",
        ),
        "num_processes": lambda name: flags.DEFINE_integer(
            name, 1, "With --coordinator: how many processes.", lower_bound=1
        ),
        "process_id": lambda name: flags.DEFINE_integer(
            name,
            0,
            "With --coordinator: which one this is, from 0; process 0 writes "
            "the work directory.",
            lower_bound=0,
        ),
        "checkpoint_seconds": lambda name: flags.DEFINE_float(
            name,
            300,
            "Time between two checkpoints, and so the most that an "
            "interruption costs; longer where writing one would take more "
            "than a twentieth of it.",
            lower_bound=0,
        ),
        "mixed_precision": lambda name: flags.DEFINE_bool(
            name,
            False,
            "Compute in float16 and keep weights in float32 (Keras' policy "
            "mixed_float16).",
        ),
        "max_images": lambda name: flags.DEFINE_integer(
            name,
            None,
            "Use at most this many images of each data set, the first ones. "
            "If not given: all.",
            lower_bound=1,
        ),
    }
