"""The folder of fetched and converted weights: `<cache_dir>/weights`."""

from __future__ import annotations

import shutil
from pathlib import Path

from contract.models.declaration import ModelSpec, Weights
from worker.weights.convert import convert
from worker.weights.download import Progress, download, quiet, verify
from worker.weights.errors import WeightsError
from worker.weights.files import sha256_of, write_whole


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
        """Tell whether `weights` are here: bundled, or fetched (and checked when they were)."""
        path = self.path_of(weights)
        if weights.url is None:
            return True
        return path.is_file() and weights.bytes in (None, path.stat().st_size)

    def sha256_of(self, weights: Weights) -> str | None:
        """Return the hash that the file must have: recorded, or pinned when it was fetched."""
        pinned = self._pin_of(weights)
        if weights.sha256 is None and pinned.is_file():
            return pinned.read_text(encoding="ascii").strip()
        return weights.sha256

    def fetch(self, weights: Weights, progress: Progress = quiet) -> Path:
        """Return the file of `weights`, downloading it if need be."""
        if weights.url is None:
            raise WeightsError(f"{weights.name}: comes with depthq, there is nothing to fetch")
        if self.has(weights):
            return self.path_of(weights)
        return self._keep(
            weights, download(weights, self.url_of(weights), self.path_of(weights), progress)
        )

    def take(self, weights: Weights, source: Path) -> Path:
        """Return the file of `weights`, copied from `source` if its size and hash are right."""
        if not source.is_file():
            raise WeightsError(f"{source}: there is no such file")
        part = self.path_of(weights).with_name(f"{weights.filename}.taken")
        part.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, part)
        verify(weights, part)
        return self._keep(weights, part)

    def _keep(self, weights: Weights, part: Path) -> Path:
        if weights.sha256 is None:
            write_whole(self._pin_of(weights), sha256_of(part).encode())
        return part.replace(self.path_of(weights))

    def network_of(
        self,
        source: Path,
        spec: ModelSpec,
        *,
        weights_id: str,
        licence: str,
        sha256: str | None = None,
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
            convert(source, target, spec, weights_id=weights_id, licence=licence)
        return target

    def _pin_of(self, weights: Weights) -> Path:
        return self.root / f"{weights.filename}.sha256"

    def url_of(self, weights: Weights) -> str:
        """Return where `weights` are fetched from."""
        if self._base_url is None:
            return str(weights.url)
        return f"{self._base_url.rstrip('/')}/{weights.filename}"
