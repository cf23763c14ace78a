"""One process at a time in a directory, or at a file."""

import contextlib
import errno
import os
import socket
import warnings
import weakref
from pathlib import Path

from keras_padpos.errors import InputError

try:
    import fcntl
except ImportError:
    # Not a POSIX system. Nothing there frees a lock of a killed process for
    # certain, and a lock left behind would be worse than none: none is taken.
    fcntl = None  # type: ignore[assignment]

# File systems of networks that are mounted without locks.
_UNSUPPORTED = (errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP, errno.ENOTSUP)

# What this process holds: opening a path twice shares one lock.
_HELD: "weakref.WeakValueDictionary[str, PathLock]" = (
    weakref.WeakValueDictionary()
)


class PathLock:
    """Keeps other processes off a directory or a file as long as it lives.

    The operating system frees the lock when the process ends, however it
    ends. Within a process all locks of a path are one and the same.
    Threads are not kept apart. `take` makes it.
    """

    def __init__(self, file: Path, descriptor: int | None):
        self.file = file
        # `None` where there are no locks.
        self.descriptor = descriptor
        self._free = weakref.finalize(
            self, _free, file, descriptor, os.getpid()
        )

    @classmethod
    def take(cls, path: str | os.PathLike, argument: str) -> "PathLock":
        """Lock a path.

        Args:
            path: A directory, which gets a file `.lock` with process and host;
                or else a file `NAME`, there or not, which gets `.NAME.lock`
                beside it.
            argument: What the path was given as, for the message.

        Raises:
            InputError: If another process holds it.
            OSError: If the file of the lock cannot be written.
        """
        place = Path(path).resolve()
        file = (
            place / ".lock"
            if place.is_dir()
            else place.with_name(f".{place.name}.lock")
        )
        held = _HELD.get(str(file))
        # Somebody may have removed a directory and made it anew.
        if held and held.descriptor and not _is_same(file, held.descriptor):
            held = None
        if held is None:
            descriptor = None
            if fcntl is not None:
                descriptor = _lock(file, os.fspath(path), argument)
            held = _HELD[str(file)] = cls(file, descriptor)
        return held


def _lock(file: Path, shown: str, argument: str) -> int | None:
    """Open and lock the file; `None` where that cannot be done."""
    while True:
        descriptor = os.open(file, os.O_RDWR | os.O_CREAT, 0o666)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            holder = os.pread(descriptor, 1000, 0).decode(errors="replace")
            os.close(descriptor)
            if error.errno in (errno.EWOULDBLOCK, errno.EACCES):
                process, _, host = holder.strip().partition(" ")
                named = process.isdecimal() and host
                holder = f"process {process} on {host}"
                raise InputError(
                    f"{shown!r} is in use by "
                    f"{holder if named else 'another process'}. Wait until it "
                    f"has ended, or choose another {argument}."
                ) from None
            with contextlib.suppress(OSError):
                os.unlink(file)
            if error.errno not in _UNSUPPORTED:
                raise
            warnings.warn(
                f"{shown!r} cannot be locked ({error.strerror}): let no "
                "second process write to it.",
                stacklevel=4,
            )
            return None
        # Its last holder may have removed it after it was opened here.
        if not _is_same(file, descriptor):
            os.close(descriptor)
            continue
        try:
            host = socket.gethostname() or "localhost"
            os.ftruncate(descriptor, 0)
            os.write(descriptor, f"{os.getpid()} {host}\n".encode())
        except BaseException:
            _free(file, descriptor, os.getpid())
            raise
        return descriptor


def _is_same(file: Path, descriptor: int) -> bool:
    try:
        return os.path.samestat(os.stat(file), os.fstat(descriptor))
    except OSError:
        return False


def _free(file: Path, descriptor: int | None, process: int) -> None:
    # A forked child has a copy of this object, but not the lock.
    if descriptor is None or os.getpid() != process:
        return
    # Removed before it is closed, so never while another process holds it.
    if _is_same(file, descriptor):
        with contextlib.suppress(OSError):
            os.unlink(file)
    os.close(descriptor)


def _forget_in_child() -> None:
    """Leave the lock to the parent: else a child would go on holding it."""
    for lock in list(_HELD.values()):
        lock._free.detach()
        if lock.descriptor is not None:
            with contextlib.suppress(OSError):
                os.close(lock.descriptor)
    _HELD.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_in_child)
