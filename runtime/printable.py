"""Texts of strangers where they meet a log or a terminal."""

from __future__ import annotations


def printable(text: str, keep: str = "") -> str:
    """Return `text` with everything that is not seen written as an escape, `keep` excepted.

    Line ends, terminal commands and marks that turn the direction of text are all such.
    """
    if text.isprintable():
        return text
    return "".join(
        each if each.isprintable() or each in keep else each.encode("unicode_escape").decode()
        for each in text
    )
