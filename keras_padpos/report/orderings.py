"""Whether the orderings that the papers' tables show hold in ours."""

from collections import Counter
from collections.abc import Mapping
from collections.abc import Sequence
from typing import Any

from keras_padpos.published import CONTROLS
from keras_padpos.report._position_rows import HEAD
from keras_padpos.report._position_rows import NETWORK
from keras_padpos.report._position_rows import position_rows
from keras_padpos.report.cells import print_table
from keras_padpos.report.cells import table_markdown
from keras_padpos.report.identity import network_identity
from keras_padpos.report.names import head_words
from keras_padpos.report.names import set_words
from keras_padpos.report.names import unique_network_words
from keras_padpos.report.seeds import closest_pair
from keras_padpos.report.seeds import fit_preference
from keras_padpos.report.seeds import interval_note
from keras_padpos.report.seeds import merge_seeds
from keras_padpos.runs.work_directory import WorkDirectory

HOLDS, REVERSED, UNDECIDED, NOT_TESTED = (
    "holds",
    "reversed",
    "undecided",
    "not tested",
)
"""What can be said of a comparison."""

_Row = Mapping[str, Any]


def evaluate_orderings(works: Sequence[WorkDirectory]) -> list[dict[str, Any]]:
    """Try the orderings of `published.load_orderings` on the rows of runs.

    Each is tried for every network that it speaks of, on every set of
    photographs. Two read-outs are compared picture by picture, networks of
    several seeds by their mean over seeds. What a comparison does not name is
    the same on both sides; where the recipes differ all the same (a deeper
    head has no closed form), `remark` says so.

    Args:
        works: Directories of finished runs of `position_probe`.

    Returns:
        A flat row for each comparison, in the order of the orderings:
        `ordering`, `statement` and `where` as published; `network`, in words,
        and `test_set`, both `None` where no network fits; the network's
        `NETWORK` fields, if one does; `target` and
        `head`, unless the sides differ in them; `lesser` and `greater`, by
        what tells them apart, in words; `difference`, the mean of the SPC that
        should be greater less the other, in [-2, 2], or the mean SPC that is
        compared with 0; `difference_ci95`, its interval over pictures;
        `images`; and `verdict`: `"holds"` if the interval is above 0 (for one
        that should be near 0: within the bound), `"reversed"` if it is below 0
        (outside the bound), `"undecided"` if neither, and `"not tested"`
        where a side was not measured, for the reason in `remark`.

    Raises:
        InputError: If a run is not finished, or its arrays are missing.
    """
    from keras_padpos import published

    told = published.load_orderings()
    rows = [
        row
        for row in merge_seeds(position_rows(works))
        if row["test_set"] not in CONTROLS
    ]
    return [
        {
            "ordering": ordering["id"],
            "statement": ordering["statement"],
            "where": ordering["where"],
            **tried,
        }
        for ordering in told.orderings
        for tried in _Tried(told, rows).ordering(ordering)
    ]


