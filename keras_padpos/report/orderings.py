"""Whether the orderings that the papers' tables show hold in ours."""

from collections import Counter
from collections.abc import Iterable
from typing import Any

import numpy as np

from keras_padpos import published
from keras_padpos.report import seeds
from keras_padpos.report import table
from keras_padpos.report.cells import listed
from keras_padpos.report.names import NETWORK
from keras_padpos.report.names import head_label
from keras_padpos.report.names import network_identity
from keras_padpos.report.names import network_labels
from keras_padpos.report.names import set_label

_HOLDS, _REVERSED, _UNDECIDED = "holds", "reversed", "undecided"
_NOT_TESTED = "not tested"
_LEVEL = 0.05


def evaluate_orderings(rows: table.Rows) -> list[dict[str, Any]]:
    """Try the orderings of `published.load_orderings` on the rows of runs.

    Each is tried for every network that it speaks of, on every set of
    photographs, picture by picture; networks of several seeds by their mean.
    What a comparison does not name is the same on both sides; where the recipes
    differ all the same (a deeper head has no closed form), `remark` says so.

    Args:
        rows: As `position_rows` returns them.

    Returns:
        A flat row for each comparison: `ordering`, `statement` and `where` as
        published; `network`, its label, and `test_set`, `None` where no network
        fits; the network's `NETWORK` fields; `target` and `head`, unless the
        sides differ in them; `lesser` and `greater`, labels of what tells them
        apart; `difference`, the mean of the SPC that should be greater less the
        other, in [-2, 2], or the mean SPC that is compared with 0;
        `difference_ci95`, over photographs; `images`; `p_holm`, the two-sided
        p-value of Student's t test that the difference is 0 (or at the bound),
        adjusted by Holm's method for all comparisons on the test set; and
        `verdict`: where `p_holm` is at most 0.05 `"holds"` if the difference is
        above 0 (or within the bound), else `"reversed"`; `"undecided"` where it
        is larger or there are too few photographs to tell; `"not tested"`
        where a side was not measured, for the reason in `remark`.
    """
    orderings = published.load_orderings()
    merged = seeds.merge_seeds(rows)
    photographed = [
        r for r in merged if r["test_set"] not in published.CONTROLS
    ]
    evaluation = _Evaluation(orderings, photographed)
    results = [
        {
            "ordering": ordering["id"],
            "statement": ordering["statement"],
            "where": ordering["where"],
            **result,
        }
        for ordering in orderings.orderings
        for result in evaluation.ordering(ordering)
    ]
    for together in table.grouped(results, ["test_set"]).values():
        _decide(together)
    return results


