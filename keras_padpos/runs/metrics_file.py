"""The lines of metrics.jsonl."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from keras_padpos.runs.atomic_file import atomic_file


def keep_lines(
    file: Path, wanted: Callable[[str], bool]
) -> list[dict[str, Any]]:
    r"""Keep the lines of wanted units; drop all others, and torn ones.

    Example:
        >>> import tempfile
        >>> file = Path(tempfile.mkdtemp(), "metrics.jsonl")
        >>> _ = file.write_text('{"unit": "a"}\n{"unit": "b"}\n{"uni')
        >>> keep_lines(file, lambda unit: unit == "b")
        [{'unit': 'b'}]
        >>> file.read_text()
        '{"unit": "b"}\n'

    Args:
        file: The file; it need not be there.
        wanted: Tells by its key whether a unit's lines are kept. Lines of no
            unit are not.

    Returns:
        The lines that are kept.

    Raises:
        OSError: If the file cannot be read or written.
    """
    if not file.exists():
        return []
    kept, found = [], []
    lines = file.read_bytes().splitlines(keepends=True)
    for line in lines:
        try:
            metrics = json.loads(line)
            unit = metrics["unit"]
        except (ValueError, KeyError, TypeError):
            continue
        if unit is not None and wanted(unit) and line.endswith(b"\n"):
            kept.append(line)
            found.append(metrics)
    if kept != lines:
        with atomic_file(file) as stream:
            stream.writelines(kept)
    return found
