"""What TensorBoard shows of a run."""

import contextlib
import io
import itertools
import os
import socket
import sys
import time
import warnings
import weakref
from collections.abc import Callable
from collections.abc import Iterable
from collections.abc import Iterator
from collections.abc import Mapping
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from keras_padpos.errors import error_words
from keras_padpos.report.run_files import ARRAYS_FILE
from keras_padpos.report.run_files import EVENTS_SUFFIX
from keras_padpos.report.run_files import FIGURES
from keras_padpos.report.run_files import event_files


def _scalars_summary(values: Mapping[str, float]) -> Any:
    """TensorBoard's message with a point for each curve."""
    from tensorboard.compat.proto import summary_pb2
    from tensorboard.plugins.scalar.summary_v2 import scalar_pb

    summary = summary_pb2.Summary()
    for tag, value in values.items():
        summary.MergeFrom(scalar_pb(tag, value))
    return summary


def _image_summary(tag: str, png: bytes) -> Any:
    """TensorBoard's message with a PNG file."""
    from PIL import Image
    from tensorboard.compat.proto import summary_pb2
    from tensorboard.plugins.image import metadata
    from tensorboard.util import tensor_util

    with Image.open(io.BytesIO(png)) as image:
        sizes = [str(size).encode() for size in image.size]
    summary = summary_pb2.Summary()
    summary.value.add(
        tag=tag,
        tensor=tensor_util.make_tensor_proto([*sizes, png]),
        metadata=metadata.create_summary_metadata("", ""),
    )
    return summary


def _map_png(
    picture: np.ndarray, low: float | None = None, high: float | None = None
) -> bytes:
    """A map in colours, a pixel for each cell, as a PNG file."""
    from matplotlib.image import imsave

    file = io.BytesIO()
    imsave(file, picture, vmin=low, vmax=high, cmap="viridis", format="png")
    return file.getvalue()


def _session_start_summary(flags: Mapping[str, Any]) -> Any:
    """TensorBoard's message with the flags of a run that begins."""
    from tensorboard.plugins.hparams.summary_v2 import hparams_pb

    return hparams_pb(
        {
            name: _plain(value)
            for name, value in flags.items()
            if value is not None
        }
    )


def _session_end_summary() -> Any:
    """TensorBoard's message that a run has ended well."""
    from tensorboard.compat.proto import summary_pb2
    from tensorboard.plugins.hparams import api_pb2
    from tensorboard.plugins.hparams import metadata
    from tensorboard.plugins.hparams import plugin_data_pb2

    data = plugin_data_pb2.HParamsPluginData(
        session_end_info=plugin_data_pb2.SessionEndInfo(
            status=api_pb2.STATUS_SUCCESS, end_time_secs=time.time()
        )
    )
    summary = summary_pb2.Summary()
    summary.value.add(
        tag=metadata.SESSION_END_INFO_TAG,
        metadata=metadata.create_summary_metadata(data),
        tensor=metadata.NULL_TENSOR,
    )
    return summary


def _plain(value: Any) -> Any:
    if isinstance(value, list):
        return ",".join(map(str, value))
    return str(value) if isinstance(value, dict) else value


_STEPS = ("step", "epoch")


def scalar_points(
    unit: str | None, metrics: Mapping[str, Any]
) -> tuple[int | None, dict[str, float]]:
    """Say where the numbers of a line belong."""
    step, axis = None, None
    for name in _STEPS:
        value = metrics.get(name)
        if _is_number(value) and value == int(value):
            step, axis = int(value), name
            break
    words = [unit] if unit else []
    words += [value for value in metrics.values() if isinstance(value, str)]
    return step, {
        "/".join([*words, name]): float(value)
        for name, value in _numbers(metrics)
        if name != axis
    }


def _is_number(value: Any) -> bool:
    """Whether a value is one of JSON's numbers."""
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _numbers(value: Any, name: str = "") -> Iterator[tuple[str, float]]:
    if _is_number(value):
        yield name, value
        return
    items = ()
    if isinstance(value, Mapping):
        items = value.items()
    elif isinstance(value, list):
        items = enumerate(value)
    for key, item in items:
        yield from _numbers(item, f"{name}/{key}" if name else str(key))