class _Evaluation:
    """The orderings of a paper, tried on rows."""

    def __init__(self, orderings, rows):
        self._models, self._heads = orderings.models, orderings.heads
        self._rows = rows
        # Of many runs there are many, and each comparison looks for its own.
        self._at = table.grouped(rows, ["test_set", "target"])
        # All seeds of a network are one network here.
        self._networks = {
            network_identity(row): {name: row.get(name) for name in NETWORK}
            for row in rows
        }
        networks = self._networks.values()
        # Orderings speak of some without padding that may not be there.
        bare = [{**row, "padding_mode": "none"} for row in networks]
        self._labels = network_labels([*networks, *bare])

    def ordering(self, ordering):
        subjects, reason = self._standing_for(ordering["networks"])
        if not subjects:
            yield _result(remark=reason, network=None, test_set=None)
        for subject in subjects:
            identity = network_identity(subject)
            own = (r for r in self._rows if network_identity(r) == identity)
            for test_set in table.values_of(own, "test_set"):
                about = {
                    "network": self._labels[identity],
                    "test_set": test_set,
                }
                for comparison in ordering["comparisons"]:
                    for target in comparison.get("targets", [None]):
                        yield from (
                            {**subject, **result, **about}
                            for result in self._comparison(
                                comparison, subject, target, test_set
                            )
                        )

    def _comparison(self, comparison, subject, target, test_set):
        place = {"test_set": test_set}
        if target is not None:
            place["target"] = target
        for side in ("near_zero", "above_zero"):
            if side in comparison:
                criteria = {**place, **subject, **comparison[side]}
                bound = comparison.get("bound")
                yield self._against_zero(criteria, bound, target)
                return
        greaters, reason = self._side(subject, comparison["greater"])
        lessers, other_reason = self._side(subject, comparison["lesser"])
        if not (greaters and lessers):
            yield _result(target, remark=reason or other_reason)
        for greater in greaters:
            for lesser in lessers:
                yield self._pair(place | lesser, place | greater, target)

    def _side(self, subject, criteria):
        """What the networks of one side must have, and why there are none."""
        rest = {k: v for k, v in criteria.items() if k != "model"}
        networks, reason = [subject], None
        if "model" in criteria:
            networks, reason = self._standing_for({"model": criteria["model"]})
        return [{**network, **rest} for network in networks], reason

    def _standing_for(self, criteria):
        """The networks that criteria speak of, and why there are none."""
        criteria, reason = dict(criteria), "no network of these runs is one"
        if "model" in criteria:
            model = self._models[criteria.pop("model")]
            if model["fits"] is None:
                return [], model["note"]
            reason = f"not among these networks: {model['note']}"
            criteria = {**model["fits"], **criteria}
        fitting = [
            network
            for network in self._networks.values()
            if published.row_fits(network, criteria)
        ]
        return fitting, None if fitting else reason

    def _matching(self, criteria):
        key = criteria.get("test_set"), criteria.get("target")
        return [
            row
            for row in self._at.get(key, ())
            if all(row.get(name) == value for name, value in criteria.items())
        ]

    def _pair(self, lesser, greater, target):
        from keras_padpos.metrics import mean_p_value
        from keras_padpos.metrics import paired_difference

        untested = None
        # The first of the paper's heads that was measured serves.
        for head in self._heads:
            sides = [{**head, **lesser}, {**head, **greater}]
            low, high = map(self._matching, sides)
            labels = list(self._side_labels(*sides))
            if pair := seeds.closest_pair(high, low):
                greater_scores, lesser_scores = (
                    row["scores"] for row in pair[:2]
                )
                photographs = pair[0]["photograph_numbers"]
                difference, interval = paired_difference(
                    greater_scores, lesser_scores, photographs=photographs
                )
                p_value = mean_p_value(
                    greater_scores - lesser_scores, photographs=photographs
                )
                same = all(
                    sides[0][name] == sides[1][name] for name in seeds.HEAD
                )
                return _result(
                    target,
                    *labels,
                    head=head_label(sides[1]) if same else None,
                    difference=difference,
                    difference_ci95=interval,
                    images=pair[0]["images"],
                    p_holm=p_value,
                    verdict=_UNDECIDED,
                    remark="fitted differently: " * bool(pair[2])
                    + "; ".join(pair[2]),
                )
            reason = "scored on other pictures"
            sides = zip(labels, (low, high), strict=True)
            if missing := [label for label, rows in sides if not rows]:
                reason = f"not measured: {' and '.join(missing)}"
            untested = untested or _result(target, *labels, remark=reason)
        return untested

    def _side_labels(self, lesser, greater):
        """Each side by what tells it from the other."""

        def differ(*names):
            return any(lesser.get(name) != greater.get(name) for name in names)

        for side in (lesser, greater):
            parts = []
            if differ(*NETWORK):
                parts.append(self._labels[network_identity(side)])
            if differ("target"):
                parts.append(side["target"].replace("_", " "))
            if differ(*seeds.HEAD):
                parts.append(head_label(side))
            if differ("stages") and side["stages"] == "all":
                parts.append("all stages")
            yield ", ".join(parts)

    def _against_zero(self, criteria, bound, target):
        from keras_padpos.metrics import mean_p_value

        matching = (
            self._matching({**head, **criteria}) for head in self._heads
        )
        rows = next(filter(None, matching), None)
        if not rows:
            head = head_label({**self._heads[0], **criteria})
            return _result(target, remark=f"not measured: {head}")
        row = min(rows, key=seeds.fit_preference)
        p_value = mean_p_value(
            row["scores"],
            photographs=row["photograph_numbers"],
            # The nearer of the two bounds.
            mean=np.copysign(bound or 0.0, row["spearman"]),
        )
        return _result(
            target,
            "0" if bound is None else None,
            None if bound is None else f"within {bound} of 0",
            head=head_label(row),
            difference=row["spearman"],
            difference_ci95=row["spearman_ci95"],
            images=row["images"],
            p_holm=p_value,
            bound=bound,
            verdict=_UNDECIDED,
            remark="",
        )


