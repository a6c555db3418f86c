"""What the service's warnings about a picture mean, for people."""

from __future__ import annotations

_SENTENCES = {
    "truncated": "the file is cut off; its missing part has no depth of its own",
    "corrupt_data": "the file is damaged, and was decoded by guessing: parts of it may be wrong",
    "low_range": "uses few of its 16 bits and looks nearly black; stretch it and send it again",
}


def doubt(warning: str) -> str:
    """Return the sentence for a warning of the service; an unknown warning as it is."""
    return _SENTENCES.get(warning, warning)
