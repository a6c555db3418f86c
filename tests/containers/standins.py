"""Images in the place of those of a registry, made from Debian's packages and this machine's Go."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterable
from pathlib import Path

from tests.containers.engine import HOME, Engine, output_of

RECIPES = Path(__file__).with_name("standins.Dockerfile")
DEBIAN = "bookworm"
# How this machine reaches its package registries: the images must reach them the same way.
PASSED_ON = (
    *("PIP_CERT", "PIP_INDEX_URL", "PIP_DEFAULT_TIMEOUT", "SSL_CERT_FILE", "GOPROXY", "GOSUMDB"),
    *("http_proxy", "https_proxy", "no_proxy"),
)
FILES_PASSED_ON = (
    *("/etc/ssl/certs/ca-certificates.crt", "/etc/pip.conf"),
    *("/etc/apt/sources.list", "/etc/apt/sources.list.d/debian.sources"),
)


def make_all(engine: Engine, wanted: Iterable[str], valkey: Path) -> None:
    """Make a stand-in for each wanted image that is not there: `name:tag`, of a name known here."""
    contexts = {
        "python": RECIPES.parent,
        "golang": Path(output_of(["go", "env", "GOROOT"]).strip()),
        "nginx": RECIPES.parent,
        "valkey": valkey.parent,
    }
    missing = [image for image in wanted if not _has(engine, image)]
    for image in sorted(missing, key=lambda image: not image.startswith("debian:")):
        kind = next((kind for kind in contexts if kind in image), "")
        if image.startswith("debian:"):
            _import_debian(engine, image)
        elif kind:
            recipe = ("--file", str(RECIPES), "--target", kind, "--tag", image)
            engine.docker("build", "--network", "host", *recipe, str(contexts[kind]))


def _has(engine: Engine, image: str) -> bool:
    asked = engine.words("image", "inspect", image)
    return subprocess.run(asked, capture_output=True, check=False).returncode == 0


def _import_debian(engine: Engine, image: str) -> None:
    root = HOME / "debian"
    if not (root / "etc/debian_version").exists():
        output_of(
            ["debootstrap", "--variant=minbase", "--include=ca-certificates", DEBIAN, str(root)]
        )
    for path in map(Path, FILES_PASSED_ON):
        if path.exists():
            (root / path.relative_to("/")).write_bytes(path.read_bytes())
    given = [f"--change=ENV {name}={os.environ[name]}" for name in PASSED_ON if name in os.environ]
    tar = subprocess.Popen(["tar", "-C", str(root), "-c", "."], stdout=subprocess.PIPE)
    subprocess.run(
        engine.words("import", *given, "-", image),
        stdin=tar.stdout,
        check=True,
        capture_output=True,
    )
    if tar.wait():
        raise RuntimeError(f"tar of {root}")
