"""Where a report goes."""

from pathlib import Path

from keras_padpos.runs.user_error import UserError

_DEFAULT = "report.html"


def check_report_file(
    out: str | None, report_format: str, *, overwrite: bool = False
) -> Path | None:
    """Say where a report goes, before anything is read.

    Example:

    >>> check_report_file(None, "csv") is check_report_file("-", "html")
    True
    >>> check_report_file(None, "html").name
    'report.html'

    Args:
        out: The path somebody gave; `"-"` is standard output.
        report_format: `"html"`, `"markdown"` or `"csv"`.
        overwrite: Whether a file that is there may be replaced.

    Returns:
        The path; `None` for standard output.

    Raises:
        UserError: If something is there, or its folder is not.
    """
    if out == "-" or (out is None and report_format != "html"):
        return None
    path = Path(out or _DEFAULT).expanduser()
    if path.is_dir():
        raise UserError(
            f"--out must be a file. Received: {str(path)!r}, a folder."
        )
    if path.exists() and not overwrite:
        raise UserError(
            f"--out must be a new file. Received: {str(path)!r}, which is "
            "there; --overwrite replaces it."
        )
    if not path.parent.is_dir():
        raise UserError(
            "--out must lie in a folder that is there. Received: "
            f"{str(path)!r}."
        )
    return path
