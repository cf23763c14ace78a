"""One process at a time in a directory."""

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
    fcntl = None

LOCK_FILE = ".lock"
"""Name of the file that is locked; it holds process and host."""

# File systems of networks that are mounted without locks.
_UNSUPPORTED = (errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP, errno.ENOTSUP)

# What this process holds: opening a directory twice shares one lock.
_HELD: "weakref.WeakValueDictionary[str, DirectoryLock]" = (
    weakref.WeakValueDictionary()
)


class DirectoryLock:
    """Keeps other processes out of a directory as long as it lives.

    The operating system frees the lock when the process ends, however it
    ends. Within a process all locks of a directory are one and the same.
    Threads are not kept apart.

    Example:
        >>> import tempfile
        >>> folder = tempfile.mkdtemp()
        >>> lock = DirectoryLock.take(folder)
        >>> DirectoryLock.take(folder) is lock
        True
        >>> os.listdir(folder)
        ['.lock']
        >>> del lock
        >>> os.listdir(folder)
        []

    Args:
        file: The lock file.
        descriptor: The same, open and locked; `None` where there are no
            locks. It is closed in the end.
    """

    def __init__(self, file: Path, descriptor: int | None):
        self.file = file
        self.descriptor = descriptor
        self._free = weakref.finalize(
            self, _free, file, descriptor, os.getpid()
        )

    @classmethod
    def take(cls, path: str | os.PathLike) -> "DirectoryLock":
        """Lock a directory.

        Args:
            path: The directory; it must be there and writable.

        Returns:
            The lock, to be kept as long as the directory is worked in.

        Raises:
            InputError: If another process holds it.
            OSError: If the lock file cannot be written.
        """
        file = Path(path).resolve() / LOCK_FILE
        held = _HELD.get(str(file))
        # Somebody may have removed the directory and made it anew.
        if held is not None and held._is_there():
            return held
        if fcntl is None:
            return cls(file, None)
        lock = cls(file, _locked(file, os.fspath(path)))
        _HELD[str(file)] = lock
        return lock

    def _is_there(self) -> bool:
        return self.descriptor is None or _is_same(self.file, self.descriptor)


def _locked(file: Path, shown: str) -> int | None:
    """Open and lock the file; `None` where that cannot be done."""
    while True:
        descriptor = os.open(file, os.O_RDWR | os.O_CREAT, 0o666)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            holder = os.pread(descriptor, 1000, 0).decode(errors="replace")
            os.close(descriptor)
            if error.errno in (errno.EWOULDBLOCK, errno.EACCES):
                raise InputError(
                    f"{shown!r} is in use by {_words(holder)}. Wait until it "
                    "has ended, or choose another --workdir."
                ) from None
            with contextlib.suppress(OSError):
                os.unlink(file)
            if error.errno not in _UNSUPPORTED:
                raise
            warnings.warn(
                f"{shown!r} cannot be locked ({error.strerror}): start no "
                "second run in it.",
                stacklevel=4,
            )
            return None
        # Its last holder may have removed it after it was opened here.
        if not _is_same(file, descriptor):
            os.close(descriptor)
            continue
        try:
            os.ftruncate(descriptor, 0)
            os.write(descriptor, f"{os.getpid()} {_host()}\n".encode())
        except BaseException:
            _free(file, descriptor, os.getpid())
            raise
        return descriptor


def _words(holder: str) -> str:
    process, _, host = holder.strip().partition(" ")
    if not process.isdecimal() or not host:
        return "another process"
    return f"process {process} on {host}"


def _host() -> str:
    return socket.gethostname() or "localhost"


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
