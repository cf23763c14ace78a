"""Declared flags, and what they were given."""

import contextlib
import dataclasses
import difflib
import enum
import os
import sys
from collections.abc import Callable
from collections.abc import Iterable
from collections.abc import Iterator
from collections.abc import Mapping
from collections.abc import Sequence
from typing import Any

from absl import flags

from keras_padpos.errors import InputError
from keras_padpos.files.disk import strict_json

# Flags belong to whoever declares them, not to this module.
flags.disclaim_key_flags()

_active: list[flags.FlagValues] = [flags.FLAGS]


def active_flags() -> flags.FlagValues:
    """The flag values of the binary that runs in this process."""
    return _active[-1]


@contextlib.contextmanager
def activated(values: flags.FlagValues) -> Iterator[None]:
    """Make flag values those of the binary that runs while the block does."""
    _active.append(values)
    try:
        yield
    finally:
        _active.remove(values)


@dataclasses.dataclass(frozen=True)
class Flag:
    """A declared flag; a list with commas if its default is one.

    Example:

    >>> flag = Flag(["zeros"], "Padding modes.", choices=["zeros", "reflect"])
    >>> flag.value("padding_mode", ["zeros", "reflekt"])
    Traceback (most recent call last):
    ...
    keras_padpos.errors.InputError: --padding_mode must be of zeros, reflect. \
Received: reflekt. Did you mean reflect?

    Args:
        default: Its default, which gives its type.
        help: What it is.
        choices: What it, or each item of a list, may be; or what returns that,
            called when the flag is read.
        crossed: Whether its values are crossed with those of other such
            flags: every combination is one network, and the flag is a column
            of the rows.
        type: Of a flag whose default is `None`: `str`, `int`, `float` or
            `list`; or of the items of a list.
        least: The smallest number allowed.
        most: The largest number allowed.
        above: What numbers must be larger than.
        empty: Whether a list may be empty.
        decides: Whether it decides results, and so stands in config.json; or
            what says so of the run's settings.
    """

    default: Any
    help: str
    choices: Sequence[str] | Callable[[], Sequence[str]] | None = None
    crossed: bool = False
    type: type = str
    least: float | None = None
    most: float | None = None
    above: float | None = None
    empty: bool = False
    decides: "bool | Callable[[Settings], bool]" = True

    def define(self, name: str, values: flags.FlagValues) -> None:
        """Define it for a command line; one that is there is shared."""
        if name in values:
            return
        default = self.default
        kind = type(default) if default is not None else self.type
        options = {"flag_values": values}
        bounds = {"lower_bound": self.least, "upper_bound": self.most}
        if kind is list:
            flags.DEFINE_list(name, default, self.help, **options)
        elif kind is bool:
            flags.DEFINE_bool(name, default, self.help, **options)
        elif kind is int:
            flags.DEFINE_integer(name, default, self.help, **bounds, **options)
        elif kind is float:
            flags.DEFINE_float(name, default, self.help, **bounds, **options)
        elif self.choices and not callable(self.choices):
            flags.DEFINE_enum(
                name, default, list(self.choices), self.help, **options
            )
        else:
            flags.DEFINE_string(name, default, self.help, **options)

    def value(self, name: str, given: Any) -> Any:
        """Check a value of the command line, and convert a list's items.

        Args:
            name: The flag's name, without dashes.
            given: What absl parsed.

        Returns:
            The value; numbers for a list of these.

        Raises:
            InputError: If it is not allowed.
        """
        items = given if isinstance(given, list) else [given]
        if self.empty and not items:
            return given
        if isinstance(given, list) and self.type in (int, float):
            return self._numbers(name, given)
        if self.above is not None and not given > self.above:
            raise InputError(
                f"--{name} must be above {self.above}. Received: {given}"
            )
        choices = self.choices() if callable(self.choices) else self.choices
        if choices and given is not None:
            wrong = [item for item in items if item not in choices]
            if wrong or not items:
                raise InputError(
                    f"--{name} must be of {', '.join(choices)}. Received: "
                    f"{', '.join(wrong) or 'nothing'}{_meant(wrong, choices)}"
                )
        if self.crossed and not any(str(item).strip() for item in items):
            raise InputError(
                f"--{name} must name at least one. Received: nothing"
            )
        return given

    def _numbers(self, name, texts):
        least = self.least if self.least is not None else 0
        most = self.most if self.most is not None else sys.float_info.max
        try:
            numbers = [self.type(text) for text in texts]
            if not numbers or not all(
                least <= number <= most
                and (self.above is None or number > self.above)
                for number in numbers
            ):
                raise ValueError
        except ValueError:
            kind = "whole numbers" if self.type is int else "numbers"
            bounds = f"from {least}"
            if self.above is not None:
                bounds = f"above {self.above}"
            if self.most is not None:
                bounds += f" to {self.most}"
            raise InputError(
                f"--{name} must be {kind} {bounds} with commas between them. "
                f"Received: {','.join(texts) or 'nothing'}"
            ) from None
        return numbers