# Where a row's arrays are, and when it was measured, name nothing.
_NO_NAMES = ("arrays", "reference", "step")


def result_points(
    rows: Sequence[Mapping[str, Any]],
) -> list[tuple[int, dict[str, float]]]:
    """Say where the numbers of rows belong."""
    names = _names(rows)
    points = []
    for row, name in zip(rows, names, strict=True):
        step = row.get("step")
        values = {
            "/".join(filter(None, ["results", key, name])): value
            for key, value in row.items()
            if isinstance(value, float)
        }
        points.append((step if isinstance(step, int) else 0, values))
    return points


def _names(rows):
    """What each row is, in no more words than it takes."""
    fields = list(dict.fromkeys(key for row in rows for key in row))
    fields = [
        *(key for key in fields if _is_named_by(str, rows, key)),
        *(key for key in fields if _is_named_by(int, rows, key)),
    ]
    steps = [row.get("step") for row in rows]
    names = [()] * len(rows)
    wanted = len(rows)
    for field in fields:
        apart = len(set(zip(names, steps, strict=True)))
        if apart == wanted:
            break
        longer = [
            (*name, f"{field}={row.get(field)}")
            for name, row in zip(names, rows, strict=True)
        ]
        if len(set(zip(longer, steps, strict=True))) > apart:
            names = longer
    if len(set(zip(names, steps, strict=True))) < wanted:
        names = [
            (*name, f"row={number}") for number, name in enumerate(names, 1)
        ]
    return [",".join(name) for name in names]


def _is_named_by(kind, rows, key):
    values = [row[key] for row in rows if row.get(key) is not None]
    if key in _NO_NAMES or not values:
        return False
    if kind is int:
        return all(
            _is_number(each) and isinstance(each, int) for each in values
        )
    return all(isinstance(each, str) for each in values)


# From arrays that are drawn to those that give their range of colours.
_MAPS = {"median_map": "target", "pattern": None}

_NUMBERS = itertools.count()
_told: set[str] = set()


