"""What a benchmark is, as data."""

import dataclasses
import tempfile
from collections.abc import Callable
from collections.abc import Mapping
from collections.abc import Sequence
from typing import Any

from keras_padpos import runs
from keras_padpos.report import Progress
from keras_padpos.runs.common_flags import COMMON
from keras_padpos.runs.flags import Flag
from keras_padpos.runs.flags import Settings
from tools.peak_memory import peak_memory


@dataclasses.dataclass(frozen=True, kw_only=True)
class Benchmark:
    """Times that are compared in one run; `program` is its command.

    Args:
        name: What it is about, as the command line of `tools.benchmark` says.
        about: What `--help` says first.
        flags: Its own flags by name; those of every run are added.
        measure: From the settings, what `prepare` returned and the work
            directory to rows.
        show: Prints the content of results.json.
        prepare: From the settings to what is to be measured. What cannot work
            is refused here, before anything is written.
        config: From the settings to what config.json holds besides the flags.
        threads: Says on how many threads each library computes, called before
            `measure`.
    """

    name: str
    about: str
    flags: Mapping[str, Flag]
    measure: Callable[[Settings, Any, runs.WorkDirectory], Sequence[Any]]
    show: Callable[[Mapping[str, Any]], None]
    prepare: Callable[[Settings], Any] = lambda settings: None
    config: Callable[[Settings], Mapping[str, Any]] = lambda settings: {}
    threads: Callable[[], Mapping[str, int]] | None = None

    @property
    def program(self) -> runs.Program:
        """The benchmark as a command."""
        return runs.Program(
            name="benchmark",
            about=self.about,
            flags={**self.flags, **COMMON},
            main=self.main,
        )

    def main(self, settings: Settings) -> None:
        """Measure, then write and print the results."""
        import keras

        settings.check()
        prepared = self.prepare(settings)
        provenance = runs.Provenance(seed=settings.seed)
        work = runs.open_work_directory(
            f"benchmark_{self.name}",
            {
                **settings.config(),
                **self.config(settings),
                # Results of one backend are not those of another.
                "backend": keras.backend.backend(),
            },
        )
        if not work.finished:
            runs.apply_common_flags()
            extra = {"threads": self.threads()} if self.threads else {}
            rows = list(self.measure(settings, prepared, work))
            work.write_results(rows, {**provenance.as_dict(), **extra})
        results = work.load_results()
        self.show(results)
        about, threads = results["provenance"], ""
        if self.threads:
            counts = ", ".join(f"{n} {c}" for n, c in about["threads"].items())
            threads = f"threads: {counts}; "
        print(
            f"{about['machine']['line']}; {threads}{about['start']}, "
            f"{about['wall_seconds']:.0f} s; results in {work.path}"
        )


def unit(
    work: runs.WorkDirectory,
    progress: Progress,
    label: str,
    measure: Callable[..., tuple[Sequence[Any], Mapping[str, Any]]],
    total: int | None = None,
    noun: str = "pictures",
) -> tuple[list[Any], Mapping[str, Any]]:
    """Rows and arrays of a unit of work, measured unless they are saved.

    `measure` gets `advance`, which counts up to `total`, in `noun`.
    """
    saved = work.checkpoint(label)
    if saved:
        progress.done_before(label)
        return saved
    with progress.unit(label, total, noun) as advance:
        return work.save_checkpoint(label, *measure(advance=advance))


def memory_flag(default: Sequence[str], what: str) -> Flag:
    """Declare the numbers of `what` whose memory is compared."""
    return Flag(
        list(default), f"{what} whose memory to compare; none: leave it out."
    )


def memory_counts(settings: Settings, name: str, least: int) -> list[int]:
    """The numbers that a flag of `memory_flag` asks for."""
    texts = getattr(settings, name)
    if texts == ["none"]:
        return []
    return Flag([], "", type=int, least=least).value(name, texts)


def run_memory(experiment: str, arguments: Sequence[str]) -> float:
    """The peak of a run of an experiment that is not kept, in MiB."""
    with tempfile.TemporaryDirectory() as folder:
        return peak_memory(
            f"experiments.{experiment}", [f"--workdir={folder}/run", *arguments]
        )
