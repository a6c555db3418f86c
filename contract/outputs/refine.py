"""`refine`: how depth is brought from the network's size to the picture's; shared by outputs."""

from __future__ import annotations

from typing import Literal

from contract.outputs.declaration import Need, OutputOptions, option

Refine = Literal["cubic", "guided"]


class RefineOptions(OutputOptions):
    """How the edges of depth look at full size."""

    refine: Refine = option(
        "cubic",
        description="`cubic`: resized as the original does; `guided`: its edges follow the "
        "photograph's",
    )

    def needed(self) -> frozenset[Need]:
        """See OutputOptions: the guide is the photograph, of which depth files of the network's
        size have no use.
        """
        refined = self.refine == "guided" and getattr(self, "size", None) != "model"
        return frozenset({Need.PIXELS} if refined else ())
