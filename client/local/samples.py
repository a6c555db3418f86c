"""The photographs that scikit-image's wheel carries; found without importing or downloading."""

from __future__ import annotations

import importlib.util
from pathlib import Path

from client.errors import LocalProblem

# name of the result → file in the wheel
SAMPLES = {
    "cat": "chelsea.png",
    "coffee": "coffee.png",
    "astronaut": "astronaut.png",
    "rocket": "rocket.jpg",
    "motorcycle": "motorcycle_left.png",
}


def sample_photographs() -> dict[str, Path]:
    """Return name → file; LocalProblem if scikit-image is not installed."""
    spec = importlib.util.find_spec("skimage")
    roots = (spec.submodule_search_locations if spec else None) or []
    for root in roots:
        found = {name: Path(root, "data", file) for name, file in SAMPLES.items()}
        if all(path.is_file() for path in found.values()):
            return found
    raise LocalProblem(
        "the sample photographs come with scikit-image: install the `demo` extra, "
        "or name photographs of your own: depthq demo photo.jpg"
    )
