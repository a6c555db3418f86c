"""At which scale a JPEG is decoded: libjpeg can leave out high frequencies, which costs less."""

from __future__ import annotations

from contract.image_header import ImageHeader

# A JPEG is decoded at 1/2, 1/4 or 1/8 as long as its sides stay this many times the network's:
# docs/decisions/ says what that changes.
REDUCED_MARGIN = 3
DIVISORS = (8, 4, 2, 1)


def reduction(header: ImageHeader, long_side_px: int) -> int:
    """Return the divisor at which the image is to be decoded and keeps `long_side_px`."""
    if header.media_type != "image/jpeg":
        return 1
    longest = max(header.width, header.height)
    return next(d for d in DIVISORS if d == 1 or longest >= d * long_side_px)
