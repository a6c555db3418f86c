"""`sonify`: depth as three seconds of sound."""

from __future__ import annotations

from contract.outputs.audio import AUDIO_TYPES, AudioOptions
from contract.outputs.declaration import Cost, Output

OUTPUT = Output(
    name="sonify",
    renderer="worker.outputs.sonify:render",
    cost=Cost(ms=47, ms_per_megapixel=1.5),
    types=AUDIO_TYPES,
    line={
        "en": "as sound: a sweep from left to right, higher is higher, nearer is louder",
        "zh": "用声音表示深度：从左到右扫过，位置越高音调越高，距离越近声音越大",
    },
    options=(AudioOptions,),
    format_option="audio_format",
    order=92,
)
