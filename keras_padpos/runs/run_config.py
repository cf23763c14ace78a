"""Which run a directory belongs to."""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

CONFIG_FILE = "config.json"
"""Name of the file that says so: experiment and flags."""


def read_config(path: str | os.PathLike) -> tuple[str, dict[str, Any]]:
    """Read the config.json of a directory.

    Args:
        path: The directory.

    Returns:
        The name of the experiment, and the flags.

    Raises:
        ValueError: If this package did not write it.
        OSError: If it is not there or cannot be read.
    """
    file = Path(path) / CONFIG_FILE
    text = file.read_text(encoding="utf-8", errors="replace")
    try:
        there = json.loads(text)
        experiment, config = there["experiment"], dict(there["config"])
        if not isinstance(experiment, str):
            raise ValueError("`experiment` is no name")
    except (ValueError, KeyError, TypeError):
        raise ValueError(
            f"`workdir` {str(path)!r} holds a {CONFIG_FILE} that this package "
            "did not write"
        ) from None
    return experiment, config


def config_differences(
    there: Mapping[str, Any], now: Mapping[str, Any]
) -> list[str]:
    """Say in which flags two configs differ.

    Example:
        >>> config_differences({"a": 1, "b": 2}, {"a": True, "b": 2})
        ['--a is 1 there and true now']

    Args:
        there: Flags of the run that the directory belongs to.
        now: Flags of this run.

    Returns:
        A few words for each flag that differs, in the flags' order.
    """
    return [
        f"--{name} is {_shown(there, name)} there and {_shown(now, name)} now"
        for name in dict.fromkeys([*there, *now])
        if _shown(there, name) != _shown(now, name)
    ]


def _shown(config: Mapping[str, Any], name: str) -> str:
    if name not in config:
        return "not set"
    return json.dumps(config[name], allow_nan=False, ensure_ascii=False)
