"""The work directory that a command line names."""

from collections.abc import Mapping
from typing import Any

from absl import flags

from keras_padpos.runs.work_directory import WorkDirectory


def open_work_directory(
    experiment: str, config: Mapping[str, Any]
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

    Returns:
        The work directory.

    Raises:
        UserError: See `WorkDirectory`.
    """
    return WorkDirectory(
        flags.FLAGS.workdir,
        experiment,
        config,
        resume=flags.FLAGS.resume,
        overwrite=flags.FLAGS.overwrite,
    )
