"""Load the orderings that the papers' tables show."""

import importlib.resources
import json

from keras_padpos.published.published_orderings import PublishedOrderings


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
