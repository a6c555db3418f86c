"""What decoders say becomes few words that stay the same."""

from __future__ import annotations

import pytest

from worker.imaging.damage import damage


@pytest.mark.parametrize(
    ("lines", "codes"),
    [
        ([], ()),
        (["Corrupt JPEG data: 12 extraneous bytes before marker 0xd9"], ("corrupt_data",)),
        (["Premature end of JPEG file"], ("truncated",)),
        (["Corrupt JPEG data: bad Huffman code", "Corrupt JPEG data: again"], ("corrupt_data",)),
        (["Corrupt JPEG data: x", "Premature end of JPEG file"], ("truncated", "corrupt_data")),
        (["libpng warning: IDAT: Too much image data"], ("corrupt_data",)),
        (["libpng warning: iCCP: known incorrect sRGB profile"], ()),
    ],
)
def test_lines_become_codes(lines, codes):
    assert damage(lines) == codes