def _meant(wrong, choices):
    if not wrong:
        return ""
    alike = difflib.get_close_matches(wrong[0], choices, n=1)
    return f". Did you mean {alike[0]}?" if alike else ""


class Settings:
    """What the flags of a run were given, as attributes.

    Example:

    >>> values = flags.FlagValues()
    >>> declared = {"size": Flag(["224"], "Height and width.", type=int)}
    >>> declared["size"].define("size", values)
    >>> _ = values(["binary", "--size=120,160"])
    >>> settings = Settings(declared, values)
    >>> settings.size, settings.text("size")
    ([120, 160], '--size=120,160')

    Args:
        declared: Flags by name.
        values: Where they were defined and parsed.
    """

    def __init__(
        self, declared: Mapping[str, Flag], values: flags.FlagValues
    ) -> None:
        self._declared = dict(declared)
        self._values = values

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_") or name not in self._declared:
            raise AttributeError(name)
        return self._declared[name].value(name, self._values[name].value)

    def __contains__(self, name: str) -> bool:
        return name in self._declared

    def present(self, name: str) -> bool:
        """Whether the command line names a flag."""
        return bool(self._values[name].present)

    def text(self, name: str) -> str:
        """A flag as a command line has it."""
        return f"--{name}={flag_text(self._values[name].value)}"

    def check(self) -> None:
        """Refuse what a flag does not allow, whichever is read later."""
        for name in self._declared:
            getattr(self, name)

    def config(self) -> dict[str, Any]:
        """The flags that decide results, as config.json holds them."""
        names = [
            name
            for name, flag in self._declared.items()
            if (flag.decides(self) if callable(flag.decides) else flag.decides)
        ]
        return resolved_flags(names, self._values)


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
        None, "Directory of the data. If not given: the data set's usual place."
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
        "process 0. Every machine runs the same command, but for "
        "--process_id.",
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

# The common flags that decide results, in the order of config.json.
_DECIDE = ("seed", "data_dir", "mixed_precision", "max_images")


def define_common_flags(*, spreads: bool = False) -> None:
    """Define the flags that every binary has, for one that is no study.

    They are `--workdir`, `--seed`, `--data_dir`, `--resume`, `--overwrite`,
    `--mixed_precision` and `--max_images`, and with `spreads` also
    `--strategy`, `--coordinator`, `--num_processes`, `--process_id` and
    `--checkpoint_seconds`. A binary calls this once, where it defines its own.

    Example:
        >>> define_common_flags()
        >>> flags.FLAGS["seed"].default
        0

    Args:
        spreads: Whether the binary can use several devices.
    """
    for name, flag in {**COMMON, **(DEVICES if spreads else {})}.items():
        flag.define(name, flags.FLAGS)
        flags.declare_key_flag(name)


def resolved_flags(
    names: Iterable[str], values: flags.FlagValues | None = None
) -> dict[str, Any]:
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
        values: Where they are; those of the binary that runs if not given.

    Returns:
        A dict from flag name to value, ready for JSON.

    Raises:
        KeyError: If there is no flag of such a name.
    """
    values = active_flags() if values is None else values
    config = {}
    for name in dict.fromkeys([*names, *_DECIDE]):
        value = values[name].value
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

    values = active_flags()
    keras.utils.set_random_seed(values["seed"].value)
    keras.config.set_dtype_policy(
        "mixed_float16" if values["mixed_precision"].value else "float32"
    )


def _plain(value: Any) -> Any:
    if isinstance(value, enum.Enum):
        return value.name
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    return value


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
