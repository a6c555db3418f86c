"""The profile's table sums layers by kind and holds their arithmetic against the peak."""

from __future__ import annotations

import pytest

from benchmarks.layers import Layer, table


def layer(kind: str, seconds: float, gflop: float) -> Layer:
    return Layer(kind, kind, seconds, gflop, (), "")


def test_kinds_are_summed_and_held_against_the_peak() -> None:
    layers = [layer("3x3", 0.03, 3.0), layer("3x3", 0.01, 1.0), layer("up-sampling", 0.01, 0.0)]
    lines = table(layers, roof=200.0, whole_s=0.05, batch=2).splitlines()
    assert lines[2] == "| 3x3 | 2 | 20.00 | 80.0% | 2.000 | 100.0 | 50% |"
    assert lines[3] == "| up-sampling | 1 | 5.00 | 20.0% | 0.000 | – | – |"
    assert "80.0 GFLOP/s, 40% of the best product's 200.0" in lines[-1]


@pytest.mark.slow  # it compiles the network twice
def test_every_convolution_is_known_by_its_kind() -> None:
    from benchmarks.layers import profile
    from worker.weights.resolve import bundled

    layers = profile(bundled(), (1, 3, 64, 64), "fp32", 1)
    kinds = [layer.kind for layer in layers]
    assert (kinds.count("3x3"), kinds.count("1x1"), kinds.count("depthwise")) == (21, 52, 24)
    assert kinds.count("up-sampling") == 5