class EventLog:
    """Writes `events.*`, from which TensorBoard draws a run.

    * Scalars: the numbers of metrics.jsonl, see `scalar_points`, and at the
      end those of the rows, see `result_points`.
    * Images: the figures, and the rows' maps.
    * Hyperparameters: the run's flags.

    The file says nothing that others do not say. So it is never gone on with:
    whoever opens a run again removes it and writes what is kept into a new
    one.

    It takes the package tensorboard, not TensorFlow. Without the package, and
    where the file cannot be written, the run goes on without, and one line
    says so.

    Example:
        >>> import tempfile
        >>> folder = tempfile.mkdtemp()
        >>> events = EventLog(folder, {"seed": 0})
        >>> events.log("vgg16", {"epoch": 1, "loss": 0.5})
        >>> [file.name[:20] for file in Path(folder).iterdir()]
        ['events.out.tfevents.']
        >>> events.close()

    Args:
        path: The work directory.
        flags: The flags that decide the results.
    """

    def __init__(self, path: str | os.PathLike, flags: Mapping[str, Any]):
        self.path = Path(path)
        self._flags = flags
        self._given_up = False
        self._stream = None
        self._counts: dict[str, int] = {}

    def restart(self, lines: Iterable[Mapping[str, Any]]) -> None:
        """Write anew what is kept of a run."""
        self.close()
        for file in event_files(self.path):
            file.unlink()
        self._counts = {}
        for line in lines:
            metrics = {**line}
            self.log(metrics.pop("unit", None), metrics)

    def log(self, unit: str | None, metrics: Mapping[str, Any]) -> None:
        """Write the numbers of one line of metrics.jsonl."""
        self._attempt(self._log, unit, metrics)

    def finish(self, rows: Sequence[Any]) -> None:
        """Write what the run found: numbers of its rows, figures, maps."""
        self._attempt(self._finish, rows)
        self.close()

    def close(self) -> None:
        """Close the file; the next word begins a new one."""
        if self._stream is not None:
            self._close()
            self._stream = None

    def _log(self, unit: str | None, metrics: Mapping[str, Any]) -> None:
        step, values = scalar_points(unit, metrics)
        if step is not None:
            self._scalars(step, values)
            return
        for name, value in values.items():
            count = self._counts.get(name, 0)
            self._counts[name] = count + 1
            self._scalars(count, {name: value})

    def _finish(self, rows: Sequence[Any]) -> None:
        rows = [row for row in rows if isinstance(row, Mapping)]
        for step, values in result_points(rows):
            self._scalars(step, values)
        for file in sorted((self.path / FIGURES).glob("*.png")):
            self._image(0, f"{FIGURES}/{file.stem}", file.read_bytes())
        for step, name, png in self._maps(rows):
            self._image(step, f"maps/{name}", png)
        self._append(summary=_session_end_summary())

    def _scalars(self, step: int, values: Mapping[str, float]) -> None:
        if values:
            self._append(step, summary=_scalars_summary(values))

    def _image(self, step: int, tag: str, png: bytes) -> None:
        from PIL import UnidentifiedImageError

        # Somebody else's file, say.
        with contextlib.suppress(UnidentifiedImageError):
            self._append(step, summary=_image_summary(tag, png))

    def _maps(self, rows: Sequence[Any]) -> Iterator[tuple[int, str, bytes]]:
        """Steps, names and pictures of maps."""
        file = self.path / ARRAYS_FILE
        # Some rows share their arrays.
        keys = {row["arrays"]: row for row in rows if row.get("arrays")}
        if not keys or not file.exists():
            return
        with np.load(file, allow_pickle=False) as arrays:
            names = set(arrays.files)
            for key, kind in itertools.product(keys, _MAPS):
                if f"{key}/{kind}" not in names:
                    continue
                picture = arrays[f"{key}/{kind}"]
                scale = f"{key}/{_MAPS[kind]}"
                limits = arrays[scale] if scale in names else picture
                step = keys[key].get("step")
                # A map that is taken at several steps has one name.
                shown = key.replace(f"/step{step}/", "/")
                if picture.ndim == 2:
                    yield (
                        step if isinstance(step, int) else 0,
                        f"{shown}/{kind}",
                        _map_png(picture, limits.min(), limits.max()),
                    )

    def _append(self, step: int = 0, **what: Any) -> None:
        if self._stream is None:
            self._begin()
        self._write(step, **what)

    def _begin(self) -> None:
        from tensorboard.compat.proto import event_pb2

        name = f"events.out.tfevents.{int(time.time()):010d}."
        name += f"{socket.gethostname()}.{os.getpid()}.{next(_NUMBERS)}"
        # Nothing is held back: what was logged is there when a run is killed.
        stream = open(self.path / f"{name}{EVENTS_SUFFIX}", "xb", buffering=0)
        self._close = weakref.finalize(self, stream.close)
        self._stream = stream
        self._write(0, file_version="brain.Event:2")
        # Makes a TensorBoard that is open forget what it saw of this run.
        start = event_pb2.SessionLog(status=event_pb2.SessionLog.START)
        self._write(0, session_log=start)
        self._write(0, summary=_session_start_summary(self._flags))

    def _write(self, step: int, **what: Any) -> None:
        from tensorboard.compat.proto import event_pb2
        from tensorboard.summary.writer.record_writer import RecordWriter

        event = event_pb2.Event(wall_time=time.time(), step=step, **what)
        record = io.BytesIO()
        RecordWriter(record).write(event.SerializeToString())
        start = self._stream.tell()
        rest = record.getbuffer()
        try:
            # What is not buffered may be written in part.
            while rest:
                rest = rest[self._stream.write(rest) :]
        except OSError:
            # Nobody reads on behind half a record.
            self._stream.truncate(start)
            raise

    def _attempt(self, write: Callable[..., None], *arguments: Any) -> None:
        """Give up rather than stop the run: its results are worth more."""
        if self._given_up:
            return
        try:
            write(*arguments)
        except ModuleNotFoundError as error:
            self._given_up = True
            _tell_once(
                f"No events for TensorBoard are written ({error}): they take "
                "pip install tensorboard"
            )
        except Exception as error:
            self._given_up = True
            warnings.warn(
                f"{str(self.path)!r}: from here on no events for TensorBoard "
                f"are written ({error_words(error)}); all else is.",
                stacklevel=4,
            )


def _tell_once(words: str) -> None:
    if words not in _told:
        _told.add(words)
        print(words, file=sys.stderr, flush=True)
