"""Declared flags, and what they were given."""

import contextlib
import dataclasses
import functools
import math
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
from keras_padpos.errors import did_you_mean
from keras_padpos.files.disk import existing_file
from keras_padpos.files.disk import strict_json

# Flags belong to whoever declares them, not to this module.
flags.disclaim_key_flags()

LARGEST = 1_000_000_000
"""The largest whole number of flags that have no bound of their own."""

MOST_AT_ONCE = 65_536
"""The largest number of pictures that go through a network at once."""

MOST_SEEDS = 10_000
"""The largest number of seeds of a run."""

_active: list[flags.FlagValues] = [flags.FLAGS]


def active_flags() -> flags.FlagValues:
    """The flag values of the binary that runs in this process."""
    return _active[-1]


@contextlib.contextmanager
def activated(values: flags.FlagValues) -> Iterator[None]:
    """Make flag values those of the binary while the block runs."""
    _active.append(values)
    try:
        yield
    finally:
        _active.remove(values)


@contextlib.contextmanager
def naming(flag: str) -> Iterator[None]:
    """Put a flag before what the block refuses, so that its error names it."""
    try:
        yield
    except (InputError, OSError) as error:
        raise InputError(f"{flag}: {error}") from error


@dataclasses.dataclass(frozen=True)
class Flag:
    """A declared flag; a list with commas if its default is one.

    Example:

    >>> flag = Flag(["zeros"], "Padding modes.", choices=["zeros", "reflect"])
    >>> flag.value("padding_mode", ["zeros", "reflekt"])
    Traceback (most recent call last):
    ...
    keras_padpos.errors.InputError: --padding_mode must be one of zeros, \
reflect. Received: reflekt. Did you mean reflect?

    Args:
        default: Its default, which gives its type.
        help: What it is.
        choices: What it, or each item of a list, may be.
        besides: Of a text that is a number, or one of these: its `type` is
            the number's.
        ending: The end of the names of files that are allowed besides the
            choices; `""` for any file. Without choices it must be a file.
        per_axis: Texts of which different ones may be joined by pluses, one
            an axis, that of height first.
        axes: How many may be joined at most.
        crossed: Whether its values are crossed with those of other such
            flags: every combination is one network, and the flag is a column
            of the rows.
        type: Of a flag whose default is `None`: `str`, `int`, `float` or
            `list`; or of the items of a list.
        least: The smallest number allowed.
        most: The largest number allowed; of whole numbers a billion if not
            given.
        above: What numbers must be larger than.
        empty: Whether a list may be empty.
        required: Whether it must be given, as something.
        directory: Whether it names a directory that exists.
        decides: Whether it decides results, and so stands in config.json; or
            what says so of the run's settings.
    """

    default: Any
    help: str
    choices: Sequence[str] | None = None
    besides: Sequence[str] = ()
    ending: str | None = None
    per_axis: Sequence[str] = ()
    axes: int = 2
    crossed: bool = False
    type: type = str
    least: float | None = None
    most: float | None = None
    above: float | None = None
    empty: bool = False
    required: bool = False
    directory: bool = False
    decides: "bool | Callable[[Settings], bool]" = True

    def define(self, name: str, values: flags.FlagValues) -> None:
        """Define it for a command line; one that is there is shared."""
        if name in values:
            return
        default, about = self.default, self.help
        kind = type(default) if default is not None else self.type
        define: Callable[..., Any] = flags.DEFINE_string
        options: dict[str, Any] = {}
        if kind is list:
            define = flags.DEFINE_list
        elif kind is bool:
            define = flags.DEFINE_bool
        elif kind in (int, float):
            define = flags.DEFINE_float
            if kind is int:
                define = flags.DEFINE_integer
            options = {"lower_bound": self.least, "upper_bound": self._most}
        elif self.choices and self.ending is None and not self.per_axis:
            define = functools.partial(flags.DEFINE, _Choice(self.choices))
            about = f"<{'|'.join(self.choices)}>: {about}"
        if self.type in (int, float) and kind in (list, str):
            about += f" ({self._bounds})"
        define(name, default, help=about, flag_values=values, **options)

    @property
    def _most(self):
        kind = type(self.default) if self.default is not None else self.type
        whole = int in (kind, self.type)
        return LARGEST if whole and self.most is None else self.most

    @property
    def _bounds(self):
        """What numbers of a list, or which number of a text, are allowed."""
        kind = "whole number" if self.type is int else "number"
        kind = f"a {kind}" if self.besides else f"{kind}s"
        least = self.least if self.least is not None else 0
        if self.above is None:
            bounds, end = f"{kind} from {least}", " to "
        else:
            bounds, end = f"{kind} above {self.above}", " and at most "
        most = self._most
        return bounds if most is None else f"{bounds}{end}{most}"

    def value(self, name: str, parsed: Any) -> Any:
        """Check what absl parsed, and convert a list's items; InputError."""
        if self.required and not parsed:
            raise InputError(f"--{name} must be given. Received: nothing")
        items = parsed if isinstance(parsed, list) else [parsed]
        if self.empty and not items:
            return parsed
        if isinstance(parsed, list) and self.type in (int, float):
            return self._numbers(name, parsed)
        if self.besides:
            if parsed in self.besides:
                return parsed
            return self._numbers(name, [parsed])[0]
        if self.above is not None and not parsed > self.above:
            raise InputError(
                f"--{name} must be above {self.above}. Received: {parsed}"
            )
        if isinstance(parsed, float) and not math.isfinite(parsed):
            raise InputError(f"--{name} must be finite. Received: {parsed}")
        if self.directory and parsed is not None:
            remote = "://" in parsed
            if not remote and not os.path.isdir(os.path.expanduser(parsed)):
                raise InputError(
                    f"--{name} must be a directory that exists. "
                    f"Received: {parsed}"
                )
        if self.ending and not self.choices and parsed is not None:
            existing_file(parsed, self.ending, f"--{name}")
        choices = self.choices
        if choices and parsed is not None:
            wrong = [
                item
                for item in items
                if item not in choices
                and not self._is_file(item)
                and not self._is_pair(item)
            ]
            if wrong or not items:
                hint = did_you_mean("".join(wrong[:1]), choices)
                joined = any("+" in item or "," in item for item in wrong)
                if joined and self.per_axis:
                    hint = (
                        " A plus joins two of "
                        f"{', '.join(self.per_axis)}: height and width."
                    )
                others = ""
                if self.ending is not None:
                    kind = f"{self.ending} file" if self.ending else "file"
                    others = f", or the path of a {kind}"
                    if any(item.endswith(self.ending) for item in wrong):
                        hint = hint or " There is no such file."
                raise InputError(
                    f"--{name} must be one of {', '.join(choices)}{others}. "
                    f"Received: {', '.join(wrong) or 'nothing'}"
                    f"{hint and f'.{hint}'}"
                )
        several = self.crossed or isinstance(parsed, list)
        if several and not any(str(item).strip() for item in items):
            raise InputError(
                f"--{name} must name at least one. Received: nothing"
            )
        return parsed

    def _is_file(self, item):
        return (
            self.ending is not None
            and item.endswith(self.ending)
            and os.path.isfile(os.path.expanduser(item))
        )

    def _is_pair(self, item):
        parts = item.split("+")
        different = set(parts)
        return (
            1 < len(parts) <= self.axes
            and len(different) > 1
            and different <= {*self.per_axis}
        )

    def _numbers(self, name, texts):
        least = self.least if self.least is not None else 0
        most = self._most if self._most is not None else sys.float_info.max
        try:
            numbers = [self.type(text) for text in texts]
        except ValueError:
            numbers = []
        if numbers and all(
            least <= number <= most
            and (self.above is None or number > self.above)
            for number in numbers
        ):
            return numbers
        further = " with commas between them"
        if self.besides:
            further = f", or {' or '.join(self.besides)}"
        raise InputError(
            f"--{name} must be {self._bounds}{further}. "
            f"Received: {','.join(texts) or 'nothing'}"
        )


