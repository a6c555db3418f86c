"""The table of models says by itself what could not be measured, and on what."""

from __future__ import annotations

from benchmarks.models import table

ROW = {
    "bf16": None, "convert_memory_mb": 5501.2, "gflop": 6.7, "net_size": [192, 256],
    "onnx_bytes": 34e6, "parameters": 21.3e6,
    "fp32": {"cpu_ms_1": 83.0, "cpu_ms_8": 87.4, "memory_mb_1": 233.0, "memory_mb_8": 393.0},
}  # fmt: skip


def machine(*flags: str) -> dict[str, object]:
    return {
        "processor": "P", "flags": list(flags), "versions": {"openvino": "1"}, "measured_at": "now",
    }  # fmt: skip


def test_a_processor_without_bf16_is_said_to_have_none() -> None:
    text = table({"midas_small": ROW, "machine": machine("avx2")})
    assert "neither AVX-512 BF16 nor AMX" in text.splitlines()[0]
    assert "| 83, 87 | not native here | 233, 393 | 34 | 5,501 |" in text


def test_a_processor_with_bf16_is_said_to_have_it() -> None:
    measured = ROW | {"bf16": {"cpu_ms_1": 15.0}}
    text = table({"midas_small": measured, "machine": machine("avx512_bf16", "amx_bf16")})
    assert "bf16 by amx_bf16." in text
    assert "| 15, – |" in text
