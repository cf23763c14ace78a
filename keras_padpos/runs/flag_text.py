"""Values as a command line has them."""

from typing import Any

from absl import flags


def flag_text(value: Any) -> str:
    """Write a flag's value as a command line has it.

    Example:
        >>> flag_text(True), flag_text(0.5), flag_text(["a", "b,c"])
        ('true', '0.5', 'a,"b,c"')

    Args:
        value: Text, number, boolean, or a list of these, which becomes one
            value with commas.

    Returns:
        What stands after the equals sign.
    """
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        texts = [flag_text(item) for item in value]
        return flags.CsvListSerializer(",").serialize(texts)
    return str(value)