class _Choice(flags.EnumParser):
    """One of some texts; an error names the nearest."""

    def parse(self, argument: str) -> str:
        try:
            return super().parse(argument)
        except ValueError as error:
            hint = did_you_mean(argument, self.enum_values)
            raise ValueError(f"{error}{hint and f'.{hint}'}") from None


class Settings:
    """What the flags of a run were given, as attributes.

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
        for name, flag in self._declared.items():
            flag.value(name, self._values[name].value)

    def config(self) -> dict[str, Any]:
        """The flags that decide results, as config.json holds them."""
        names = [
            name
            for name, flag in self._declared.items()
            if (flag.decides(self) if callable(flag.decides) else flag.decides)
        ]
        return resolved_flags(names, self._values)


# The common flags that decide results, in the order of config.json.
_DECIDE = ("seed", "data_dir", "mixed_precision", "max_images")


def resolved_flags(
    names: Iterable[str], values: flags.FlagValues | None = None
) -> dict[str, Any]:
    """Return the flags that decide a run's numbers, as written to config.json.

    To the binary's own `names` the common flags that decide numbers are
    added: `seed`, `data_dir` (as an absolute path), `mixed_precision` and
    `max_images`. Those that say where and how to compute are left out.

    Args:
        names: The binary's own flags, without dashes.
        values: Where they are; those of the binary that runs if not given.

    Returns:
        A dict from flag name to value, ready for JSON.
    """
    values = active_flags() if values is None else values
    config = {}
    for name in dict.fromkeys([*names, *_DECIDE]):
        value = values[name].value
        if name == "data_dir" and value is not None and "://" not in value:
            value = os.path.abspath(os.path.expanduser(value))
        config[name] = strict_json(value)
    return config


def flag_text(value: Any) -> str:
    """A value as a command line has it; a list becomes one with commas."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        texts = [flag_text(item) for item in value]
        return flags.CsvListSerializer(",").serialize(texts)
    return str(value)
