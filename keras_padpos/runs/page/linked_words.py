"""Words that lead to another place of the page."""


class LinkedWords(str):
    """Words with the anchor that they lead to.

    Example:

    >>> words = LinkedWords("vgg16", "run-1")
    >>> words, words.anchor
    ('vgg16', 'run-1')

    Args:
        words: What is shown; all of it in Markdown.
        anchor: The `id` of an element of the page, or the address of another.
    """

    anchor: str

    def __new__(cls, words: str, anchor: str) -> "LinkedWords":
        """Make the string, which holds no more than `words`."""
        self = super().__new__(cls, words)
        self.anchor = anchor
        return self
