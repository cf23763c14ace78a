"""A long value that is shown in short."""


class FoldedWords(str):
    """Words that stand for a longer text.

    Markdown shows the words alone, a page the text too, where a reader asks.

    Example:

    >>> words = FoldedWords("4 numbers", "[1, 2, 3, 4]")
    >>> words, words.whole
    ('4 numbers', '[1, 2, 3, 4]')

    Args:
        words: What is shown.
        whole: What it stands for.
    """

    whole: str

    def __new__(cls, words: str, whole: str) -> "FoldedWords":
        """Make the string, which holds no more than `words`."""
        self = super().__new__(cls, words)
        self.whole = whole
        return self
