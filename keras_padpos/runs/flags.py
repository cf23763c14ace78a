"""The flags that every binary has."""

import enum
import os
from collections.abc import Callable
from collections.abc import Iterable
from collections.abc import Sequence
from typing import Any

from absl import flags

from keras_padpos.errors import InputError
from keras_padpos.files.disk import strict_json


def conversion_modes(
    asked: Sequence[str] | None = None, *, own: bool = False
) -> list[str]:
    """Check the modes that a flag names.

    Example:
        >>> conversion_modes(["reflect", "none"])
        ['reflect', 'none']
        >>> conversion_modes()[-2:]
        ['interpolate', 'none']

    Args:
        asked: What `--padding_mode` says; all that there are if not given.
        own: Whether `own`, a network's padding as it is, is one.

    Returns:
        The modes.

    Raises:
        InputError: If one is unknown.
    """
    from keras_padpos import padding

    known = [*padding.names(), "interpolate", "none", *["own"] * own]
    if asked is None:
        return known
    unknown = [mode for mode in asked if mode not in known]
    if unknown or not asked:
        raise InputError(
            f"--padding_mode must be among {', '.join(known)}. "
            f"Received: {', '.join(unknown) or 'nothing'}"
        )
    return list(asked)


def flag_text(value: Any) -> str:
    """Write a flag's value as a command line has it.

    Example:
        >>> flag_text(True), flag_text(0.5), flag_text(["a", "b,c"])
        ('true', '0.5', 'a,"b,c"')

    Args:
        value: Text, number, boolean, or a list of these, which becomes one
            value with commas.

    Returns:
        What stands after the equals sign.
    """
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        texts = [flag_text(item) for item in value]
        return flags.CsvListSerializer(",").serialize(texts)
    return str(value)


def whole_numbers(
    name: str, values: Sequence[str], least: int = 0
) -> list[int]:
    """Numbers of a flag that is a list.

    Example:

    >>> whole_numbers("kernel_sizes", ["1", "3"])
    [1, 3]

    Args:
        name: The flag's, without dashes.
        values: Its value.
        least: The smallest number allowed.

    Raises:
        InputError: If there is none, or one is not such a number.
    """
    if not values or not all(
        value.isdigit() and int(value) >= least for value in values
    ):
        raise InputError(
            f"--{name} must be whole numbers from {least} with commas between "
            f"them. Received: {','.join(values)}"
        )
    return [int(value) for value in values]


def ridge_value(text: str) -> float | str:
    """What `--ridge` says: a number, or `"auto"`.

    Example:

    >>> ridge_value("0.01"), ridge_value("auto")
    (0.01, 'auto')

    Args:
        text: The flag's value.

    Raises:
        InputError: If it is neither.
    """
    if text == "auto":
        return text
    try:
        ridge = float(text)
    except ValueError:
        ridge = -1.0
    if not 0 <= ridge < float("inf"):
        raise InputError(
            f"--ridge must be a number of 0 or more, or auto. Received: {text}"
        )
    return ridge


def positions_value(text: str) -> int | str:
    """What `--positions_per_image` says: a number, `"auto"` or `"all"`.

    Example:

    >>> positions_value("100"), positions_value("all")
    (100, 'all')

    Args:
        text: The flag's value.

    Raises:
        InputError: If it is none of these.
    """
    if text in ("auto", "all"):
        return text
    if not text.isdigit() or int(text) < 1:
        raise InputError(
            "--positions_per_image must be a number from 1 on, auto or all. "
            f"Received: {text}"
        )
    return int(text)


def picture_sets(specs: Sequence[str]) -> str | list[str]:
    """What to open for a flag that lists sets of pictures to be joined.

    A set alone keeps its own number of pictures, where it has one.

    Example:

    >>> picture_sets(["samples:train"]), picture_sets(["a", "b"])
    ('samples:train', ['a', 'b'])

    Args:
        specs: The flag's value.
    """
    return specs[0] if len(specs) == 1 else list(specs)


def stage_layers(
    backbone: str, stages: Sequence[str], flag: str = "stages"
) -> list[str]:
    """The layers that a flag such as --stages names in one network.

    Example:
        >>> stage_layers("vgg16", ["1", "block3_conv1"])
        ['block1_conv2', 'block3_conv1']

    Args:
        backbone: A name out of `models.backbone_names`, or the path of a
            `.keras` file.
        stages: `["all"]`, or numbers from 1 and names of layers; of a file,
            names alone. The bare picture (`"rgb"`) has one stage, whatever is
            asked for.
        flag: What the flag is called, without dashes.

    Returns:
        Names of layers; that there are such layers is not checked.

    Raises:
        InputError: If a number is out of range, or a file's stages are no
            names: the message proposes some.
        ValueError: If there is no such backbone, or a file whose stages have
            to be proposed holds none.
        FileNotFoundError: If that file is not there.
    """
    from keras_padpos import models

    if models.is_model_file(backbone):
        numbers = [stage for stage in stages if stage.isdigit()]
        if numbers or not stages or list(stages) == ["all"]:
            candidates = models.stage_candidates(
                models.load_model_file(backbone)
            )
            raise InputError(
                f"--{flag} of {backbone!r} must name layers, such as "
                f"{','.join(candidates)}. "
                f"Received: {','.join(stages) or 'nothing'}"
            )
        return list(stages)
    known = models.stage_names(backbone)
    if list(stages) == ["all"] or backbone == "rgb":
        return list(known)
    layers = []
    for stage in stages:
        if stage.isdigit():
            if not 1 <= int(stage) <= len(known):
                raise InputError(
                    f"--{flag} of {backbone} go from 1 to {len(known)}. "
                    f"Received: {stage}"
                )
            stage = known[int(stage) - 1]
        layers.append(stage)
    return layers


def stage_words(layers: Sequence[str], known: Sequence[str]) -> str:
    """What a row's `stages` says of the layers that were read.

    Example:
        >>> known = ["block1_conv2", "block2_conv2", "block3_conv3"]
        >>> stage_words(known, known), stage_words(known[1:], known)
        ('all', '2,3')
        >>> stage_words(["block1_conv1", "block2_conv2"], known)
        'block1_conv1,2'

    Args:
        layers: Names of the layers that were read.
        known: Names of all the network's stages.

    Returns:
        `"all"`, or numbers of stages, and names of layers that are none,
        with commas between them.
    """
    if list(layers) == list(known):
        return "all"
    return ",".join(
        str(known.index(layer) + 1) if layer in known else layer
        for layer in layers
    )


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
