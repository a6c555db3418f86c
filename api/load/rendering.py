"""What a job's outputs cost beyond the usual ones, for its estimate.

Throughput is measured over all jobs, most of which ask for the usual outputs. A job that asks for
dearer ones takes longer than that, by what their declarations say.
"""

from __future__ import annotations

from contract.jobs import JobRequest
from contract.options import JobOptions
from contract.outputs.declaration import Output

NETWORK_MEGAPIXELS = 0.05  # of a picture at the network's size, about
_USUAL = JobOptions().asked()


def extra_rendering_s(request: JobRequest, max_side_px: int) -> float:
    """Return the seconds by which rendering this job's outputs exceeds the usual ones; 0 at least.

    `max_side_px`: larger pictures are downsampled while they are decoded.
    """
    megapixels = NETWORK_MEGAPIXELS
    if request.options.size == "original":
        width, height = request.input.width, request.input.height
        scale = min(1.0, max_side_px / max(width, height, 1))
        megapixels = width * height * scale**2 / 1e6
    usual = _rendering_ms(_USUAL, megapixels)
    return max(0.0, _rendering_ms(request.options.asked(), megapixels) - usual) / 1e3


def _rendering_ms(outputs: tuple[Output, ...], megapixels: float) -> float:
    return sum(each.cost.ms + each.cost.ms_per_megapixel * megapixels for each in outputs)