class _Tried:
    """The orderings of a paper, tried on rows."""

    def __init__(self, told, rows):
        self._told = told
        self._rows = rows
        # Of many runs there are many, and each comparison looks for its own.
        self._at: dict[tuple, list[_Row]] = {}
        for row in rows:
            place = row["test_set"], row["target"]
            self._at.setdefault(place, []).append(row)
        # All seeds of a network are one network here.
        self._networks = list(
            {
                network_identity(row): {name: row.get(name) for name in NETWORK}
                for row in rows
            }.values()
        )
        # Orderings speak of some without padding that may not be there.
        bare = [{**row, "padding_mode": "none"} for row in self._networks]
        self._words = unique_network_words([*self._networks, *bare])

    def ordering(self, ordering):
        subjects, note = self._standing_for(ordering["networks"])
        if not subjects:
            yield {
                **_not_tested(None, None, None, note),
                "network": None,
                "test_set": None,
            }
        for subject in subjects:
            mine = [row for row in self._rows if _is_of(row, subject)]
            for test_set in dict.fromkeys(row["test_set"] for row in mine):
                for comparison in ordering["comparisons"]:
                    for target in comparison.get("targets", [None]):
                        for tried in self._comparison(
                            comparison, subject, target, test_set
                        ):
                            yield {
                                **subject,
                                **tried,
                                "network": self._words[
                                    network_identity(subject)
                                ],
                                "test_set": test_set,
                            }

    def _comparison(self, comparison, subject, target, test_set):
        place = {"test_set": test_set}
        if target is not None:
            place["target"] = target
        for side in ("near_zero", "above_zero"):
            if side in comparison:
                wanted = {**place, **subject, **comparison[side]}
                yield self._against_zero(
                    wanted, comparison.get("bound"), target
                )
                return
        greaters, note = self._side(subject, comparison["greater"])
        lessers, other_note = self._side(subject, comparison["lesser"])
        if not (greaters and lessers):
            yield _not_tested(target, None, None, note or other_note)
        for greater in greaters:
            for lesser in lessers:
                yield self._pair(
                    {**place, **lesser}, {**place, **greater}, target
                )

    def _side(self, subject, criteria):
        """What the networks of one side must have, and why there are none."""
        rest = {k: v for k, v in criteria.items() if k != "model"}
        networks, note = [subject], None
        if "model" in criteria:
            networks, note = self._standing_for({"model": criteria["model"]})
        return [{**network, **rest} for network in networks], note

    def _standing_for(self, criteria):
        """The networks that criteria speak of, and why there are none."""
        from keras_padpos import published

        criteria, note = dict(criteria), "no network of these runs is one"
        if "model" in criteria:
            model = self._told.models[criteria.pop("model")]
            if model["fits"] is None:
                return [], model["note"]
            note = f"not among these networks: {model['note']}"
            criteria = {**model["fits"], **criteria}
        fitting = [
            network
            for network in self._networks
            if published.row_fits(network, criteria)
        ]
        return fitting, None if fitting else note

    def _found(self, wanted):
        """Rows of the first of the paper's heads that was measured."""
        return next(
            (
                rows
                for head in self._told.heads
                if (rows := self._matching({**head, **wanted}))
            ),
            [],
        )

    def _matching(self, wanted):
        place = wanted.get("test_set"), wanted.get("target")
        return [
            row
            for row in self._at.get(place, ())
            if all(row.get(name) == value for name, value in wanted.items())
        ]

    def _pair(self, lesser, greater, target):
        from keras_padpos.metrics import paired_difference

        reasons = []
        for head in self._told.heads:
            sides = [{**head, **lesser}, {**head, **greater}]
            low, high = map(self._matching, sides)
            words = self._in_words(*sides)
            missing = [
                word
                for word, rows in zip(words, (low, high), strict=True)
                if not rows
            ]
            if missing:
                reasons.append(
                    (target, *words, f"not measured: {' and '.join(missing)}")
                )
                continue
            pair = closest_pair(high, low)
            if pair is None:
                reasons.append((target, *words, "scored on other pictures"))
                continue
            difference, interval = paired_difference(
                pair[0]["scores"], pair[1]["scores"]
            )
            remark = "; ".join(pair[2])
            return {
                "target": target,
                "head": _shared_head(*sides),
                "lesser": words[0],
                "greater": words[1],
                "difference": difference,
                "difference_ci95": interval,
                "images": pair[0]["images"],
                "verdict": _above(interval),
                "remark": remark and f"fitted differently: {remark}",
            }
        return _not_tested(*reasons[0])

    def _in_words(self, lesser, greater):
        """Each side by what tells it from the other."""

        def differ(*names):
            return any(lesser.get(name) != greater.get(name) for name in names)

        words = []
        for side in (lesser, greater):
            parts = []
            if differ(*NETWORK):
                parts.append(self._words[network_identity(side)])
            if differ("target"):
                parts.append(side["target"].replace("_", " "))
            if differ(*HEAD):
                stages = "all stages" if differ("stages") else None
                head = head_words(side)
                parts.append(
                    f"{head}, {stages}"
                    if stages and side["stages"] == "all"
                    else head
                )
            words.append(", ".join(parts))
        return words

    def _against_zero(self, wanted, bound, target):
        found = self._found(wanted)
        if not found:
            head = head_words({**self._told.heads[0], **wanted})
            return _not_tested(target, None, None, f"not measured: {head}")
        row = min(found, key=fit_preference)
        interval = row["spearman_ci95"]
        return {
            "target": target,
            "head": head_words(row),
            "lesser": "0" if bound is None else None,
            "greater": None if bound is None else f"within {bound} of 0",
            "difference": row["spearman"],
            "difference_ci95": interval,
            "images": row["images"],
            "verdict": _above(interval)
            if bound is None
            else _within(interval, bound),
            "remark": "",
        }