def _result(target=None, lesser=None, greater=None, **fields):
    return {
        "target": target,
        "head": None,
        "lesser": lesser,
        "greater": greater,
        "difference": None,
        "difference_ci95": None,
        "images": None,
        "p_holm": None,
        "bound": None,
        "verdict": _NOT_TESTED,
        **fields,
    }


def _decide(results):
    """Adjust the p-values of comparisons read together, and give verdicts."""
    from keras_padpos.metrics import holm

    results = [each for each in results if each["p_holm"] is not None]
    adjusted = holm([each["p_holm"] for each in results])
    for result, p_value in zip(results, adjusted, strict=True):
        result["p_holm"] = p_value
        if p_value <= _LEVEL:
            difference, bound = result["difference"], result["bound"]
            holds = difference > 0 if bound is None else abs(difference) < bound
            result["verdict"] = _HOLDS if holds else _REVERSED


def orderings_tables(rows: table.Rows) -> list[dict[str, Any]]:
    """Lay out what `evaluate_orderings` returns.

    For each test set two tables, as arguments of `print_table`: a line an
    ordering and a column a network, then a line a comparison.
    """
    tested = [row for row in rows if row["network"] is not None]
    tables = []
    for (test_set,), own in table.grouped(tested, ["test_set"]).items():
        cells = table.grouped(own, ["statement", "network"])
        networks = table.values_of(own, "network")
        lines = {
            statement: {"statement": statement, "where": where}
            for statement, where in table.grouped(rows, ["statement", "where"])
        }
        for (statement, network), compared in cells.items():
            lines[statement][network] = _verdict_text(compared)
        tables.append(
            {
                "title": "Orderings of Islam et al. (ICLR 2020), by SPC on "
                f"{set_label(test_set)}",
                "columns": ["statement", "where", *networks],
                "rows": list(lines.values()),
                "notes": [
                    *_untested(rows, test_set),
                    "A comparison holds, or is reversed, if its paired "
                    "difference is above, or below, 0 with a p-value of at "
                    "most 0.05 (Student's t over photographs), adjusted for "
                    "all comparisons of this table by Holm's method; else it "
                    "is undecided. -: the ordering is not about this network.",
                    seeds.INTERVAL_NOTE,
                ],
            }
        )
        compared = [row for row in own if row["verdict"] != _NOT_TESTED]
        if compared:
            tables.append(_comparisons(test_set, compared))
    return tables


def _verdict_text(rows: table.Rows) -> str:
    """How many comparisons of an ordering hold; it `holds` if all do."""
    counts = Counter(row["verdict"] for row in rows)
    tested = len(rows) - counts[_NOT_TESTED]
    if not tested:
        return _NOT_TESTED
    if counts[_HOLDS] == len(rows):
        return f"{_HOLDS} ({tested} of {tested})"
    return f"{counts[_HOLDS]} of {tested} hold" + "".join(
        f", {counts[verdict]} {verdict}"
        for verdict in (_REVERSED, _UNDECIDED, _NOT_TESTED)
        if counts[verdict]
    )


def _untested(rows: table.Rows, test_set: str) -> Iterable[str]:
    """Why orderings were not tested at all on a test set."""
    about = [row for row in rows if row["test_set"] in (test_set, None)]
    for (statement,), own in table.grouped(about, ["statement"]).items():
        if all(row["verdict"] == _NOT_TESTED for row in own):
            reasons = table.values_of(own, "remark")
            texts = listed(reasons, 2, "; ", "; {} more")
            yield f"Not tested: {statement}: {texts}."


def _comparisons(test_set: str, rows: table.Rows) -> dict[str, Any]:
    return {
        "title": f"Their comparisons on {set_label(test_set)}",
        "columns": [
            "where",
            "network",
            "target",
            "head",
            ("lesser", "should be lower"),
            ("greater", "should be higher"),
            ("difference", "difference in SPC"),
            ("difference_ci95", "95 % interval"),
            ("p_holm", "p (Holm)"),
            "verdict",
            *(["remark"] if any(row["remark"] for row in rows) else []),
        ],
        "rows": [
            {**row, "target": row["target"] and row["target"].replace("_", " ")}
            for row in rows
        ],
    }
