"""A program as data: its flags, its arguments and what it does."""

import dataclasses
import sys
from collections.abc import Callable
from collections.abc import Mapping
from collections.abc import Sequence
from typing import Any
from typing import NoReturn

from absl.flags import FlagValues

from keras_padpos.runs.application import run
from keras_padpos.runs.flags import Flag
from keras_padpos.runs.flags import Settings


@dataclasses.dataclass(frozen=True, kw_only=True)
class Program:
    """What a command does; `run` is the command.

    Its flags are in a registry of their own, so that several programs can run
    in one process, one after the other.

    Example:
        >>> program = Program(
        ...     name="repeat",
        ...     about="Print a word.",
        ...     flags={"times": Flag(2, "How often.")},
        ...     arguments=["WORD"],
        ...     main=lambda settings, word: print(*[word] * settings.times),
        ...     needs_keras=False,
        ... )
        >>> try:
        ...     program.run(["repeat", "pad", "--times=3"])
        ... except SystemExit:
        ...     pass
        pad pad pad

    Args:
        name: Of the command.
        about: What `--help` says first; the first line says it in short.
        flags: Its flags by name.
        main: Called with the flags' settings and the arguments; what it
            returns is the exit status, 0 for `None`.
        arguments: Names of the arguments that are no flags, as of `runs.run`.
        needs_keras: Whether to import Keras before `main`.
        check: Called as `main` is, before Keras is imported, to refuse at
            once what can be told without it. The flags are checked already.
    """

    name: str
    about: str
    flags: Mapping[str, Flag]
    main: Callable[..., Any]
    arguments: Sequence[str] = ()
    needs_keras: bool = True
    check: Callable[..., None] | None = None

    def define(self, values: FlagValues) -> None:
        """Define all flags in `values`."""
        for name, flag in self.flags.items():
            flag.define(name, values)

    def run(self, argv: Sequence[str] | None = None) -> NoReturn:
        """Run the command, and end with its exit status.

        Args:
            argv: The command line; `sys.argv` if not given.
        """
        values = FlagValues()
        self.define(values)
        argv = list(sys.argv if argv is None else argv)
        settings = Settings(self.flags, values)
        usage = " ".join([self.name, *self.arguments, "[--flags]"])

        def check(rest: Sequence[str]) -> None:
            settings.check()
            if self.check is not None:
                self.check(settings, *rest[1:])

        run(
            lambda rest: self.main(settings, *rest[1:]),
            [self.name, *argv[1:]],
            needs_keras=self.needs_keras,
            arguments=self.arguments,
            values=values,
            usage=f"{self.about.strip()}\n\nUsage: {usage}",
            check=check,
        )
