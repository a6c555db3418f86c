"""Writes the digest behind each image's tag into the files that name it: `make pin-images`.

`name:tag` becomes `name:tag@sha256:…`, and an older digest the present one. Registries are asked by
`docker buildx imagetools`. Commit the result: from then on a build takes these images and no
others, and security fixes of base images come by running it again.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

FILES = (
    "docker-compose.yml",
    "deploy/Dockerfile",
    "deploy/minio/Dockerfile",
    "deploy/helm/depthq/values.yaml",
)
# `image: x:y`, `FROM x:y` and `ARG X=x:y`; our own images are built, not fetched.
_REFERENCE = re.compile(
    r"^(?P<before>\s*image: |FROM |ARG \w+=)(?P<name>(?!depthq-)[\w./-]+:[\w.-]+)"
    r"(?P<digest>@sha256:[0-9a-f]{64})?",
    re.MULTILINE,
)
_DIGEST = re.compile(r"^Digest:\s+(sha256:[0-9a-f]{64})$", re.MULTILINE)


def references(root: Path) -> dict[str, set[str]]:
    """Return the images that are fetched from registries, `name:tag`, and the digests they have."""
    found: dict[str, set[str]] = {}
    for file in FILES:
        for match in _REFERENCE.finditer((root / file).read_text()):
            found.setdefault(match["name"], set()).add(match["digest"] or "")
    return found


def digest_of(name: str) -> str:
    """Return the digest that a registry has for a tag. Raises CalledProcessError, ValueError."""
    asked = ["docker", "buildx", "imagetools", "inspect", name]
    answer = subprocess.run(asked, check=True, stdout=subprocess.PIPE, text=True).stdout
    found = _DIGEST.search(answer)
    if found is None:
        raise ValueError(f"no digest of {name}: {answer[:200]}")
    return found[1]


def pin(root: Path, digests: dict[str, str]) -> None:
    """Write the digests (by `name:tag`) into the files."""
    for file in FILES:
        path = root / file
        path.write_text(
            _REFERENCE.sub(
                lambda match: f"{match['before']}{match['name']}@{digests[match['name']]}",
                path.read_text(),
            )
        )


def main() -> int:
    """Ask for every digest first, so that a registry that is away leaves the files as they are."""
    root = Path.cwd()
    try:
        digests = {name: digest_of(name) for name in sorted(references(root))}
    except (OSError, subprocess.CalledProcessError, ValueError) as exc:
        print(f"nothing changed: {exc}", file=sys.stderr)  # noqa: T201 - a command
        return 1
    pin(root, digests)
    for name, digest in digests.items():
        print(f"{name}@{digest}")  # noqa: T201
    return 0


if __name__ == "__main__":
    sys.exit(main())
