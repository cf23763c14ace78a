"""Tables as text, fitted to a terminal or whole, and as HTML."""

import html
import itertools
import re
import textwrap
from collections.abc import Iterable
from collections.abc import Sequence

from rich.cells import cell_len
from rich.console import Console

from keras_padpos.errors import printable

# Between columns.
_GAP = "  "

# What stays on one line: an interval, a mean ± its deviation, a word.
_TOKEN = re.compile(r"[\[(][-+−\d][^\])]*[\])]\S*|\S+ ± \S+|\S+ %(?!\S)|\S+")

_NUMBER = re.compile(r"[-+−]?\d")

# A longer word, such as a path, may be broken behind these.
_LONG_WORD = 24
_PART = re.compile(r"[^-_,/=]*[-_,/=]+|[^-_,/=]+")

_INDENT = "  "


class _Grid:
    """Headings and cells, in blocks of rows that share their columns."""

    def __init__(
        self,
        headings: Sequence[str],
        right: Sequence[bool],
        blocks: Sequence[tuple[str, Sequence[Sequence[str]]]],
    ) -> None:
        self.headings, self.right, self.blocks = headings, right, blocks

    @property
    def rows(self) -> list[Sequence[str]]:
        return [row for _, rows in self.blocks for row in rows]

    def _widths(self, measure, heading_measure=None):
        cells = (
            map(heading_measure or measure, self.headings),
            *(map(measure, row) for row in self.rows),
        )
        return list(map(max, *cells)) if self.rows else list(*cells)

    def natural(self) -> list[int]:
        return self._widths(cell_len)

    def heading_wrapped(self) -> list[int]:
        return self._widths(cell_len, _longest_token)

    def smallest(self) -> list[int]:
        return self._widths(_longest_token)

    def without_shared(self, width: int) -> tuple["_Grid", str]:
        """Columns that say one thing in all rows become a line above.

        The first ones, which say what rows are of, until the others fit.
        """
        grid, texts, kept = self, [], [True] * len(self.headings)
        for number, column in enumerate(zip(*self.rows, strict=True)):
            if _total(grid.heading_wrapped()) <= width:
                break
            if number and len(column) > 1 and len(set(column)) == 1:
                kept[number] = False
                grid = self._kept(kept)
                texts += [f"{self.headings[number]}: {column[0]}"] * (
                    column[0] != "-"
                )
        return grid, "; ".join(texts)

    def split(self) -> "_Grid | None":
        """A block for each value of the first column, if several rows have one.

        A column that says one thing within every block moves into its heading.
        """
        groups: dict[str, list[Sequence[str]]] = {}
        for row in self.rows:
            groups.setdefault(row[0], []).append(row)
        if len(self.headings) < 3 or len(groups) == len(self.rows):
            return None
        moved = [
            all(len({row[n] for row in rows}) == 1 for rows in groups.values())
            for n in range(len(self.headings))
        ]
        # What names the rows of a block stays.
        moved[1] = False
        blocks = [
            (
                "; ".join(
                    f"{self.headings[n]}: {rows[0][n]}"
                    for n, is_moved in enumerate(moved)
                    if is_moved and rows[0][n] != "-"
                ),
                rows,
            )
            for rows in groups.values()
        ]
        grid = _Grid(self.headings, self.right, blocks)
        return grid._kept([not is_moved for is_moved in moved])

    def _kept(self, kept):
        def keep(values):
            pairs = zip(values, kept, strict=True)
            return [value for value, is_kept in pairs if is_kept]

        blocks = [(title, list(map(keep, rows))) for title, rows in self.blocks]
        return _Grid(keep(self.headings), keep(self.right), blocks)

    def lines(self, widths: Sequence[int], width: int) -> Iterable[str]:
        """Columns of these widths, texts wrapped; a rule below headings.

        Headings of blocks have `width`.
        """
        for number, (title, rows) in enumerate(self.blocks):
            if number:
                yield ""
            if title:
                yield from wrapped_text(title, width)
            yield from self._row(self.headings, widths)
            yield _GAP.join("─" * width for width in widths)
            tall = False
            for row in rows:
                lines = list(self._row(row, widths))
                # Rows of several lines stand apart.
                if tall or (row is not rows[0] and len(lines) > 1):
                    yield ""
                tall = len(lines) > 1
                yield from lines

    def _row(self, cells, widths):
        wrapped = [
            wrapped_text(cell, width)
            for cell, width in zip(cells, widths, strict=True)
        ]
        for number in range(max(map(len, wrapped))):
            parts = [
                _aligned(lines[number] if number < len(lines) else "", w, right)
                for lines, w, right in zip(
                    wrapped, widths, self.right, strict=True
                )
            ]
            yield _GAP.join(parts).rstrip()

    def parts(self, width: int) -> "list[_Grid]":
        """Some of the columns at a time, beside those that name the rows."""
        names = 1
        for column in list(zip(*self.rows, strict=True))[1:-1]:
            if any(map(_NUMBER.match, column)):
                break
            names += 1
        smallest = self.smallest()
        parts: list[list[int]] = [[]]
        for number in range(names, len(smallest)):
            shown = [*range(names), *parts[-1], number]
            if parts[-1] and _total([smallest[n] for n in shown]) > width:
                parts.append([])
            parts[-1].append(number)
        shown = [{*range(names), *part} for part in parts]
        return [
            self._kept([n in part for n in range(len(smallest))])
            for part in shown
        ]

    def records(self, width: int) -> Iterable[str]:
        """A paragraph for each row, a line for each of its cells."""
        for title, rows in self.blocks:
            if title:
                yield from wrapped_text(title, width)
            for row in rows:
                first, *others = zip(self.headings, row, strict=True)
                yield from wrapped_text(f"{first[0]}: {first[1]}", width)
                for heading, cell in others:
                    lines = wrapped_text(
                        f"{heading}: {cell}", width - len(_INDENT)
                    )
                    yield from (_INDENT + line for line in lines)


