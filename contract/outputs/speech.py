"""`speech`: the description, spoken."""

from __future__ import annotations

from contract.outputs.audio import AUDIO_TYPES, AudioOptions
from contract.outputs.declaration import Cost, Output
from contract.outputs.description import DescriptionOptions
from contract.outputs.geometry import GeometryOptions

OUTPUT = Output(
    name="speech",
    renderer="worker.outputs.speech:render",
    cost=Cost(ms=250, ms_per_megapixel=2.9),
    types=AUDIO_TYPES,
    line={
        "en": "the description, spoken by a voice that works offline",
        "zh": "朗读文字描述，使用离线语音",
    },
    options=(DescriptionOptions, AudioOptions, GeometryOptions),
    format_option="audio_format",
    order=91,
)
