"""The flags of binaries that train networks."""

import dataclasses
from typing import Any

from absl import flags

from keras_padpos.errors import InputError

# The flags belong to the binary that asks for them, so that its --help lists
# them.
flags.disclaim_key_flags()

NO_FLAG = object()
"""Default of a flag that a binary does not have."""

_CALIBRATE = (
    "Take BatchNorm's statistics from training pictures again before the "
    "scores: the running ones lag behind weights that change fast."
)


@dataclasses.dataclass(frozen=True)
class TrainingFlags:
    """The flags that `define_training_flags` defined, and what they mean.

    Attributes:
        names: Their names, without dashes; for `resolved_flags`.
        values: Where they are.
    """

    names: tuple[str, ...]
    values: flags.FlagValues = dataclasses.field(
        default=flags.FLAGS, repr=False
    )

    @property
    def epochs(self) -> int:
        """Passes over the training pictures."""
        return self.values["epochs"].value

    @property
    def batch_size(self) -> int:
        """Pictures a training step."""
        return self.values["batch_size"].value

    @property
    def calibrates(self) -> bool:
        """Whether BatchNorm's statistics are taken from training pictures."""
        return self.values["calibrate_batch_norm"].value

    @property
    def seeds(self) -> range:
        """The seeds, from `--seed` on."""
        first = self.values["seed"].value
        return range(first, first + self.values["seeds"].value)

    def count(self, split: str) -> int | None:
        """How many pictures are asked for.

        Args:
            split: `"train"` or `"test"`.

        Returns:
            The flag of the split, or `--max_images` where that is less; `None`
            where neither is given.
        """
        return min(self._counts(split).values(), default=None)

    def count_flag(self, split: str) -> str | None:
        """The flag, with its value, that `count` is of; `None` as there.

        Args:
            split: `"train"` or `"test"`.
        """
        counts = self._counts(split)
        if not counts:
            return None
        name = min(counts, key=counts.get)
        return f"--{name}={counts[name]}"

    def steps(self, pictures: int) -> int:
        """Steps of a training.

        Args:
            pictures: How many there are to train on.
        """
        steps = pictures // self.batch_size * self.epochs
        return min(steps, self._given("max_steps") or steps)

    def options(self) -> dict[str, Any]:
        """What functions take that train, such as `tasks.train_classifier`."""
        names = (
            "epochs",
            "batch_size",
            "max_steps",
            "learning_rate",
            "log_steps",
        )
        return {
            name: self.values[name].value
            for name in names
            if name in self.names
        }

    def check(
        self,
        pictures: int,
        spread: "OneDevice",  # noqa: F821
        flag: str,
    ) -> None:
        """Refuse batches that there are too few pictures or devices for.

        Args:
            pictures: How many there are to train on.
            spread: What to train on.
            flag: The flag that names the pictures, with its value:
                `"--dataset=cifar10"`.

        Raises:
            InputError: If there is not one batch, or batches cannot be divided
                among the devices.
        """
        batch = f"--batch_size={self.batch_size}"
        if pictures < self.batch_size:
            count = self.count("train")
            if count is not None and count <= pictures:
                name, _, value = self.count_flag("train").partition("=")
                raise InputError(
                    f"{name} must be at least {batch}. Received: {value}"
                )
            raise InputError(
                f"{batch} must be at most the number of pictures to train on. "
                f"Received: {flag}, which has {pictures}"
            )
        if self.batch_size % spread.devices:
            raise InputError(
                f"--batch_size must be a multiple of the {spread.devices} "
                f"devices. Received: {self.batch_size}"
            )

    def _counts(self, split):
        counts = {
            name: self._given(name)
            for name in (f"{split}_images", "max_images")
        }
        return {name: count for name, count in counts.items() if count}

    def _given(self, name):
        return self.values[name].value if name in self.values else None


def define_training_flags(
    *,
    batch_size: int,
    epochs: int,
    seeds_of: str,
    seeds: int = 1,
    train_images: int | None = None,
    test_images: int | None = None,
    train_note: str = "",
    test_note: str = "",
    learning_rate: Any = NO_FLAG,
    rate_note: str = "along half a cosine",
    max_steps: bool = True,
    log_steps: int | None = 50,
    calibrates: bool | str = True,
    flag_values: flags.FlagValues = flags.FLAGS,
) -> TrainingFlags:
    """Define the flags of a binary that trains networks.

    They are `--epochs`, `--max_steps`, `--batch_size`, `--learning_rate`,
    `--log_steps`, `--train_images`, `--test_images`, `--seeds` and
    `--calibrate_batch_norm`. A binary calls this once, where it defines its
    own, besides `define_common_flags`.

    Example:

    >>> training = define_training_flags(
    ...     batch_size=48, epochs=3, seeds_of="first weights",
    ...     flag_values=flags.FlagValues(),
    ... )
    >>> _ = training.values(["binary", "--train_images=100", "--max_steps=5"])
    >>> training.count("train"), training.steps(100)
    (100, 5)

    Args:
        batch_size: Default of `--batch_size`.
        epochs: Default of `--epochs`.
        seeds_of: What is drawn from the seeds, in words.
        seeds: Default of `--seeds`.
        train_images: Default of `--train_images`; `None`: all.
        test_images: Default of `--test_images`; `None`: all.
        train_note: What is to be said of `--train_images`, besides.
        test_note: What is to be said of `--test_images`, besides.
        learning_rate: Default of `--learning_rate`. Without it there is no
            such flag.
        rate_note: How the rate falls, in words.
        max_steps: Whether there is a `--max_steps`.
        log_steps: Default of `--log_steps`; `None`: there is no such flag.
        calibrates: Whether there is a `--calibrate_batch_norm`; or what its
            help says.
        flag_values: Where to define them.

    Returns:
        The flags.
    """
    before = set(flag_values)
    options = {"flag_values": flag_values}
    above = {"lower_bound": 1, **options}
    flags.DEFINE_integer(
        "epochs", epochs, "Passes over the training pictures.", **above
    )
    if max_steps:
        flags.DEFINE_integer(
            "max_steps",
            None,
            "Stop training after so many steps, whatever --epochs says.",
            **above,
        )
    flags.DEFINE_integer(
        "batch_size", batch_size, "Pictures a training step.", **above
    )
    if learning_rate is not NO_FLAG:
        flags.DEFINE_float(
            "learning_rate",
            learning_rate,
            f"Adam's rate at the first step; it falls to 0 {rate_note}.",
            lower_bound=0,
            **options,
        )
    for verb, count, note in (
        ("train", train_images, train_note),
        ("test", test_images, test_note),
    ):
        all_of_them = "" if count else " If not given: all."
        flags.DEFINE_integer(
            f"{verb}_images",
            count,
            f"Pictures to {verb} on, the first{note}.{all_of_them}",
            **above,
        )
    if calibrates:
        flags.DEFINE_boolean(
            "calibrate_batch_norm",
            True,
            _CALIBRATE if calibrates is True else calibrates,
            **options,
        )
    if log_steps is not None:
        flags.DEFINE_integer(
            "log_steps",
            log_steps,
            "Steps between two points of a curve.",
            **above,
        )
    flags.DEFINE_integer(
        "seeds",
        seeds,
        f"Number of seeds, from --seed on, of {seeds_of}.",
        **above,
    )
    return TrainingFlags(
        tuple(name for name in flag_values if name not in before), flag_values
    )
