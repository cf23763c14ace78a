"""What TensorBoard shows of a run."""

import contextlib
import functools
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

from keras_padpos.errors import error_text
from keras_padpos.errors import extra_hint
from keras_padpos.errors import printable
from keras_padpos.files.disk import open_arrays
from keras_padpos.report.cells import is_number
from keras_padpos.report.run_files import ARRAYS_FILE
from keras_padpos.report.run_files import EVENTS_SUFFIX
from keras_padpos.report.run_files import FIGURES
from keras_padpos.report.run_files import event_files

_STEPS = ("step", "epoch")
# Where a row's arrays are, and when it was measured, name nothing.
_NO_NAMES = ("arrays", "reference", "step")
# From arrays that are drawn to those that give their range of colours.
_MAPS = {"median_map": "target", "pattern": None}
_NUMBERS = itertools.count()


class EventLog:
    """Writes `events.*`, from which TensorBoard draws a run."""

    def __init__(self, path: str | os.PathLike, flags: Mapping[str, Any]):
        self.path = Path(path)
        self._flags = flags
        self._given_up = False
        self._stream: Any = None
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
        """Write the numbers of the rows, figures and maps."""
        rows = [row for row in rows if isinstance(row, Mapping)]
        self._attempt(self._finish, rows)
        self.close()

    def close(self) -> None:
        """Close the file; what is logged later begins a new one."""
        if self._stream is not None:
            self._close()
            self._stream = None

    def _attempt(self, write: Callable[..., None], *arguments: Any) -> None:
        """Give up rather than stop the run: its results are worth more."""
        if self._given_up:
            return
        try:
            write(*arguments)
        except ModuleNotFoundError as error:
            self._given_up = True
            _print_once(
                f"No events for TensorBoard are written ({error}): "
                f"{extra_hint('tensorboard')}"
            )
        except Exception as error:
            self._given_up = True
            warnings.warn(
                f"{str(self.path)!r}: from here on no events for TensorBoard "
                f"are written ({error_text(error)}); all else is.",
                stacklevel=4,
            )

    def _log(self, unit, metrics):
        axis = next((n for n in _STEPS if _is_whole(metrics.get(n))), None)
        texts = [value for value in metrics.values() if isinstance(value, str)]
        for name, value in _numbers(metrics):
            if name == axis:
                continue
            tag = "/".join([*filter(None, [unit]), *texts, name])
            if axis is None:
                step = self._counts.get(tag, 0)
                self._counts[tag] = step + 1
            else:
                step = int(metrics[axis])
            self._scalar(step, tag, value)

    def _finish(self, rows):
        for row, name in zip(rows, _row_names(rows), strict=True):
            for key, value in row.items():
                if isinstance(value, float):
                    tag = "/".join(filter(None, ["results", key, name]))
                    self._scalar(_step(row), tag, value)
        for file in sorted((self.path / FIGURES).glob("*.png")):
            self._image(0, f"{FIGURES}/{file.stem}", file.read_bytes())
        for step, name, png in self._maps(rows):
            self._image(step, f"maps/{name}", png)
        self._append(summary=_session_end())

    def _maps(self, rows) -> Iterator[tuple[int, str, bytes]]:
        """Steps, names and PNG files of maps."""
        file = self.path / ARRAYS_FILE
        # Some rows share their arrays.
        keys = {row["arrays"]: row for row in rows if row.get("arrays")}
        if not keys or not file.exists():
            return
        with open_arrays(file) as arrays:
            for key, kind in itertools.product(keys, _MAPS):
                if f"{key}/{kind}" not in arrays:
                    continue
                picture = arrays[f"{key}/{kind}"]
                scale = f"{key}/{_MAPS[kind]}"
                limits = arrays[scale] if scale in arrays else picture
                # A map that is taken at several steps has one name.
                name = key.replace(f"/step{keys[key].get('step')}/", "/")
                if picture.ndim == 2:
                    png = _png(picture, limits.min(), limits.max())
                    yield _step(keys[key]), f"{name}/{kind}", png

    def _scalar(self, step: int, tag: str, value: float) -> None:
        from tensorboard.plugins.scalar.summary_v2 import scalar_pb

        self._append(step, summary=scalar_pb(printable(tag), float(value)))

    def _image(self, step: int, tag: str, png: bytes) -> None:
        from PIL import Image
        from PIL import UnidentifiedImageError
        from tensorboard.plugins.image import metadata
        from tensorboard.util import tensor_util

        # Somebody else's file, say.
        with contextlib.suppress(UnidentifiedImageError):
            with Image.open(io.BytesIO(png)) as image:
                sizes = [str(size).encode() for size in image.size]
            tensor = tensor_util.make_tensor_proto([*sizes, png])
            about = metadata.create_summary_metadata("", "")
            summary = _summary(printable(tag), tensor, about)
            self._append(step, summary=summary)

    def _append(self, step: int = 0, **content: Any) -> None:
        if self._stream is None:
            self._begin()
        self._write(step, **content)

    def _begin(self) -> None:
        from tensorboard.compat.proto import event_pb2
        from tensorboard.plugins.hparams.summary_v2 import hparams_pb

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
        flags = {
            name: printable(",".join(map(str, value)))
            if isinstance(value, list)
            else printable(str(value))
            if isinstance(value, (dict, str))
            else value
            for name, value in self._flags.items()
            if value is not None
        }
        self._write(0, summary=hparams_pb(flags))

    def _write(self, step: int, **content: Any) -> None:
        from tensorboard.compat.proto import event_pb2
        from tensorboard.summary.writer.record_writer import RecordWriter

        event = event_pb2.Event(wall_time=time.time(), step=step, **content)
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