def _is_of(row: _Row, network: _Row) -> bool:
    return network_identity(row) == network_identity(network)


def _not_tested(target, lesser, greater, why):
    return {
        "target": target,
        "head": None,
        "lesser": lesser,
        "greater": greater,
        "difference": None,
        "difference_ci95": None,
        "images": None,
        "verdict": NOT_TESTED,
        "remark": why,
    }


def _above(interval: Sequence[float] | None) -> str:
    if interval is None:
        return UNDECIDED
    low, high = interval
    return HOLDS if low > 0 else REVERSED if high < 0 else UNDECIDED


def _within(interval: Sequence[float] | None, bound: float) -> str:
    if interval is None:
        return UNDECIDED
    low, high = interval
    if -bound <= low and high <= bound:
        return HOLDS
    return REVERSED if low > bound or high < -bound else UNDECIDED


def _shared_head(lesser: _Row, greater: _Row) -> str | None:
    """The head in words, if both sides have the same."""
    if any(lesser[name] != greater[name] for name in HEAD):
        return None
    return head_words(greater)


_Rows = Sequence[Mapping[str, Any]]


def print_orderings(works: Sequence[WorkDirectory]) -> None:
    """Print which of the papers' orderings hold for which network.

    Args:
        works: Directories of finished runs of `position_probe`.

    Raises:
        InputError: If a run is not finished, or its arrays are missing.
    """
    for table in orderings_tables(evaluate_orderings(works)):
        print_table(**table)


def orderings_markdown(works: Sequence[WorkDirectory]) -> str:
    """What `print_orderings` prints, as Markdown.

    Args:
        works: Directories of finished runs of `position_probe`.

    Returns:
        The text, without a line break at its end.

    Raises:
        InputError: If a run is not finished, or its arrays are missing.
    """
    return "\n\n".join(
        table_markdown(**table)
        for table in orderings_tables(evaluate_orderings(works))
    )


