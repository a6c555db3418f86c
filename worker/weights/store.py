"""The folder of fetched and converted weights: `<cache_dir>/weights`."""

from __future__ import annotations

from pathlib import Path

from worker.weights.convert import convert
from worker.weights.download import Progress, download, quiet
from worker.weights.errors import WeightsError
from worker.weights.files import sha256_of
from worker.weights.registry import Weights


class WeightsStore:
    """Keeps files of weights under their published names, and networks under their hash.

    `base_url` replaces the folder of the published URL: for mirrors, and for tests.
    """

    def __init__(self, cache_dir: Path, base_url: str | None = None) -> None:
        self.root = cache_dir / "weights"
        self._base_url = base_url

    def path_of(self, weights: Weights) -> Path:
        """Return where the fetched file of `weights` is, or would be."""
        return self.root / weights.filename

    def has(self, weights: Weights) -> bool:
        """Tell whether `weights` have been fetched (checked when they were)."""
        path = self.path_of(weights)
        return path.is_file() and path.stat().st_size == weights.bytes

    def fetch(self, weights: Weights, progress: Progress = quiet) -> Path:
        """Return the file of `weights`, downloading it if need be."""
        if weights.url is None:
            raise WeightsError(f"{weights.name}: comes with depthq, there is nothing to fetch")
        if self.has(weights):
            return self.path_of(weights)
        return download(weights, self._url_of(weights), self.path_of(weights), progress)

    def network_of(
        self, source: Path, *, weights_id: str, licence: str, sha256: str | None = None
    ) -> Path:
        """Return the ONNX network made from `source`, converting it the first time.

        Named by the hash of `source`: it is never stale, and the same weights are converted once.
        `sha256` demands that hash of `source`; WeightsError if it has another.
        """
        found = sha256_of(source)
        if sha256 not in (None, found):
            raise WeightsError(
                f"{source}: SHA-256 is {found}, recorded is {sha256}; remove it and fetch it again"
            )
        target = self.root / f"{found}.onnx"
        if not target.is_file():
            convert(source, target, weights_id=weights_id, licence=licence)
        return target

    def _url_of(self, weights: Weights) -> str:
        if self._base_url is None:
            return str(weights.url)
        return f"{self._base_url.rstrip('/')}/{weights.filename}"
