"""Datasets: each photograph of a bucket, a manifest or an archive."""

from __future__ import annotations

from contract.ids import DATASET
from contract.kinds.declaration import KindDeclaration

KIND = KindDeclaration(
    name=DATASET,
    opened_by="worker.datasets.kind:open_kind",
    line={
        "en": "every photograph of a bucket, a manifest or an archive",
        "zh": "存储桶、清单或压缩包中的所有照片",
    },
)
