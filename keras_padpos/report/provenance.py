"""Where a run's numbers come from, as text."""

import json
from collections.abc import Mapping
from typing import Any

from keras_padpos.report.cells import config_text
from keras_padpos.report.cells import duration_text
from keras_padpos.report.read_runs import RunRecord


def provenance_items(run: RunRecord) -> list[tuple[str, str]]:
    """How a run was made, names and texts: what is known, the rest, flags."""
    rest = {**run.provenance, "skipped": None}
    took = duration_text(rest.pop("wall_seconds", None))
    if (resumed := rest.pop("resumed_units", None)) and took:
        took += f" in its last session; {resumed} units were done before"
    start = start_text(rest.pop("start", None))
    flags = (
        f"--{name}={config_text(value)}"
        for name, value in run.config.items()
        if value is not None
    )
    items: dict[str, Any] = {
        "directory": run.path,
        "command": rest.pop("command", None),
        "started": start and f"{start} UTC",
        "took": took,
        "commit": rest.pop("commit", None) or None,
        "seed": rest.pop("seed", None),
        "machine": _machine(rest.pop("machine", None)),
        **{
            name.replace("_", " "): _text(rest[name])
            for name in dict.fromkeys(["devices", "backend", "versions", *rest])
            if rest.get(name) not in (None, {}, [])
        },
        "config": " ".join(flags) or None,
    }
    return [
        (name, str(text)) for name, text in items.items() if text is not None
    ]


def start_text(start: Any) -> str | None:
    """A start without its seconds and zone, which is UTC."""
    return None if start is None else str(start)[:16].replace("T", " ")


def _machine(machine):
    if not machine:
        return None
    if not isinstance(machine, Mapping):
        return str(machine)
    line, platform = machine.get("line", ""), machine.get("platform")
    return f"{line}; {platform}" if platform else str(line)


def _text(value):
    if isinstance(value, Mapping):
        texts = (f"{name} {_item(item)}" for name, item in value.items())
        return ", ".join(texts)
    return ", ".join(map(_item, value)) if isinstance(value, list) else value


def _item(value):
    if isinstance(value, (dict, list)):
        return json.dumps(value, ensure_ascii=False)
    return str(value)
