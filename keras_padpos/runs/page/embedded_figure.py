"""A figure that travels inside the page."""

import base64
import dataclasses
import io
from pathlib import Path

# Larger files are drawn smaller, to this width in pixels.
_LARGEST_FILE = 1_000_000
_WIDTH = 1600


@dataclasses.dataclass(frozen=True)
class EmbeddedFigure:
    """A picture as a data URI, with its size.

    Args:
        uri: `data:image/png;base64,...`.
        width: In pixels.
        height: In pixels.
        note: What was done to it; empty if nothing was.
    """

    uri: str
    width: int
    height: int
    note: str = ""


def embed_figure(file: Path) -> EmbeddedFigure:
    """Read a figure for a page that has no other files.

    Example:

    >>> import tempfile
    >>> from PIL import Image
    >>> file = Path(tempfile.mkdtemp()) / "dot.png"
    >>> Image.new("L", (3, 2)).save(file)
    >>> figure = embed_figure(file)
    >>> figure.width, figure.height, figure.uri[:22]
    (3, 2, 'data:image/png;base64,')

    Args:
        file: A PNG file.

    Returns:
        The figure as it is; a file of more than 1 MB is drawn 1600 pixels
        wide, if it is wider.

    Raises:
        ValueError: If it is no PNG, or damaged, for the reason told.
        OSError: If it cannot be read.
    """
    from PIL import Image

    content = file.read_bytes()
    note = ""
    try:
        with Image.open(io.BytesIO(content), formats=["PNG"]) as image:
            width, height = image.size
            # A torn file has a size too. Checksums take no time, pixels do.
            image.verify()
        if len(content) > _LARGEST_FILE and width > _WIDTH:
            note = f"Drawn smaller; the file has {width}x{height} pixels."
            height = max(1, round(height * _WIDTH / width))
            width = _WIDTH
            content = _resized(content, (width, height))
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError):
        raise ValueError("it is no PNG picture, or damaged") from None
    uri = base64.b64encode(content).decode("ascii")
    return EmbeddedFigure(f"data:image/png;base64,{uri}", width, height, note)


def _resized(content: bytes, size: tuple[int, int]) -> bytes:
    from PIL import Image

    out = io.BytesIO()
    with Image.open(io.BytesIO(content), formats=["PNG"]) as image:
        image.convert("RGBA").resize(size).save(out, "PNG", optimize=True)
    return out.getvalue()
