"""Known weights by name: their source, size and licence."""

from __future__ import annotations

from dataclasses import dataclass

from worker.models.midas_small import plan
from worker.weights.errors import WeightsError

_RELEASES = "https://github.com/isl-org/MiDaS/releases/download"


@dataclass(frozen=True)
class Weights:
    """One published file of weights. People type `name`, results carry `weights_id`."""

    name: str
    weights_id: str
    model: str
    filename: str
    bytes: int
    sha256: str
    licence: str
    url: str | None = None  # None: comes with depthq
    note: str = ""

    @property
    def runnable(self) -> bool:
        """Whether this version of depthq has the network that these weights are for."""
        return self.model == plan.NAME


BUNDLED = Weights(
    name="bundled",
    weights_id="bundled-1",
    model="midas_small",
    filename="midas_small_bundled-1.onnx",
    bytes=33_743_855,
    sha256="9c9fd8dbf5264aeb522019e2d6c98db75f2e525b7b32fb2cd9893ddf7808a9b5",
    licence="demonstration only: trained partly on research-use data sets (docs/model-card.md)",
    note="used until midas_small has been fetched",
)

MIDAS_SMALL = Weights(
    name="midas_small",
    weights_id="midas_v21_small_256",
    model="midas_small",
    filename="midas_v21_small_256.pt",
    bytes=85_761_505,
    sha256="70d6b9c891758c67f974a6097fb0c608c7ee67fb81ac3e5588847d5596d56fca",
    licence="MIT",
    url=f"{_RELEASES}/v2_1/midas_v21_small_256.pt",
    note="recommended",
)

_NOT_YET = "known, not runnable by this version"

KNOWN: tuple[Weights, ...] = (
    BUNDLED,
    MIDAS_SMALL,
    Weights(
        name="midas_large",
        weights_id="midas_v21_384",
        model="midas_large",
        filename="midas_v21_384.pt",
        bytes=422_509_849,
        sha256="f6b980704cfd7259c7cc2b058c2f160159c55e84b3b6c08331b4156a84629f70",
        licence="MIT",
        url=f"{_RELEASES}/v2_1/midas_v21_384.pt",
        note=_NOT_YET,
    ),
    Weights(
        name="dpt_hybrid",
        weights_id="dpt_hybrid_384",
        model="dpt_hybrid",
        filename="dpt_hybrid_384.pt",
        bytes=492_757_791,
        sha256="501f0c75b3bca7daec6b3682c5054c09b366765aef6fa3a09d03a5cb4b230853",
        licence="MIT",
        url=f"{_RELEASES}/v3/dpt_hybrid_384.pt",
        note=_NOT_YET,
    ),
    Weights(
        name="dpt_large",
        weights_id="dpt_large_384",
        model="dpt_large",
        filename="dpt_large_384.pt",
        bytes=1_376_378_527,
        sha256="2f21e586477d90cb9624c7eef5df7891edca49a1c4795ee2cb631fd4daa6ca69",
        licence="MIT",
        url=f"{_RELEASES}/v3/dpt_large_384.pt",
        note=_NOT_YET,
    ),
)


def find(name: str) -> Weights | None:
    """Return the known weights called `name` (their name or their id), or None."""
    return next((w for w in KNOWN if name in (w.name, w.weights_id)), None)


def get(name: str) -> Weights:
    """Return the known weights called `name`; WeightsError names those there are."""
    weights = find(name)
    if weights is None:
        names = ", ".join(w.name for w in KNOWN)
        raise WeightsError(f"no weights are called {name!r}; known are {names}")
    return weights
