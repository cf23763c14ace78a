"""The pictures of F-Conv's red-green test."""

import numpy as np

from keras_padpos.checks import is_int
from keras_padpos.errors import InputError

RED_GREEN_SIZES = {"train": 2000, "validation": 1000, "test": 1000}
"""Pictures of each set in the released code."""

_SIZE = 32
_BOX = 4
_RED, _GREEN = 0, 1
# The row about which each class has its squares, and how far they stray.
_BASES = (7, 23)
_LEAST_JITTER, _JITTERS = -4, 8
# Columns that the left square may begin in, and those of any square.
_LEFT_COLUMNS, _COLUMNS = 10, _SIZE - _BOX
# Columns between the beginnings of two squares, at least: one stays black.
_APART = _BOX + 1
_SEED = 1988

SPLITS = ("released", "disjoint")
"""The ways `red_green` has to choose its sets."""


def red_green(
    splits: str = "disjoint",
    *,
    train: int = RED_GREEN_SIZES["train"],
    validation: int = RED_GREEN_SIZES["validation"],
    test: int = RED_GREEN_SIZES["test"],
    seed: int = _SEED,
) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Pictures whose class is an order of colours, and a place besides.

    Each has a red and a green square of 4x4 on black. In class 0 red is left
    of green, in class 1 green is left of red: this is what a network should
    learn. But all squares of class 0 are in rows 3 to 13 and all of class 1
    in rows 19 to 29, which a network can learn instead, if it knows where it
    looks. The dissimilar pictures tell which: they are the similar ones moved
    by 16 rows, so that each class is where the other was.

    The pictures are those of the released code, draw for draw. There the
    generator starts anew for every set, so that the 1,000 pictures of the
    validation set and of the similar set are the first 1,000 of the training
    set: similar accuracy is accuracy on training pictures. `"released"` does
    this too. `"disjoint"` has the same training set; the others go on drawing
    from the same stream and leave out every picture that came before, so that
    no picture is in two sets.

    Example:

    >>> sets = red_green("disjoint", train=6, validation=4, test=4)
    >>> pictures, labels = sets["similar"]
    >>> pictures.shape, labels
    ((4, 32, 32, 3), array([0, 1, 0, 1]))
    >>> moved, _ = sets["dissimilar"]
    >>> bool((moved == np.roll(pictures, 16, axis=1)).all())
    True

    Args:
        splits: `"released"` or `"disjoint"`.
        train: Pictures to train on, of both classes in turn.
        validation: Pictures that say when to stop.
        test: Pictures of the similar and of the dissimilar set each.
        seed: Of the pictures; the released code has 1988.

    Returns:
        A dict with `"train"`, `"validation"`, `"similar"` and `"dissimilar"`,
        each a pair: pictures, float32 `(pictures, 32, 32, 3)` in [0, 1], and
        labels, 0 or 1, `(pictures,)`.

    Raises:
        ValueError: If an argument is not one of the above, or there are not
            as many different pictures.

    Source:
        Kayhan and van Gemert, *On Translation Invariance in CNNs* (CVPR
        2020), Sec. 4.1, and the released code
        (`oskyhn/CNNs-Without-Borders`, `full_conv/Exp2_Red_Green`).
    """
    if splits not in SPLITS:
        raise InputError(
            '`splits` must be "released" or "disjoint". '
            f"Received: splits={splits!r}"
        )
    counts = {"train": train, "validation": validation, "similar": test}
    for name, count in counts.items():
        if not is_int(count, 1):
            name = "test" if name == "similar" else name
            raise InputError(
                f"`{name}` must be an int of 1 or more. "
                f"Received: {name}={count!r}"
            )
    if splits == "released":
        sets = {name: _draw(count, seed) for name, count in counts.items()}
    else:
        sets = _draw_apart(counts, seed)
    painted = {name: _paint(*boxes) for name, boxes in sets.items()}
    pictures, labels = painted["similar"]
    painted["dissimilar"] = (
        np.roll(pictures, _BASES[1] - _BASES[0], axis=1),
        labels.copy(),
    )
    return painted


def _draw(count, seed):
    """The corners of the squares of the first pictures, and their classes."""
    stream = np.random.RandomState(seed)
    labels = np.arange(count) % 2
    return np.array([_corners(stream, label) for label in labels]), labels


# Draws in a row without a new picture after which there is none left.
_PATIENCE = 10_000


def _draw_apart(counts, seed):
    """The same training set, and others that share no picture with it."""
    stream = np.random.RandomState(seed)
    seen = set()
    sets = {}
    for name, count in counts.items():
        corners, labels = [], np.arange(count) % 2
        for label in labels:
            for _ in range(_PATIENCE):
                pair = _corners(stream, label)
                if name == "train" or (label, *pair) not in seen:
                    break
            else:
                raise InputError(
                    f"There are not as many different pictures as asked for. "
                    f"Received: {counts}"
                )
            seen.add((label, *pair))
            corners.append(pair)
        sets[name] = np.array(corners), labels
    return sets


def _corners(stream, label):
    """Row and column of the left square, then of the right one.

    In the order in which the released code draws them.
    """

    def row():
        jitter = stream.randint(_LEAST_JITTER, _LEAST_JITTER + _JITTERS)
        return _BASES[label] + jitter

    left = stream.randint(_LEFT_COLUMNS)
    left_row = row()
    while True:
        right = stream.randint(left, _COLUMNS)
        right_row = row()
        if right - left >= _APART:
            return left_row, left, right_row, right


def _paint(corners, labels):
    pictures = np.zeros((len(labels), _SIZE, _SIZE, 3), "float32")
    for picture, (row, column, other_row, other_column), label in zip(
        pictures, corners, labels, strict=True
    ):
        left, right = (_RED, _GREEN) if label == 0 else (_GREEN, _RED)
        picture[row : row + _BOX, column : column + _BOX, left] = 1
        picture[
            other_row : other_row + _BOX,
            other_column : other_column + _BOX,
            right,
        ] = 1
    return pictures, labels
