"""One run of a sweep."""

import dataclasses
import hashlib
import re
from collections.abc import Mapping
from typing import Any

from keras_padpos.runs.flag_text import flag_text


@dataclasses.dataclass(frozen=True)
class SweepRun:
    """A binary and the flags that it is to have, `--workdir` left out.

    Example:
        >>> run = SweepRun("experiments.count", {"seed": 1}, varied=("seed",))
        >>> run.name
        'count-seed=1-d8e1f2c80f'
        >>> run.command("runs/one")[1:]
        ['-m', 'experiments.count', '--seed=1', '--workdir=runs/one']

    Args:
        experiment: The binary's module, with its package.
        flags: From flag name to value: text, number, boolean, or a list of
            these.
        varied: Names of the flags that tell the run from its neighbours.
        place: Where it stands in the file that asks for it, for messages.
    """

    experiment: str
    flags: Mapping[str, Any]
    varied: tuple[str, ...] = ()
    place: str = ""

    @property
    def digest(self) -> str:
        """Ten hexadecimal digits that stand for experiment and flags.

        Neither the order of the flags nor `varied` changes them.
        """
        words = "\n".join([self.experiment, *sorted(self.flag_words())])
        return hashlib.sha256(words.encode()).hexdigest()[:10]

    @property
    def label(self) -> str:
        """The experiment and what varies, in words."""
        words = [
            f"{name}={flag_text(self.flags[name])}" for name in self.varied
        ]
        return " ".join([self.experiment.rpartition(".")[2], *words])

    @property
    def name(self) -> str:
        """Name of the work directory: the label and the digest."""
        readable = re.sub(r"[^\w.=+-]+", "-", self.label, flags=re.ASCII)
        return f"{readable[:120]}-{self.digest}"

    def flag_words(self) -> list[str]:
        """The flags as a command line has them."""
        return [f"--{name}={flag_text(v)}" for name, v in self.flags.items()]

    def command(self, workdir: str, python: str = "python") -> list[str]:
        """The command line of the run.

        Args:
            workdir: Its work directory.
            python: The interpreter.

        Returns:
            The words of the command.
        """
        words = [*self.flag_words(), f"--workdir={workdir}"]
        return [python, "-m", self.experiment, *words]
