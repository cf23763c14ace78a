"""What a paper's numbers are said to show."""

import dataclasses
from typing import Any


@dataclasses.dataclass(frozen=True)
class PublishedOrderings:
    """The orderings that a paper's tables show, to be tried on other rows.

    Criteria are dicts from a field of a row of `position_probe` to what it
    must be; `row_fits` reads them.

    Example:

    >>> from keras_padpos.published import load_orderings
    >>> ordering = load_orderings().orderings[5]
    >>> ordering["statement"], ordering["where"]
    ('Heads with larger kernels read more', 'Table 2b')
    >>> ordering["comparisons"][0]["greater"]
    {'kernel_size': 3}

    Args:
        paper: As in `PublishedTable`.
        source: How the orderings came here.
        notes: What a reader should know.
        heads: Probes as in `table_heads`. What a comparison does not name
            of its head is as in the first of these that was measured.
        models: From the name of each of the paper's networks to `fits`,
            criteria of the networks that stand for it, `None` where there are
            none, and `note`, which says which these are, or why there are
            none.
        orderings: A dict each: `id`, `statement`, `where` (the table),
            `networks`, criteria of the networks that it is about (`model`
            is short for those of a model), and `comparisons`. A comparison has
            `targets`, names of target maps, unless it names them in its
            criteria, and criteria that a row has beside those of the network:
            under `lesser` and `greater`, of the rows with the lower and the
            higher SPC; under `above_zero`, of a row whose SPC is positive; or
            under `near_zero`, of a row whose SPC is at most `bound` from 0.
    """

    paper: dict[str, str | None]
    source: str
    notes: tuple[str, ...]
    heads: tuple[dict[str, Any], ...]
    models: dict[str, dict[str, Any]]
    orderings: tuple[dict[str, Any], ...]
