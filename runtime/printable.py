"""Escapes untrusted text for logs and terminals."""

from __future__ import annotations


def printable(text: str, keep: str = "") -> str:
    """Return `text` with all invisible characters escaped, except those in `keep`.

    Line ends, terminal control sequences and bidirectional marks are invisible characters.
    """
    if text.isprintable():
        return text
    return "".join(
        each if each.isprintable() or each in keep else each.encode("unicode_escape").decode()
        for each in text
    )
