"""The orderings that the papers' tables show."""

import dataclasses
import importlib.resources
import json
from collections.abc import Mapping
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


def load_orderings() -> PublishedOrderings:
    """Loads the orderings of Islam et al. (ICLR 2020).

    Example:

    >>> from keras_padpos.published import load_orderings
    >>> [ordering["id"] for ordering in load_orderings().orderings][:2]
    ['head_only_near_chance', 'networks_above_head_only']

    Returns:
        The orderings, a fresh `PublishedOrderings` at every call.
    """
    file = importlib.resources.files("keras_padpos.published").joinpath(
        "islam2020_orderings.json"
    )
    content = json.loads(file.read_text(encoding="utf-8"))
    for field in ("notes", "heads", "orderings"):
        content[field] = tuple(content[field])
    return PublishedOrderings(**content)


def row_fits(row: Mapping[str, Any], criteria: Mapping[str, Any]) -> bool:
    """Whether a row has what criteria ask for.

    Example:

    >>> row = {"backbone": "vgg16", "weights": "bundled"}
    >>> row_fits(row, {"backbone": ["vgg16", "vgg19"]})
    True
    >>> row_fits(row, {"backbone": "vgg16", "weights": {"not": ["bundled"]}})
    False

    Args:
        row: What was measured.
        criteria: From a field to its value, to a list of values of which it
            must be one, or to `{"not": [...]}`, values which it must not be.
            A row that lacks the field does not fit.

    Returns:
        Whether all criteria are met.
    """
    return all(
        field in row and _meets(row[field], wanted)
        for field, wanted in criteria.items()
    )


def _meets(value: Any, wanted: Any) -> bool:
    if isinstance(wanted, Mapping):
        return value not in wanted["not"]
    return value in (wanted if isinstance(wanted, list) else [wanted])
