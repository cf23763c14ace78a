"""Whether the binaries of a sweep take their flags."""

import difflib
import importlib
import json
import pkgutil
import subprocess
import sys
from collections.abc import Sequence
from typing import Any

from absl import flags

from keras_padpos.runs.flag_text import flag_text
from keras_padpos.runs.sweep_run import SweepRun
from keras_padpos.runs.user_error import UserError

_NOT_FOR_SWEEPS = {
    "workdir": "the sweep gives each run its own",
    "resume": "runs of a sweep always go on where they stopped",
    "overwrite": "runs of a sweep always go on where they stopped",
    "flagfile": "write its flags into this file",
}

_ANSWER = "from keras_padpos.runs.check_sweep_flags import answer; answer()"


def check_sweep_flags(runs: Sequence[SweepRun]) -> None:
    """Ask each binary whether it takes the flags of its runs.

    A binary's module is imported in a process of its own, which is where its
    flags are defined, and absl reads each run's flags there. No run is
    started, and Keras is not imported.

    Example:
        >>> run = SweepRun("experiments.none", {"seed": 1}, place="study.yaml")
        >>> try:
        ...     check_sweep_flags([run])
        ... except UserError as error:
        ...     print(str(error).partition(" '")[0])
        study.yaml: there is no experiment

    Args:
        runs: The runs.

    Raises:
        UserError: If there is no such binary, it cannot be imported, has no
            `--workdir`, or does not take a flag or its value.
    """
    for experiment in dict.fromkeys(run.experiment for run in runs):
        mine = [run for run in runs if run.experiment == experiment]
        asked = {
            "experiment": experiment,
            "runs": [dict(r.flags) for r in mine],
        }
        done = subprocess.run(
            [sys.executable, "-c", _ANSWER],
            input=json.dumps(asked),
            capture_output=True,
            text=True,
            check=False,
        )
        try:
            fault = json.loads(done.stdout.splitlines()[-1])
        except (IndexError, ValueError):
            last = (done.stderr.strip() or "no words").splitlines()[-1]
            fault = [0, f"{experiment} cannot be asked for its flags ({last})"]
        if fault is not None:
            number, words = fault
            raise UserError(f"{mine[number].place}: {words}.")


def answer() -> None:
    """Tell the first fault in what standard input asks; for the process."""
    asked = json.load(sys.stdin)
    print(json.dumps(_first_fault(asked["experiment"], asked["runs"])))


def _first_fault(
    experiment: str, runs: Sequence[dict[str, Any]]
) -> tuple[int, str] | None:
    """Number of the run and what is wrong with it."""
    try:
        importlib.import_module(experiment)
    except ModuleNotFoundError as error:
        if error.name and f"{experiment}.".startswith(f"{error.name}."):
            return (
                0,
                f"there is no experiment {experiment!r}{_known(experiment)}",
            )
        return 0, f"{experiment} cannot be imported: {error}"
    except Exception as error:
        return 0, f"{experiment} cannot be imported: {error!r}"
    if "workdir" not in flags.FLAGS:
        return 0, f"{experiment} has no --workdir, so it is no experiment"
    for number, run in enumerate(runs):
        fault = _flag_fault(experiment, run)
        if fault:
            return number, fault
    return None


def _flag_fault(experiment: str, run: dict[str, Any]) -> str | None:
    for name, value in run.items():
        if name in _NOT_FOR_SWEEPS:
            return f"`{name}` must be left out: {_NOT_FOR_SWEEPS[name]}"
        if name not in flags.FLAGS:
            alike = difflib.get_close_matches(name, flags.FLAGS, n=1)
            hint = f"; `{alike[0]}` is one" if alike else ""
            return f"{experiment} has no flag `{name}`{hint}"
        if flags.FLAGS[name].boolean:
            if not isinstance(value, bool):
                return f"`{name}` must be true or false. Received: {value!r}"
        elif any(
            isinstance(item, bool)
            for item in (value if isinstance(value, list) else [value])
        ):
            return (
                f"`{name}` must be text or a number. Received: {value!r}. YAML "
                "reads yes, no, on and off as booleans: put them in quotes"
            )
    words = [f"--{name}={flag_text(value)}" for name, value in run.items()]
    try:
        flags.FLAGS([experiment, *words])
    except flags.Error as error:
        return str(error).rstrip(".")
    finally:
        # Else this run's values would be the next one's.
        flags.FLAGS.unparse_flags()
    return None


def _known(experiment: str) -> str:
    package, _, _ = experiment.rpartition(".")
    if package != "experiments":
        return ""
    try:
        import experiments
    except ImportError:
        return (
            ", nor a package `experiments`: start the sweep in the folder that "
            "holds it"
        )
    modules = pkgutil.iter_modules(experiments.__path__)
    return f" among {', '.join(module.name for module in modules)}"
