"""An experiment as data: its flags, networks, rows, tables and figures."""

import dataclasses
import functools
import itertools
import re
import warnings
from collections.abc import Callable
from collections.abc import Iterable
from collections.abc import Mapping
from collections.abc import Sequence
from typing import TYPE_CHECKING
from typing import Any
from typing import NoReturn

import numpy as np

from keras_padpos import runs
from keras_padpos.errors import InputError
from keras_padpos.errors import error_text
from keras_padpos.errors import printable
from keras_padpos.report import run_files
from keras_padpos.report.cells import counted
from keras_padpos.report.cells import print_lines
from keras_padpos.report.cells import print_table
from keras_padpos.report.progress import Progress
from keras_padpos.report.table import Row
from keras_padpos.report.table import Table
from keras_padpos.runs.common_flags import COMMON
from keras_padpos.runs.common_flags import DEVICES
from keras_padpos.runs.flags import Flag
from keras_padpos.runs.flags import Settings
from keras_padpos.runs.flags import naming
from keras_padpos.runs.training_options import Training
from keras_padpos.runs.training_options import training_flags
from keras_padpos.runs.units import TrainingUnit

if TYPE_CHECKING:
    from keras_padpos.training import OneDevice

Plan = Mapping[str, Any]
"""One network, or other unit of work: the first fields of its rows."""

Measured = tuple[Sequence[Row], Mapping[str, np.ndarray]]
"""Rows, and arrays by name."""


class Run:
    """One execution of a study: what the study's functions are given.

    Attributes:
        settings: The flags, as attributes.
        training: What the training flags ask for; `None` without them.
        devices: What it computes on; `None` for studies with one device.
        sets: What `Study.sets` opened.
        work: The work directory, once it is open.
    """

    def __init__(
        self, study: "Study", settings: Settings, devices: "OneDevice | None"
    ) -> None:
        self.study = study
        self.settings = settings
        self.training: Any = Training(settings) if study.training else None
        self.devices: Any = devices
        self.sets: Any = {}
        self.work: Any = None
        self._kept: dict[str, tuple[Any, Any]] = {}

    def crossed(self, *names: str) -> list[dict[str, Any]]:
        """Every combination of flags' values, by default of crossed ones."""
        names = names or tuple(self.study.crossed)
        parsed = [getattr(self.settings, name) for name in names]
        values = [
            dict.fromkeys(value) if isinstance(value, list) else [value]
            for value in parsed
        ]
        return [
            dict(zip(names, combination, strict=True))
            for combination in itertools.product(*values)
        ]

    def kept(self, name: str, key: Any, make: Callable[[], Any]) -> Any:
        """What `make` made for a key, kept until `name` has another one."""
        if name not in self._kept or self._kept[name][0] != key:
            self._kept.pop(name, None)
            self._kept[name] = key, make()
        return self._kept[name][1]

    def text(self, plan: Plan) -> str:
        """The flags that ask for a plan, as a command line has them."""
        texts = [
            f"--{name}={plan[name]}"
            for name in self.study.crossed
            if plan.get(name) is not None
        ]
        texts += [
            self.settings.text(name)
            for name in self.study.network_flags
            if getattr(self.settings, name) is not None
        ]
        return ", ".join(texts)

    @functools.cached_property
    def arrays(self) -> dict[str, Any]:
        """The arrays of all sets that have any, read at the first use."""
        return {name: each.arrays() for name, each in self.sets.items()}

    @property
    def training_pictures(self) -> int:
        """How many pictures the training of one network goes through."""
        steps = self.training.steps(len(self.sets["train"]))
        return steps * self.settings.batch_size

    def trained(
        self,
        plan: Plan,
        unit: TrainingUnit,
        train: Callable[..., Any],
        calibrate: Callable[..., Any],
        *,
        example: Any,
        first: bool = False,
        **options: Any,
    ) -> tuple[Any, dict[str, Any]]:
        """Train the network of a plan, with its `seed`, as the flags ask for.

        `train` gets the network and, as keywords, `seed`, `log`, `checkpoint`,
        `devices` and the options, those given before those of the flags;
        `calibrate` gets the network, `batch_size` and `seed`, with `first`
        before the training. The rest is as of `TrainingUnit.trained`.
        """
        seed, settings = plan["seed"], self.settings
        make: Any = self.study.network
        calibrate = functools.partial(
            calibrate, batch_size=settings.batch_size, seed=seed
        )
        moment = "prepare" if first else "calibrate"
        return unit.trained(
            lambda: make(self, plan),
            functools.partial(
                train,
                seed=seed,
                log=unit.log,
                checkpoint=unit.rolling,
                devices=self.devices,
                **{**self.training.options(), **options},
            ),
            self.devices,
            example=example,
            **{moment: calibrate if settings.calibrate_batch_norm else None},
        )