def table_lines(
    headings: Sequence[str],
    rows: Sequence[Sequence[str]],
    right: Sequence[bool],
    width: int,
) -> list[str]:
    r"""Lay a table out in at most `width` columns of text.

    A table that is too wide says once, above, what all of its rows share; then
    breaks its headings; then becomes a block for each value of its first
    column; then breaks its cells; then shows some of its columns at a time; at
    last each row is a paragraph. Only a word that is wider than all of the
    width is broken.

    Example:

    >>> print("\n".join(table_lines(
    ...     ["target", "padding", "SPC of the probe"],
    ...     [["h", "zeros", "0.9"], ["h", "reflect", "0.1"]],
    ...     [False, False, True], 18)))
    target: h
    padding     SPC of
             the probe
    ───────  ─────────
    zeros          0.9
    reflect        0.1

    Args:
        headings: Of the columns.
        rows: The cells of each row.
        right: Whether a column stands on the right.
        width: Of a line, in cells of a terminal.
    """
    grid = _Grid(headings, right, [("", rows)])
    if _total(grid.natural()) <= width or not rows:
        return list(grid.lines(grid.natural(), width))
    grid, shared = grid.without_shared(width)
    above = wrapped_text(shared, width) if shared else []
    for each in (grid, grid.split()):
        if each is None:
            continue
        for widths in (each.natural(), each.heading_wrapped()):
            if _total(widths) <= width:
                widths = _widened(widths, each.natural(), width)
                return above + list(each.lines(widths, width))
    grid = grid.split() or grid
    parts = grid.parts(width) if len(rows) > 1 else [grid]
    if max(_total(part.smallest()) for part in parts) > width:
        return above + list(grid.records(width))
    lines = above
    for number, part in enumerate(parts):
        widths = _widened(part.smallest(), part.natural(), width)
        lines += [""] * (number > 0) + list(part.lines(widths, width))
    return lines


def fitted_lines(
    headings: Sequence[str],
    rows: Sequence[Sequence[str]],
    right: Sequence[bool] | None = None,
    console: Console | None = None,
) -> list[str]:
    """A table for a terminal; in a pipe or a file one as wide as it needs.

    Where a terminal is too narrow it is laid out anew, see `table_lines`.
    Elsewhere it is Markdown, a line for each row.

    Args:
        headings: Of the columns.
        rows: The cells of each row.
        right: Whether a column stands on the right; if not given: none does.
        console: Where it will be printed; standard output if not given.
    """
    console = console or Console()
    right = right or [False] * len(headings)
    if not console.is_terminal:
        return whole_lines(headings, rows, right)
    lines = whole_lines(headings, rows, right, markdown=False)
    if max(map(cell_len, lines)) > console.width:
        lines = table_lines(headings, rows, right, console.width)
    return lines


