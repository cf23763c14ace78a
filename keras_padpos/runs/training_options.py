"""The flags of runs that train networks."""

import dataclasses
from collections.abc import Collection
from collections.abc import Mapping
from collections.abc import Sequence
from typing import TYPE_CHECKING
from typing import Any

from keras_padpos.errors import InputError
from keras_padpos.runs.flags import MOST_AT_ONCE
from keras_padpos.runs.flags import MOST_SEEDS
from keras_padpos.runs.flags import Flag
from keras_padpos.runs.flags import Settings

if TYPE_CHECKING:
    from keras_padpos.training import OneDevice

_OPTIONS = ("epochs", "batch_size", "max_steps", "learning_rate", "log_steps")
_CALIBRATE = (
    "Take BatchNorm's statistics from training pictures again before the "
    "scores: the running ones lag behind weights that change fast."
)


def training_flags(
    *,
    seeds_of: str,
    without: Collection[str] = (),
    train_note: str = "",
    test_note: str = "",
    rate_note: str = "along half a cosine",
    calibrates: str = _CALIBRATE,
    **defaults: Any,
) -> dict[str, Flag]:
    """Declare the flags of a study that trains networks.

    Example:

    >>> training_flags(epochs=3, seeds_of="weights")["epochs"].default
    3

    Args:
        seeds_of: What is drawn from the seeds.
        without: Names of flags that the study does not have.
        train_note: What else the help of `--train_images` says.
        test_note: What else the help of `--test_images` says.
        rate_note: How the rate falls.
        calibrates: The help of `--calibrate_batch_norm`.
        defaults: Defaults of flags by name; `None` for `train_images` and
            `test_images`: all.

    Returns:
        Flags by name, without dashes.
    """
    declared = {
        "epochs": Flag(1, "Passes over the training pictures.", least=1),
        "max_steps": Flag(
            None,
            "Stop training after so many steps, whatever --epochs says.",
            type=int,
            least=1,
        ),
        "batch_size": Flag(
            1, "Pictures a training step.", least=1, most=MOST_AT_ONCE
        ),
        "learning_rate": Flag(
            None,
            f"Adam's rate at the first step; it falls to 0 {rate_note}.",
            type=float,
            least=0,
        ),
        **{
            f"{verb}_images": Flag(
                None,
                f"Pictures to {verb} on, the first{note}."
                + " If not given: all." * (f"{verb}_images" not in defaults),
                type=int,
                least=1,
            )
            for verb, note in (("train", train_note), ("test", test_note))
        },
        "calibrate_batch_norm": Flag(True, calibrates),
        "log_steps": Flag(50, "Steps between two points of a curve.", least=1),
        "seeds": Flag(
            1,
            f"Number of seeds, from --seed on, of {seeds_of}.",
            least=1,
            most=MOST_SEEDS,
        ),
    }
    return {
        name: dataclasses.replace(
            flag, default=defaults.get(name, flag.default)
        )
        for name, flag in declared.items()
        if name not in without
    }


class Training:
    """What the flags of `training_flags` ask for.

    Args:
        settings: The run's flags, the common ones among them.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    @property
    def seeds(self) -> range:
        """The seeds, from `--seed` on."""
        first = self._settings.seed
        return range(first, first + self._settings.seeds)

    def seeded(self, plans: Sequence[Mapping]) -> list[dict[str, Any]]:
        """The plans with each seed: a run that is stopped has some of all."""
        return [{**plan, "seed": seed} for seed in self.seeds for plan in plans]

    def count(self, split: str) -> int | None:
        """How many pictures to use of `"train"` or `"test"`; `None`: all."""
        return min(self._counts(split).values(), default=None)

    def count_flag(self, split: str) -> str | None:
        """The flag, with its value, that `count` is of; `None` as there."""
        counts = self._counts(split)
        if not counts:
            return None
        return self._settings.text(min(counts, key=counts.__getitem__))

    def steps(self, pictures: int) -> int:
        """Steps of a training on so many pictures."""
        steps = pictures // self._settings.batch_size * self._settings.epochs
        return min(steps, self._given("max_steps") or steps)

    def options(self) -> dict[str, Any]:
        """Arguments of functions that train, such as `train_classifier`."""
        return {
            name: getattr(self._settings, name)
            for name in _OPTIONS
            if name in self._settings
        }

    def check(self, pictures: int, devices: "OneDevice", flag: str) -> None:
        """Refuse batches that there are too few pictures or devices for.

        `flag` names the pictures, with its value: `"--dataset=cifar10"`.
        """
        size = self._settings.batch_size
        batch = f"--batch_size={size}"
        if pictures < size:
            count = self.count("train")
            if count is not None and count <= pictures:
                name, _, value = str(self.count_flag("train")).partition("=")
                raise InputError(
                    f"{name} must be at least {batch}. Received: {value}"
                )
            raise InputError(
                f"{batch} must be at most the number of pictures to train on. "
                f"Received: {flag}, which has {pictures}"
            )
        if size % devices.devices:
            raise InputError(
                f"--batch_size must be a multiple of the {devices.devices} "
                f"devices. Received: {size}"
            )

    def _counts(self, split):
        counts = {
            name: self._given(name)
            for name in (f"{split}_images", "max_images")
        }
        return {name: count for name, count in counts.items() if count}

    def _given(self, name):
        return getattr(self._settings, name) if name in self._settings else None
