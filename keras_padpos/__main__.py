"""The command `keras-padpos`: every study and every tool."""

import contextlib
import signal
import sys
from collections.abc import Iterator
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from keras_padpos.runs import Program


def programs() -> dict[str, dict[str, "Program"]]:
    """Every program by heading and name, in the order of `--help`."""
    from keras_padpos import studies
    from keras_padpos import tools

    return {
        "Studies": {n: studies.get(n).program for n in studies.STUDIES},
        "Tools": {n: tools.get(n) for n in tools.TOOLS},
    }


def main(argv: Sequence[str] | None = None) -> None:
    """Run the study or tool that the first argument names, or list them all.

    Args:
        argv: The command line; `sys.argv` if not given.

    Raises:
        SystemExit: Always; its code is the exit status.
    """
    _, *rest = sys.argv if argv is None else argv
    with _ended_by_an_interrupt():
        from keras_padpos import studies
        from keras_padpos import tools
        from keras_padpos.errors import did_you_mean
        from keras_padpos.runs.application import show_help
    if not rest or rest[0] in ("--help", "-h", "-?", "--helpfull"):
        lines = ["Usage: keras-padpos NAME [--flags]"]
        for heading, named in programs().items():
            lines += ["", f"{heading}:"]
            for name, program in named.items():
                lines += [f"  {name:<22}{program.about.splitlines()[0]}"]
        lines += ["", "keras-padpos NAME --help lists the flags of one."]
        show_help("keras-padpos", "\n".join(lines))
    name = rest[0]
    if name in studies.STUDIES:
        studies.get(name).run(rest)
    if name in tools.TOOLS:
        tools.get(name).run(rest)
    hint = did_you_mean(name, [*studies.STUDIES, *tools.TOOLS])
    print(
        f"keras-padpos: error: there is no study or tool {name!r}.{hint} "
        "Without arguments all are listed.",
        file=sys.stderr,
    )
    raise SystemExit(2)


@contextlib.contextmanager
def _ended_by_an_interrupt() -> Iterator[None]:
    """Let Ctrl-C end the process, as nothing has begun: no traceback."""
    before = signal.getsignal(signal.SIGINT)
    # Only a main thread has signals.
    with contextlib.suppress(ValueError):
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    try:
        yield
    finally:
        with contextlib.suppress(ValueError):
            signal.signal(signal.SIGINT, before)


if __name__ == "__main__":
    main()
