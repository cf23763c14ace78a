"""A picture that a crop does not fit into."""

from keras_padpos.data._read_picture import BrokenPictureError


class TooSmallPictureError(BrokenPictureError):
    """A picture that a crop does not fit into.

    Args:
        line: Its name, its size, and the size that is needed.
        share: The share of the size needed that it has, below 1.
    """

    def __init__(self, line: str, share: float) -> None:
        super().__init__(line)
        self.share = share
