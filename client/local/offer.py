"""Offers the published weights where the bundled ones would run. Downloads nothing."""

from __future__ import annotations

from client.local.program import program
from contract.models.declaration import DEFAULT_MODEL
from contract.models.midas_small import PUBLISHED
from contract.settings import Settings


def better_weights(settings: Settings) -> str | None:
    """Return one line that says how to get the published weights; None: nothing is to be gained."""
    here = (settings.cache_dir / "weights" / PUBLISHED.filename).is_file()
    asked = settings.weights is not None or DEFAULT_MODEL not in settings.models
    if here or asked or settings.engine == "simulated":
        return None
    size = f"{(PUBLISHED.bytes or 0) / 1e6:.0f} MB"
    return (
        f"sharper depth: `{program()} weights fetch {PUBLISHED.name}` gets the published weights "
        f"({size}, {PUBLISHED.licence}), once"
    )
