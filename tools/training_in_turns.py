"""Training that stops and goes on as it is asked to."""

import queue
import threading
from collections.abc import Callable
from typing import Any

import keras


class TrainingInTurns:
    """Call a function that trains, one stretch at a time.

    Between two lines of its log the training stands still, so that something
    else can be timed in turns with it. It runs in a thread of its own; a
    context, at whose end it is given up.

    Example:

    >>> def train(log):
    ...     for step in range(1000):
    ...         print("step", step)
    ...         log()
    >>> with TrainingInTurns(train) as go_on:
    ...     go_on()
    ...     print("something else")
    ...     go_on()
    step 0
    something else
    step 1

    Args:
        train: Called with what it is to call, with anything, after each
            stretch.
    """

    def __init__(self, train: Callable[[Callable[..., None]], Any]) -> None:
        self._train = train
        self._turns: queue.SimpleQueue[bool] = queue.SimpleQueue()
        self._ends: queue.SimpleQueue[BaseException | None] = (
            queue.SimpleQueue()
        )
        # Keras' settings are those of a thread.
        self._policy = keras.config.dtype_policy()
        self._ended = False
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> "TrainingInTurns":
        self._thread.start()
        return self

    def __exit__(self, *error: Any) -> None:
        self._turns.put(False)
        self._thread.join()

    def __call__(self) -> None:
        """Train until the next line of the log.

        Raises:
            RuntimeError: If the training has ended.
            BaseException: What the training raises.
        """
        if self._ended:
            raise RuntimeError("The training has ended.")
        self._turns.put(True)
        error = self._ends.get()
        if error is not None:
            self._ended = True
            raise error

    def _run(self):
        try:
            self._wait()
            keras.config.set_dtype_policy(self._policy)
            self._train(self._log)
            raise RuntimeError("The training has ended.")
        except _Over:
            pass
        except BaseException as error:
            self._ends.put(error)

    def _log(self, *args, **line):
        self._ends.put(None)
        self._wait()

    def _wait(self):
        if not self._turns.get():
            raise _Over


class _Over(BaseException):
    """Nobody asks any more."""
