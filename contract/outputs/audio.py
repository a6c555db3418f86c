"""Options of all outputs that are heard."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from contract.outputs.declaration import FileType, OutputOptions, option

AudioFormat = Literal["wav", "opus"]

AUDIO_TYPES: Mapping[str, FileType] = {
    "wav": FileType("wav", "audio/wav"),
    "opus": FileType("ogg", "audio/ogg; codecs=opus"),
}


class AudioOptions(OutputOptions):
    """How sound is written."""

    audio_format: AudioFormat = option(
        "wav",
        description="of `speech` and `sonify`: `wav` (16 bit), or `opus` (in Ogg, a tenth of the "
        "size; the worker needs the extra `speech`)",
    )
