"""Run an experiment: `python -m keras_padpos NAME --flags`."""

import sys
from collections.abc import Sequence

from keras_padpos import studies
from keras_padpos.errors import did_you_mean


def main(argv: Sequence[str] | None = None) -> None:
    """Run the experiment that the first argument names, or list them all.

    Args:
        argv: The command line; `sys.argv` if not given.

    Raises:
        SystemExit: Always; its code is the exit status.
    """
    _, *rest = sys.argv if argv is None else argv
    if not rest or rest[0] in ("--help", "-h", "-?", "--helpfull"):
        print("Usage: python -m keras_padpos NAME [--flags]\n")
        for name in studies.STUDIES:
            print(f"  {name:<22}{studies.get(name).about.splitlines()[0]}")
        print("\npython -m keras_padpos NAME --help lists the flags of one.")
        raise SystemExit(0)
    name = rest[0]
    if name not in studies.STUDIES:
        print(
            f"keras_padpos: error: there is no experiment {name!r}."
            f"{did_you_mean(name, studies.STUDIES)} Without arguments all are "
            "listed.",
            file=sys.stderr,
        )
        raise SystemExit(2)
    studies.get(name).run(rest)


if __name__ == "__main__":
    main()