def _summary(tag, tensor, metadata):
    from tensorboard.compat.proto import summary_pb2

    summary = summary_pb2.Summary()
    summary.value.add(tag=tag, tensor=tensor, metadata=metadata)
    return summary


def _session_end():
    """TensorBoard's message that a run has ended well."""
    from tensorboard.plugins.hparams import api_pb2
    from tensorboard.plugins.hparams import metadata
    from tensorboard.plugins.hparams import plugin_data_pb2

    end = plugin_data_pb2.SessionEndInfo(
        status=api_pb2.STATUS_SUCCESS, end_time_secs=time.time()
    )
    data = plugin_data_pb2.HParamsPluginData(session_end_info=end)
    about = metadata.create_summary_metadata(data)
    return _summary(metadata.SESSION_END_INFO_TAG, metadata.NULL_TENSOR, about)


def _png(picture, low, high):
    """A map in colours, a pixel for each cell."""
    from matplotlib.image import imsave

    file = io.BytesIO()
    imsave(file, picture, vmin=low, vmax=high, cmap="viridis", format="png")
    return file.getvalue()


def _is_whole(value):
    return is_number(value) and value == int(value)


def _step(row):
    return row["step"] if isinstance(row.get("step"), int) else 0


def _numbers(value: Any, name: str = "") -> Iterator[tuple[str, float]]:
    if is_number(value):
        yield name, value
    elif isinstance(value, (Mapping, list)):
        pairs: Any = enumerate(value)
        if isinstance(value, Mapping):
            pairs = value.items()
        for key, item in pairs:
            yield from _numbers(item, f"{name}/{key}" if name else str(key))


def _row_names(rows):
    """What each row is, in no more fields than tell rows apart."""

    def apart(names):
        return len(set(zip(names, map(_step, rows), strict=True)))

    names = [""] * len(rows)
    for kind, field in itertools.product(
        (str, int), dict.fromkeys(key for row in rows for key in row)
    ):
        values = [row.get(field) for row in rows]
        types = {type(value) for value in values if value is not None}
        if field in _NO_NAMES or types != {kind}:
            continue
        longer = [
            f"{name},{field}={value}".removeprefix(",")
            for name, value in zip(names, values, strict=True)
        ]
        if apart(longer) > apart(names):
            names = longer
    if apart(names) < len(rows):
        names = [
            f"{name},row={number}".removeprefix(",")
            for number, name in enumerate(names, 1)
        ]
    return names


@functools.cache
def _print_once(line):
    print(line, file=sys.stderr, flush=True)
