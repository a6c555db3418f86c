"""No package of ours is forgotten: by the wheel, by mypy, by the rules of imports."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]
OURS = {path.parent.name for path in ROOT.glob("*/__init__.py")} - {"tests", "benchmarks"}


@pytest.mark.parametrize(
    "listed",
    [
        PROJECT["hatch"]["build"]["targets"]["wheel"]["packages"],
        PROJECT["mypy"]["packages"],
        PROJECT["importlinter"]["root_packages"],
    ],
    ids=["wheel", "mypy", "import-linter"],
)
def test_every_package_is_listed(listed):
    assert set(listed) == OURS


def test_every_package_has_its_place_in_the_layers():
    (layers,) = [c["layers"] for c in PROJECT["importlinter"]["contracts"] if c["type"] == "layers"]
    assert {name for layer in layers for name in layer.split(" | ")} == OURS


@pytest.mark.parametrize("package", sorted(OURS))
def test_type_checkers_are_told_that_it_is_typed(package):
    assert (ROOT / package / "py.typed").is_file()