def whole_lines(
    headings: Sequence[str],
    rows: Sequence[Sequence[str]],
    right: Sequence[bool] | None = None,
    *,
    markdown: bool = True,
) -> list[str]:
    r"""A table as wide as it needs, in Markdown or with a rule alone.

    Example:

    >>> print("\n".join(whole_lines(["layer", "stride"], [["conv1", "2"]])))
    | layer | stride |
    |-------|--------|
    | conv1 | 2      |
    """
    right = right or [False] * len(headings)
    widths = _Grid(headings, right, [("", rows)]).natural()
    bar = "|" if markdown else " "

    def line(cells):
        parts = itertools.starmap(
            _aligned, zip(cells, widths, right, strict=True)
        )
        return f"{bar} {f' {bar} '.join(parts)} {bar}".rstrip()

    rule = "|".join("-" * (width + 2) for width in widths)
    rule = f"|{rule}|" if markdown else " " + "─" * len(rule)
    return [line(headings), rule, *map(line, rows)]


def html_table(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table for a notebook."""

    def line(tag, cells):
        texts = (f"<{tag}>{html.escape(cell)}</{tag}>" for cell in cells)
        return f"<tr>{''.join(texts)}</tr>"

    lines = [line("th", headings), *(line("td", row) for row in rows)]
    return f"<table>{''.join(lines)}</table>"


class Tabular:
    """What is printed, and shown by a notebook, as a table with notes below.

    A subclass has `_rows()`, texts by heading, and `_notes()`, of which the
    first is a summary. Without rows there are the notes alone.
    """

    def __str__(self) -> str:
        lines = whole_lines(*self._cells()) if self._rows() else []
        return "\n".join([*lines, *self._notes()])

    def __repr__(self) -> str:
        return f"<{type(self).__name__}: {self._notes()[0]}>"

    def _repr_html_(self) -> str:
        table = html_table(*self._cells()) if self._rows() else ""
        notes = (f"<p>{html.escape(note)}</p>" for note in self._notes())
        return table + "".join(notes)

    def _cells(self):
        rows = self._rows()
        return list(rows[0]), [list(map(printable, r.values())) for r in rows]

    def _rows(self) -> list[dict[str, str]]:
        raise NotImplementedError

    def _notes(self) -> list[str]:
        raise NotImplementedError


def _total(widths):
    return sum(widths) + len(_GAP) * (len(widths) - 1)


def _widened(widths, natural, width):
    """Give what is left to the columns that lack most."""
    widths = list(widths)
    for _ in range(width - _total(widths)):
        lack = [want - has for want, has in zip(natural, widths, strict=True)]
        if max(lack) <= 0:
            break
        widths[lack.index(max(lack))] += 1
    return widths


def _aligned(text, width, right):
    blank = " " * (width - cell_len(text))
    return blank + text if right else text + blank


def _tokens(text):
    """What is not broken, and whether a blank stands before it."""
    for token in _TOKEN.findall(text):
        parts = [token]
        if cell_len(token) > _LONG_WORD:
            parts = _PART.findall(token)
        for number, part in enumerate(parts):
            yield part, number == 0


def _longest_token(text):
    return max((cell_len(token) for token, _ in _tokens(text)), default=0)


def wrapped_text(text: str, width: int) -> list[str]:
    """Lines of at most `width`; intervals and mean ± deviation stay whole.

    Example:

    >>> wrapped_text("SPC 0.5 [0.4, 0.6] of zeros", 12)
    ['SPC 0.5', '[0.4, 0.6]', 'of zeros']
    """
    lines = [""]
    for token, is_apart in _tokens(text):
        blank = " " if is_apart and lines[-1] else ""
        if lines[-1] and cell_len(lines[-1] + blank + token) > width:
            lines.append("")
            blank = ""
        first, *rest = [token]
        if cell_len(token) > width:
            first, *rest = textwrap.wrap(token, max(width, 1)) or [token]
        lines[-1] += blank + first
        lines += rest
    return lines