@dataclasses.dataclass(frozen=True, kw_only=True)
class Study:
    """What an experiment is; `run` is its binary.

    A file of `studies` declares one. Config, checks of choices, `--help`, the
    printed tables, the report's sections and what a sweep may vary follow from
    the declaration.

    Args:
        name: Of the experiment, of its binary and of its file.
        about: What `--help` says first.
        flags: The study's own flags by name.
        measure: From a run, a plan and its unit of work to rows and arrays.
            What was finished before is not measured again. An array is saved
            as `LABEL/NAME`, one without a name as `LABEL`.
        tables: What is printed, and shown in the report: tables, or what lays
            rows out as `lay_out` does.
        training: Arguments of `training_flags`, for studies that train.
        sets: From a run to its data sets by name, opened but not read. What
            cannot work is refused here, before anything is written.
        plans: From a run to its units of work; every combination of the
            crossed flags, with each seed of the training, if not given.
        network: Makes the network of a plan with random weights; called for
            each plan, its seed left out, before anything is written, so that
            what cannot be made is refused. Not for studies without.
        network_flags: Further flags that decide whether it can be made: an
            error names them.
        label: From a plan to its name in progress, files and arrays.
        amount: From a run and a plan to how much there is to do, in `noun`;
            `None` if unknown.
        noun: What progress counts, in the plural, or what says it of a plan.
        figures: From a work directory, rows and arrays to plotted figures.
        finish: From a run to further arrays, once all is measured.
        config: From a run and its plans to what config.json holds besides the
            flags.
        conclusion: From rows to one or two sentences of numbers, above all
            tables.
        notes: From rows to lines below all tables.
        read: From finished runs, or their directories, to the rows that
            `tables`, `conclusion` and `notes` take; those of results.json if
            not given.
        shared: Flags, besides crossed ones and seeds, in which runs may differ
            and still share tables, because rows say them.
        several_devices: Whether `--strategy` and its kin are flags of it.
    """

    name: str
    about: str
    flags: Mapping[str, Flag]
    measure: Callable[[Run, Plan, TrainingUnit], Measured]
    tables: Sequence[Table] | Callable[[Sequence[Any]], list[dict[str, Any]]]
    training: Mapping[str, Any] | None = None
    sets: Callable[[Run], Any] = lambda run: {}
    plans: Callable[[Run], list[dict[str, Any]]] | None = None
    network: Callable[[Run, Plan], Any] | None = None
    network_flags: Sequence[str] = ()
    label: Callable[[Plan], str] | None = None
    amount: Callable[[Run, Plan], int | None] = lambda run, plan: None
    noun: str | Callable[[Plan], str] = "pictures"
    figures: (
        Callable[[runs.WorkDirectory, list[Row], Mapping[str, np.ndarray]], Any]
        | None
    ) = None
    finish: Callable[[Run], Mapping[str, np.ndarray]] = lambda run: {}
    config: Callable[[Run, Sequence[Plan]], Mapping[str, Any]] = (
        lambda run, plans: {}
    )
    conclusion: Callable[[Sequence[Row]], Sequence[str]] = lambda rows: ()
    notes: Callable[[Sequence[Row]], Sequence[str]] = lambda rows: ()
    read: Callable[[Sequence[Any]], list[dict[str, Any]]] | None = None
    shared: Sequence[str] = ()
    several_devices: bool = True

    @property
    def crossed(self) -> list[str]:
        """The flags whose values are crossed: a row's first columns."""
        return [name for name, flag in self.flags.items() if flag.crossed]

    @property
    def declared(self) -> dict[str, Flag]:
        """All flags: its own, those of training, and those of every run."""
        return {
            **self.flags,
            **(training_flags(**self.training) if self.training else {}),
            **COMMON,
            **(DEVICES if self.several_devices else {}),
        }

    @property
    def program(self) -> runs.Program:
        """The study as a command."""
        return runs.Program(
            name=self.name,
            about=self.about,
            flags=self.declared,
            main=self.main,
        )

    def run(self, argv: Sequence[str] | None = None) -> NoReturn:
        """Run the study as its command does, and end with the exit status.

        Args:
            argv: The command line; `sys.argv` if not given.
        """
        self.program.run(argv)

    def main(self, settings: Settings) -> None:
        """Measure each unit of work, then write and print the results."""
        devices = runs.open_devices() if self.several_devices else None
        settings.check()
        run = Run(self, settings, devices)
        run.sets = self.sets(run)
        plans = self._plans(run)
        provenance = runs.Provenance(seed=settings.seed)
        config = {**settings.config(), **self.config(run, plans)}
        run.work = runs.open_work_directory(self.name, config, devices)
        if not run.work.finished:
            runs.apply_common_flags()
            self._measure_all(run, plans, provenance)
            self._print(run.work)
            return
        try:
            self._print(run.work)
        except (LookupError, TypeError, AttributeError, ValueError) as error:
            if isinstance(error, InputError):
                raise
            # Damaged, or a stranger's.
            raise InputError(
                f"{run_files.RESULTS_FILE} in {run.work} is not as this "
                f"version writes it ({error_text(error)}). Choose another "
                "--workdir."
            ) from error

    def lay_out(self, rows: Iterable[Row]) -> list[dict[str, Any]]:
        """Lay rows out in the study's tables, as arguments of `print_table`."""
        rows = list(rows)
        if callable(self.tables):
            return self.tables(rows)
        return [laid for table in self.tables for laid in table.lay_out(rows)]

    def _plans(self, run):
        plans = run.crossed() if self.plans is None else self.plans(run)
        if self.network is not None:
            bare = [
                {name: plan[name] for name in plan if name != "seed"}
                for plan in plans
            ]
            for number, plan in enumerate(bare):
                if plan in bare[:number]:
                    continue
                with naming(run.text(plan)):
                    self.network(run, plan)
        if self.plans is None and run.training is not None:
            plans = run.training.seeded(plans)
        return plans

    def _measure_all(self, run, plans, provenance):
        """Measure what no earlier run has finished."""
        work, skipped = run.work, {}
        rows: list[Row] = []
        arrays: dict[str, np.ndarray] = {}
        seconds = (
            run.settings.checkpoint_seconds if self.several_devices else 300.0
        )
        step = run.settings.batch_size if run.training else 1
        labels = [
            self.label(plan) if self.label else _label(number, plan)
            for number, plan in enumerate(plans)
        ]
        with Progress(units=len(plans)) as progress:
            for label, plan in zip(labels, plans, strict=True):
                saved = work.checkpoint(label)
                if saved and not _is_content(saved[0]):
                    warnings.warn(
                        f"{label!r} was saved by an earlier version and is "
                        "computed again.",
                        stacklevel=2,
                    )
                    saved = None
                if saved:
                    progress.done_before(label)
                else:
                    total, noun = self.amount(run, plan), self.noun
                    noun = noun(plan) if callable(noun) else noun
                    with progress.unit(label, total, noun) as advance:
                        unit = TrainingUnit(work, label, seconds, advance, step)
                        new, maps = self.measure(run, plan, unit)
                        content = {"rows": new, "skipped": unit.skipped}
                        saved = work.save_checkpoint(label, [content], maps)
                # Also left over if it was killed between these two steps.
                TrainingUnit(work, label).remove()
                (content,), maps = saved
                rows += content["rows"]
                skipped |= content["skipped"]
                arrays |= {
                    f"{label}/{name}" if name else label: map_
                    for name, map_ in maps.items()
                }
        arrays |= self.finish(run)
        if arrays:
            work.save_arrays(arrays)
        if self.figures is not None:
            self.figures(work, rows, arrays)
        work.write_results(rows, {**provenance.as_dict(), "skipped": skipped})

    def _print(self, work):
        """Print the tables, and where the rest is."""
        results = work.load_results()
        rows, about = results["rows"], results["provenance"]
        if self.read is not None:
            rows = self.read([work.path])
        if conclusion := self.conclusion(rows):
            print_lines(*conclusion, "")
        for table in self.lay_out(rows):
            print_table(**table)
            print()
        for name, broken in about.get("skipped", {}).items():
            text = f"{name}: left out {counted(len(broken), 'picture')}:"
            print(printable(text))
            for line in broken:
                print(f"  {printable(line)}")
        print_lines(*self.notes(rows))
        has_models = (work.path / run_files.MODELS).is_dir()
        models = ", networks in its models/" if has_models else ""
        end = (
            f"{about['machine']['line']}; {about['wall_seconds']:.0f} s; "
            f"results in {work.path}{models}"
        )
        print(printable(end))


def _is_content(saved):
    """Whether a unit was saved as this version does."""
    return len(saved) == 1 and {"rows", "skipped"} == {*saved[0]}


def _label(number, plan):
    # A backbone may be a path.
    parts = [
        str(number),
        *(str(plan[n]) for n in ("padding_mode",) if n in plan),
    ]
    if "seed" in plan:
        parts.append(f"seed{plan['seed']}")
    return "-".join(parts)


def figure_name(*parts: Any) -> str:
    """A file name for a figure, of anything that names what it shows."""
    text = "_".join(str(part) for part in parts if part is not None)
    return re.sub(r"[^\w.+=]+", "-", text, flags=re.ASCII).strip("-")
