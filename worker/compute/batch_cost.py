"""Learns the cost of a batch from past ones: a·n + b seconds for n images of one shape."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass

# Weights fade by 0.9 per batch, so about the last ten count.
FADING = 0.9
# A slow batch (first of its shape, busy machine) counts as at most this much slower.
WORST = 3.0
MAX_SHAPES = 64  # the transform makes 15; more must not fill the memory

Shape = tuple[int, ...]


@dataclass
class _Line:
    """A straight line through fading points (n, seconds): the sums for least squares."""

    weight: float = 0.0
    n: float = 0.0
    nn: float = 0.0
    t: float = 0.0
    nt: float = 0.0

    def add(self, n: int, seconds: float) -> None:
        if self.weight:
            seconds = min(seconds, WORST * self.seconds(n))
        self.weight = FADING * self.weight + 1
        self.n = FADING * self.n + n
        self.nn = FADING * self.nn + n * n
        self.t = FADING * self.t + seconds
        self.nt = FADING * self.nt + n * seconds

    def per_image_and_batch(self) -> tuple[float, float]:
        """Return a and b, neither negative; b is 0 until batches of two sizes were seen."""
        spread = self.weight * self.nn - self.n * self.n
        if spread > 0.01 * self.weight * self.nn:
            a = (self.weight * self.nt - self.n * self.t) / spread
            b = (self.t - a * self.n) / self.weight
            if a > 0 and b > 0:
                return a, b
        return self.nt / self.nn, 0.0

    def seconds(self, n: int) -> float:
        a, b = self.per_image_and_batch()
        return a * n + b


class BatchCost:
    """Learns the cost of batches per shape. Not thread-safe."""

    def __init__(self) -> None:
        self._lines: OrderedDict[Shape, _Line] = OrderedDict()

    def learn(self, shape: Shape, n: int, seconds: float) -> None:
        """Record that `n` images of `shape` took `seconds`."""
        self._lines.setdefault(shape, _Line()).add(n, seconds)
        self._lines.move_to_end(shape)
        if len(self._lines) > MAX_SHAPES:
            self._lines.popitem(last=False)

    def fitting(self, shape: Shape, within_s: float, most: int) -> int:
        """Return how many images of `shape` take at most `within_s`: at least 1, at most `most`.

        For an unknown shape: `most`.
        """
        line = self._lines.get(shape)
        if line is None:
            return most
        a, b = line.per_image_and_batch()
        if a * most + b <= within_s:
            return most
        return max(1, int((within_s - b) / a))