def orderings_tables(rows: _Rows) -> list[dict[str, Any]]:
    """Lay out what `evaluate_orderings` found.

    Example:

    >>> row = {"statement": "Larger is better", "where": "Table 2b",
    ...        "network": "vgg16", "test_set": "photographs",
    ...        "target": "gaussian", "lesser": "1x1", "greater": "3x3",
    ...        "difference": 0.1, "difference_ci95": (0.05, 0.15),
    ...        "images": 48, "verdict": "holds", "remark": ""}
    >>> orderings_tables([row, {**row, "verdict": "reversed"}])[0]["rows"]
    [{'statement': 'Larger is better', 'where': 'Table 2b', 'vgg16': '1 of 2 \
hold, 1 reversed'}]

    Args:
        rows: As `evaluate_orderings` returns them.

    Returns:
        Arguments of `print_table`. For each test set two tables: a line an
        ordering and a column a network, then a line a comparison.
    """
    tested = [row for row in rows if row["network"] is not None]
    tables = []
    for test_set in dict.fromkeys(row["test_set"] for row in tested):
        mine = [row for row in tested if row["test_set"] == test_set]
        networks = list(dict.fromkeys(row["network"] for row in mine))
        lines: dict[tuple, dict[str, Any]] = {}
        for row in rows:
            key = row["statement"], row["where"]
            lines.setdefault(
                key, dict(zip(("statement", "where"), key, strict=True))
            )
        for (statement, _), line in lines.items():
            for network in networks:
                cell = [
                    row
                    for row in mine
                    if (row["statement"], row["network"])
                    == (statement, network)
                ]
                if cell:
                    line[network] = verdict_words(cell)
        tables.append(
            {
                "title": "Orderings of Islam et al. (ICLR 2020), by SPC on "
                f"{set_words(test_set)}",
                "columns": ["statement", "where", *networks],
                "rows": list(lines.values()),
                "notes": [
                    *_untested(lines, mine, rows),
                    "A comparison holds if the 95 % interval of the paired "
                    "difference is above 0, is reversed if below, undecided "
                    "if it covers 0. -: the ordering is not about this "
                    "network.",
                    interval_note([test_set]),
                ],
            }
        )
        compared = [row for row in mine if row["verdict"] != NOT_TESTED]
        if compared:
            tables.append(_comparisons(test_set, compared))
    return tables


def verdict_words(rows: _Rows) -> str:
    """Say how many comparisons of an ordering hold.

    Example:

    >>> verdict_words([{"verdict": "holds"}] * 2)
    'holds (2 of 2)'
    >>> verdict_words([{"verdict": "holds"}, {"verdict": "undecided"},
    ...                {"verdict": "not tested"}])
    '1 of 2 hold, 1 undecided, 1 not tested'
    >>> verdict_words([{"verdict": "not tested"}])
    'not tested'

    Args:
        rows: Comparisons as `evaluate_orderings` returns them.

    Returns:
        A few words; an ordering `holds` if all its comparisons do.
    """
    counts = Counter(row["verdict"] for row in rows)
    tested = len(rows) - counts[NOT_TESTED]
    if not tested:
        return NOT_TESTED
    if counts[HOLDS] == len(rows):
        return f"{HOLDS} ({tested} of {tested})"
    return ", ".join(
        [
            f"{counts[HOLDS]} of {tested} hold",
            *(
                f"{counts[verdict]} {verdict}"
                for verdict in (REVERSED, UNDECIDED, NOT_TESTED)
                if counts[verdict]
            ),
        ]
    )


def _untested(lines, mine, rows):
    """Why orderings were not tested at all on a test set."""
    for statement, _ in lines:
        about = [
            row
            for row in (*mine, *(r for r in rows if r["network"] is None))
            if row["statement"] == statement
        ]
        if all(row["verdict"] == NOT_TESTED for row in about):
            reasons = list(dict.fromkeys(row["remark"] for row in about))
            if reasons:
                more = f"; {len(reasons) - 2} more" if len(reasons) > 2 else ""
                yield (
                    f"Not tested: {statement}: {'; '.join(reasons[:2])}{more}."
                )


def _comparisons(test_set: str, rows: _Rows) -> dict[str, Any]:
    remarks = any(row["remark"] for row in rows)
    return {
        "title": f"Their comparisons on {set_words(test_set)}",
        "columns": [
            "where",
            "network",
            "target",
            "head",
            ("lesser", "should be lower"),
            ("greater", "should be higher"),
            ("difference", "difference in SPC"),
            ("difference_ci95", "95 % interval"),
            "verdict",
            *(["remark"] if remarks else []),
        ],
        "rows": [
            {**row, "target": row["target"] and row["target"].replace("_", " ")}
            for row in rows
        ],
    }
