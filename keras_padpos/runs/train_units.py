"""The networks of a run, one after the other."""

from collections.abc import Callable
from collections.abc import Mapping
from collections.abc import Sequence
from typing import Any
from typing import TypeVar

import numpy as np
from absl import flags

from keras_padpos.runs.progress import Progress
from keras_padpos.runs.training_unit import TrainingUnit
from keras_padpos.runs.work_directory import WorkDirectory

_Plan = TypeVar("_Plan")
_Found = tuple[Sequence[Any], Mapping[str, Any]]


def train_units(
    work: WorkDirectory,
    plans: Sequence[tuple[str, _Plan]],
    compute: Callable[[_Plan, TrainingUnit], _Found],
    *,
    total: Callable[[_Plan], int | None],
    noun: str = "pictures",
    per_step: int = 1,
) -> tuple[list[Any], dict[str, np.ndarray]]:
    """Train and score networks, but for those that were finished before.

    A run that is killed goes on where it was: `--checkpoint_seconds` of a
    training are lost at most, and a network that is being scored is not
    trained again.

    Example:

    >>> import tempfile
    >>> from keras_padpos.runs.flags import define_common_flags
    >>> define_common_flags(spreads=True)
    >>> _ = flags.FLAGS(["count"])
    >>> work = WorkDirectory(tempfile.mkdtemp(), "count", {})
    >>> rows, arrays = train_units(
    ...     work, [("one", 1), ("two", 2)],
    ...     lambda plan, unit: ([{"n": plan}], {"curve": [plan] * plan}),
    ...     total=lambda plan: None,
    ... )
    >>> rows, list(arrays)
    ([{'n': 1}, {'n': 2}], ['one/curve', 'two/curve'])

    Args:
        work: The run's directory.
        plans: What each network is called, all different, and what `compute`
            gets. The first need not be a network.
        compute: From a plan and its unit to rows and arrays; see
            `TrainingUnit.trained`. Not called for what was finished before.
        total: From a plan to what there is to do, training and scoring, in
            `noun`; `None` if unknown. Not called for what was finished before.
        noun: What progress counts, in the plural.
        per_step: How many of these a training step is.

    Returns:
        All rows, and all arrays under `LABEL/NAME`.

    Raises:
        ValueError: If two are called the same.
    """
    labels = [label for label, _ in plans]
    if len(set(labels)) < len(labels):
        raise ValueError(
            f"`plans` must be called differently. Received: {labels}"
        )
    seconds = flags.FLAGS.checkpoint_seconds
    rows, arrays = [], {}
    with Progress(units=len(plans)) as progress:
        for label, plan in plans:
            found = work.checkpoint(label)
            if found:
                progress.done_before(label)
            else:
                with progress.unit(label, total(plan), noun) as advance:
                    unit = TrainingUnit(work, label, seconds, advance, per_step)
                    found = work.save_checkpoint(label, *compute(plan, unit))
            # Also left over if it was killed between these two steps.
            TrainingUnit(work, label).remove()
            rows += found[0]
            arrays |= {
                f"{label}/{name}": each for name, each in found[1].items()
            }
    return rows, arrays
