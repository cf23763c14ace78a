"""How a binary starts and how it ends."""

import contextlib
import os
import re
import signal
import sys
import traceback
import warnings
from collections.abc import Callable
from collections.abc import Iterator
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from typing import NoReturn

from absl import app
from absl import flags
from absl import logging

from keras_padpos.errors import InputError
from keras_padpos.errors import one_line
from keras_padpos.runs.flags import activated
from keras_padpos.runs.quiet_import import check_backend
from keras_padpos.runs.quiet_import import import_keras
from keras_padpos.runs.streams import OUTPUT
from keras_padpos.runs.streams import end_output
from keras_padpos.runs.streams import flush_streams
from keras_padpos.runs.streams import mend_streams

_HELP = {"--help", "-help", "--helpshort", "--helpfull", "-h", "-?"}


def run(
    main: Callable[[Sequence[str]], Any],
    argv: Sequence[str] | None = None,
    *,
    needs_keras: bool = True,
    arguments: Sequence[str] = (),
    values: flags.FlagValues | None = None,
    usage: str | None = None,
    check: Callable[[Sequence[str]], None] = lambda rest: None,
) -> NoReturn:
    """Run a binary's `main` and end the process with its exit status.

    The flags are parsed and checked first, then Keras is imported quietly,
    then `main` is called. So `--help` and a mistyped flag are answered at once.

    The run ends with

    * what `main` returns (0 for `None`);
    * 1 and one line, `NAME: error: ...`, for an `InputError` or an `OSError`:
      whoever started it can put that right;
    * 1 and a traceback for everything else: that is a mistake in the code;
    * 2 and one line for flags or arguments that cannot be understood;
    * 130 and one line for an interrupt from the keyboard, 143 for SIGTERM.

    Memory that is missing, where Python can tell, counts as an error of the
    second kind, and so does a standard output that is full or closed; what it
    cannot encode is printed as `?`. `--verbosity=1` and `--pdb` show the
    traceback of every error, and `--verbosity=0` what libraries log. Python
    warnings are printed as one line too.

    Args:
        main: Called with what is left of the command line after the flags
            are parsed: the program's name, and the `arguments`.
        argv: The command line; `sys.argv` if not given.
        needs_keras: Whether to import Keras before `main`.
        arguments: Names of the arguments that are no flags, all of which must
            be given. A last one that ends in `...`, such as `"WORKDIR..."`,
            stands for one or more.
        values: Flags of its own, parsed instead of `absl.flags.FLAGS`; then
            several binaries can run in one process, one after the other.
        usage: What `--help` says above the flags, with `values`.
        check: Called with the same as `main` before Keras is imported; refuses
            flags and arguments, as far as it can without Keras.

    Raises:
        SystemExit: Always; its code is the exit status.
    """
    mend_streams()
    argv = list(sys.argv if argv is None else argv)
    name = Path(argv[0]).stem
    values = flags.FLAGS if values is None else values

    def guarded(rest: Sequence[str]) -> Any:
        if not flags.FLAGS["verbosity"].present:
            # absl's default lets libraries tell what they are about to do.
            flags.FLAGS.verbosity = logging.WARNING  # type: ignore[assignment]
        with warnings.catch_warnings(), activated(values), _terminable():
            warnings.showwarning = _one_line_warnings(name)
            try:
                check_backend()
                check(rest)
                if needs_keras:
                    import_keras()
                status = main(rest)
                flush_streams()
                return status
            except _Terminated:
                text = _interrupted(values, "terminated")
                status = _say(name, text, status=128 + signal.SIGTERM)
            except KeyboardInterrupt:
                status = _say(name, _interrupted(values), status=130)
            except app.UsageError as error:
                status = _say(name, f"error: {error}", status=2)
            except Exception as error:
                reason = _users_error(error, values)
                shows = flags.FLAGS.verbosity >= 1 or flags.FLAGS.pdb
                if reason is not None and not shows:
                    status = _say(name, f"error: {reason}", status=1)
                elif not _is_one_of_several(values):
                    raise
                else:
                    traceback.print_exc()
                    status = 1
            if _is_one_of_several(values):
                # At a usual end JAX would wait for the others, which wait for
                # this one.
                flush_streams()
                os._exit(status)
            return status

    parser = _flags_parser(name, arguments, values, usage)
    app.run(guarded, argv=argv, flags_parser=parser)
    raise SystemExit(0)


class _Terminated(KeyboardInterrupt):
    """SIGTERM, as batch systems send it before they kill."""


@contextlib.contextmanager
def _terminable() -> Iterator[None]:
    """Let SIGTERM end the block as an interrupt does."""

    def terminate(number, frame):
        raise _Terminated

    before = signal.getsignal(signal.SIGTERM)
    if before is not signal.SIG_IGN:
        # Only a main thread has signals.
        with contextlib.suppress(ValueError):
            signal.signal(signal.SIGTERM, terminate)
    try:
        yield
    finally:
        with contextlib.suppress(ValueError):
            signal.signal(signal.SIGTERM, before or signal.SIG_DFL)


