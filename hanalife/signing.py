"""Signatures of what leaves the store: HMAC-SHA256 with a key that the store never holds."""

from __future__ import annotations

import hashlib
import hmac
import os
from collections.abc import Iterable

from hanalife.errors import InvalidArgumentError

#: Where the key of signatures comes from, if no argument gives it.
KEY_VARIABLE = "HANALIFE_SIGNING_KEY"

#: Characters of a signature, which is hexadecimal.
LENGTH = 2 * hashlib.sha256().digest_size

Key = str | bytes | None


def key_of(given: Key) -> bytes | None:
    """Return the key that an argument gives, else that of the environment; None if neither does.

    Raises
    ------
    InvalidArgumentError
        The argument is empty: everybody knows that key.
    """
    if given is None:
        given = os.environ.get(KEY_VARIABLE) or None
    elif not given:
        raise InvalidArgumentError(f"key: it is empty; give a secret text, or leave it to {KEY_VARIABLE}.")
    return given.encode() if isinstance(given, str) else given


def signature(parts: Iterable[bytes], key: bytes) -> str:
    """Return the signature of bytes that come in parts.

    Examples
    --------
    >>> signature([b"a", b"b"], b"key") == signature([b"ab"], b"key") != signature([b"ab"], b"other")
    True
    """
    found = hmac.new(key, digestmod=hashlib.sha256)
    for part in parts:
        found.update(part)
    return found.hexdigest()


def is_same(claimed: bytes, expected: str) -> bool:
    """Say whether a signature is the expected one, in a time that tells nothing of it."""
    return hmac.compare_digest(expected.encode(), claimed)
