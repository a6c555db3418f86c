"""What the service says of a picture that its result may not be what a person expects."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

_SENTENCES = {
    "truncated": "the file is cut off; its missing part has no depth of its own",
    "corrupt_data": "the file is damaged, and was decoded by guessing: parts of it may be wrong",
    "low_range": "uses few of its 16 bits and looks nearly black; stretch it and send it again",
}


def doubts(
    warnings: Iterable[str], downsampled_to: Sequence[int] | None, size: str | None
) -> list[str]:
    """Return a sentence for each thing in which a result is not what a person expects.

    `warnings` are the service's, `downsampled_to` width and height of a picture that was too large,
    `size` the option: `model` asks for something small.
    """
    said = [_SENTENCES.get(warning, warning) for warning in warnings]
    if downsampled_to and size != "model":
        width, height = downsampled_to
        said.append(f"larger than the service's limit; its results have {width} x {height} pixels")
    return said
