"""Padding sites as rows of text."""

from collections.abc import Sequence

from keras_padpos.models.padding_site import PaddingSite


def sites_rows(sites: Sequence[PaddingSite]) -> list[dict[str, str]]:
    """Sites as rows of text.

    Args:
        sites: What `find_padding_sites` gave.

    Returns:
        For each site a dict from column to entry: layer (its padding layer
        before it), kind, kernel, stride, cells added (before, after; one pair
        an axis), uneven, mode.
    """
    return [
        {
            "layer": f"{site.padding_layer} + {site.name}"
            if site.padding_layer
            else site.name,
            "kind": site.kind.replace("_", " "),
            "kernel": _by(site.kernel_size),
            "stride": _by(site.strides),
            "cells": _cells(site.pads),
            "uneven": {True: "uneven", False: "", None: "?"}[site.uneven],
            "mode": site.padding_mode.name if site.padding_mode else "?",
        }
        for site in sites
    ]


def _by(cells):
    return "x".join(map(str, cells))


def _cells(pads):
    if pads is None:
        return "?"
    return " / ".join(f"{before},{after}" for before, after in pads)
