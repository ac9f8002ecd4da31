"""Arguments that a front end sends as text."""

from __future__ import annotations

from hanalife.errors import InvalidArgumentError


def whole_number(argument: str, text: str, *, least: int = 0, digits: int = 9) -> int:
    """Return a number written in digits.

    Raises
    ------
    InvalidArgumentError
        It is none, or has more digits than a database takes.

    Examples
    --------
    >>> whole_number("version", "12")
    12
    """
    if not text.isascii() or not text.isdecimal() or len(text) > digits:
        raise InvalidArgumentError(f"{argument}: {text!r} is not allowed; give a whole number from {least}.")
    return int(text)
