"""Where a run's numbers come from, as text."""

import json
from collections.abc import Mapping
from typing import Any

from keras_padpos.report.cells import config_text
from keras_padpos.report.cells import duration_text
from keras_padpos.report.cells import listed
from keras_padpos.report.read_runs import RunRecord

# What stands on a line of its own, or elsewhere.
_KNOWN = {
    "command",
    "start",
    "wall_seconds",
    "resumed_units",
    "commit",
    "seed",
    "machine",
    "devices",
    "backend",
    "versions",
    "skipped",
}


def provenance_items(run: RunRecord) -> list[tuple[str, str]]:
    """How a run was made, names and texts: what is known, the rest, flags."""
    about = run.provenance
    took = duration_text(about.get("wall_seconds"))
    if took and about.get("resumed_units"):
        took += (
            f" in its last session; {about['resumed_units']} units were done "
            "before"
        )
    start = start_text(about.get("start"))
    names = ["devices", "backend", "versions"]
    names += [name for name in about if name not in _KNOWN]
    items: dict[str, Any] = {
        "directory": run.path,
        "command": about.get("command"),
        "started": start and f"{start} UTC",
        "took": took,
        "commit": about.get("commit") or None,
        "seed": about.get("seed"),
        "machine": _machine(about.get("machine")),
        **{
            name.replace("_", " "): _text(about[name])
            for name in names
            if about.get(name) not in (None, {}, [])
        },
        "config": " ".join(
            f"--{name}={config_text(value)}"
            for name, value in run.config.items()
            if value is not None
        )
        or None,
    }
    return [
        (name, str(text)) for name, text in items.items() if text is not None
    ]


def start_text(start: Any) -> str | None:
    """A start without its seconds and zone, which is UTC."""
    return None if start is None else str(start)[:16].replace("T", " ")


def skipped_pictures(run: RunRecord) -> list[str]:
    """Which pictures a run left out: a line a set, up to three reasons."""
    skipped = run.provenance.get("skipped")
    if not isinstance(skipped, Mapping):
        return []
    lines = []
    for name, reasons in skipped.items():
        reasons = reasons if isinstance(reasons, list) else [reasons]
        if reasons:
            texts = listed(map(str, reasons), 3, "; ", "; {} more")
            lines.append(f"{name}: {len(reasons)} left out ({texts})")
    return lines


def _machine(machine):
    if not machine:
        return None
    if not isinstance(machine, Mapping):
        return str(machine)
    line, platform = machine.get("line", ""), machine.get("platform")
    return f"{line}; {platform}" if platform else str(line)


def _text(value):
    if isinstance(value, Mapping):
        return ", ".join(
            f"{name} {_item(item)}" for name, item in value.items()
        )
    if isinstance(value, list):
        return ", ".join(map(_item, value))
    return str(value)


def _item(value):
    if isinstance(value, (dict, list)):
        return json.dumps(value, ensure_ascii=False)
    return str(value)
