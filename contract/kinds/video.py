"""Videos: the depth of every frame, steady in time, and films made of it."""

from __future__ import annotations

from contract.kinds.declaration import KindDeclaration

VIDEO = "video"
KIND = KindDeclaration(
    name=VIDEO,
    opened_by="worker.videos.kind:open_kind",
    line={
        "en": "a video: steady depth of every frame, as films and as numbers",
        "zh": "视频：每一帧的稳定深度，输出为影片和数据",
    },
    needs="pip install 'depthq[video]'",
)
