"""The work directory that a command line names."""

import sys
from collections.abc import Mapping
from typing import Any

from absl import flags

from keras_padpos.runs.shared_directory import SharedDirectory
from keras_padpos.runs.work_directory import WorkDirectory


def open_work_directory(
    experiment: str,
    config: Mapping[str, Any],
    spread: "OneDevice | None" = None,  # noqa: F821
) -> WorkDirectory:
    """Open what `--workdir` names, as `--resume` and `--overwrite` say.

    Example:
        >>> import tempfile
        >>> from keras_padpos.runs.flags import define_common_flags
        >>> define_common_flags()
        >>> _ = flags.FLAGS(["count", f"--workdir={tempfile.mkdtemp()}"])
        >>> open_work_directory("count", {"seed": 0}).finished
        False

    Args:
        experiment: Name of the experiment, such as `"position_probe"`.
        config: The flags that decide the results, as `resolved_flags` returns
            them.
        spread: What the run is spread over; with several processes only the
            first writes the directory.

    Returns:
        The work directory.

    Raises:
        UserError: See `WorkDirectory`.
    """
    options = {
        "resume": flags.FLAGS.resume,
        "overwrite": flags.FLAGS.overwrite,
    }
    path = flags.FLAGS.workdir
    if spread is None or spread.processes == 1:
        return WorkDirectory(path, experiment, config, **options)
    work = SharedDirectory(spread, path, experiment, config, **options)
    if work.agree_on_finished() and spread.process:
        print(f"{experiment}: process 0 has the results", file=sys.stderr)
        raise SystemExit(0)
    return work