# What TensorFlow, JAX and PyTorch say when there is not enough memory.
_NO_MEMORY = re.compile(
    r"RESOURCE_EXHAUSTED|ResourceExhausted|OOM when allocating"
    r"|[Oo]ut of memory|not enough memory|bad_alloc"
)


def _users_error(error: Exception, values: flags.FlagValues) -> str | None:
    """What to say of an error that is no mistake in the code; else `None`."""
    text = str(error) or type(error).__name__
    if isinstance(error, OSError) and error.strerror:
        file = error.filename
        if file is OUTPUT:
            end_output()
            return f"{OUTPUT}: {error.strerror}"
        text = f"{os.fspath(file)!r}: " if file else ""
        return text + error.strerror
    if isinstance(error, (InputError, OSError)):
        return _flag_named(text, values)
    if isinstance(error, MemoryError) or (
        isinstance(error, RuntimeError)
        or type(error).__module__.startswith(("tensorflow", "jax"))
    ):
        about = f"{type(error).__name__}: {text}"
        if isinstance(error, MemoryError) or _NO_MEMORY.search(about):
            return (
                "not enough memory; fewer or smaller pictures at once, such "
                f"as a smaller --batch_size, need less ({one_line(text)[:200]})"
            )
    return None


def _flag_named(text: str, values: flags.FlagValues) -> str:
    """A message that begins with an argument, with the flag it comes from."""
    match = re.match(r"`(\w+)(?=[`=])([^`]*)`", text)
    if match is None:
        return text
    # That of `models.backbone`.
    name = "backbone" if match[1] == "name" else match[1]
    if name not in values:
        return text
    return f"--{name}{match[2]}{text[match.end() :]}"


def _flags_parser(
    name: str,
    arguments: Sequence[str],
    values: flags.FlagValues,
    usage: str | None,
) -> Callable[[Sequence[str]], list[str]]:
    def parse(argv: Sequence[str]) -> list[str]:
        every = values
        if values is not flags.FLAGS:
            if _HELP & set(argv[1:]):
                show_help(name, _help(usage or name, values))
            # absl's own flags are in its registry, as an earlier run of this
            # process has left them; so may be those of another binary.
            every = flags.FlagValues()
            every.append_flag_values(values)
            for key in flags.FLAGS:
                flag = flags.FLAGS[key]
                flag.unparse()
                if key == flag.name and key not in values:
                    every[key] = flag
            flags.FLAGS.mark_as_parsed()
        # Else the first argument would end the flags.
        every.set_gnu_getopt(bool(arguments))
        try:
            rest = every(argv)
            values.mark_as_parsed()
        except flags.Error as error:
            status = _say(name, f"error: {error} (--help lists the flags)", 2)
            raise SystemExit(status) from None
        except SystemExit:
            # Only the flags of the --help family end the process while they
            # are parsed. absl lets them exit with 1.
            raise SystemExit(0) from None
        received = rest[1:]
        several = bool(arguments) and arguments[-1].endswith("...")
        if len(received) < len(arguments) or (
            len(received) > len(arguments) and not several
        ):
            texts = " ".join(map(repr, received)) or "nothing"
            text = f"expected {' '.join(arguments)} and flags. Received: "
            text += f"{texts}."
            if not arguments:
                text = "expected flags only, such as --seed=1. Received: "
                text += f"{received[0]!r}. Write lists with commas, without "
                text += "blanks."
            raise SystemExit(_say(name, f"error: {text}", status=2))
        return rest

    return parse


def show_help(name: str, text: str) -> NoReturn:
    """Print what a command is for, and end with its exit status."""
    mend_streams()
    status = 0
    try:
        print(text, flush=True)
    except OSError as error:
        end_output()
        # Who reads the first lines only has read them.
        if not isinstance(error, BrokenPipeError):
            text = f"error: {OUTPUT}: {error.strerror}"
            status = _say(name, text, status=1)
    raise SystemExit(status)


def _help(usage: str, values: flags.FlagValues) -> str:
    # absl heads the flags with the module that defined them, and ends with
    # its own.
    listed = values.get_help("  ", include_special_flags=False)
    return (
        f"{usage}\n\nFlags:{listed.partition(':')[2]}\n\n"
        "--verbosity=1 shows the traceback of every error, --verbosity=0 what "
        "libraries log."
    )


def _is_one_of_several(values: flags.FlagValues) -> bool:
    processes: Any = 1
    if "num_processes" in values:
        processes = values["num_processes"].value
    return processes > 1


def _interrupted(values: flags.FlagValues, what: str = "interrupted") -> str:
    if "resume" not in values:
        return what
    starts_over = [] if values["resume"].value else ["--noresume"]
    starts_over += ["--overwrite"] if values["overwrite"].value else []
    without = f" without {' and '.join(starts_over)}" if starts_over else ""
    return f"{what}; the same command{without} goes on from what is finished"


def _one_line_warnings(name: str) -> Callable[..., None]:
    def show(message, category, filename, lineno, file=None, line=None):
        _say(name, f"warning: {message}")

    return show


def _say(name: str, text: str, status: int = 0) -> int:
    # Messages of Keras and absl hold line breaks and colours, and names are
    # anybody's.
    with contextlib.suppress(OSError):
        print(f"{name}: {one_line(text)}", file=sys.stderr, flush=True)
    return status
