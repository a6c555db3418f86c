"""Escapes untrusted text: no control character reaches a terminal or a log."""

from __future__ import annotations

import unicodedata

# They change the text direction, so that a line reads as something that it is not.
_DIRECTIONS = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_UNSEEN = ("Cc", "Cs", "Zl", "Zp")  # controls, halves of characters, line and paragraph breaks


def visible(text: str, *, keep: str = "") -> str:
    r"""Return the text with control and direction characters as escapes: `\x1b`, `\u202e`.

    Everything else stays, such as spaces of any width and joined emoji; so does what is in `keep`.
    """
    if text.isprintable():
        return text
    return "".join(c if c in keep or not is_unseen(c) else _escaped(c) for c in text)


def is_unseen(letter: str) -> bool:
    """Tell whether a character acts on a terminal instead of being shown."""
    return letter in _DIRECTIONS or unicodedata.category(letter) in _UNSEEN


def _escaped(letter: str) -> str:
    return letter.encode("unicode_escape").decode("ascii")
