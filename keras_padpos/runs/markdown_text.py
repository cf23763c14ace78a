"""Any text as Markdown that shows it."""

import re


def markdown_text(text: str) -> str:
    r"""Escape what Markdown would take for something else.

    Names of files and networks are anybody's: tags, links, the bars between
    cells and what would begin a list or a heading stay text. What cannot be
    printed, such as what tells a terminal to do something, is a question mark.

    Example:

    >>> print(markdown_text("<b> |E[D]| [a](b)"))
    &lt;b> \|E[D]\| [a]\(b)
    >>> print(markdown_text("* as measured"))
    \* as measured

    Args:
        text: Any text.

    Returns:
        One line of Markdown.
    """
    text = " ".join(text.split())
    text = "".join(each if each.isprintable() else "?" for each in text)
    text = text.replace("<", "&lt;").replace("|", r"\|")
    text = text.replace("](", r"]\(")
    return re.sub(r"^([#>*+-]+\s)", r"\\\1", text)
