"""What the documents tell people to click and to type is there."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
from typer.main import get_command

from client.cli import app

ROOT = Path(__file__).parents[3]
DOCUMENTS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
LINK = re.compile(r"\]\((?!https?://|#)([^)#\s]+)")
FENCE = re.compile(r"```sh\n(.*?)```", re.DOTALL)


def commands(document: Path) -> list[list[str]]:
    """The words of each shell line in the document's fences."""
    lines = [line for block in FENCE.findall(document.read_text()) for line in block.splitlines()]
    return [shlex.split(line, comments=True) for line in lines if line.strip()]


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_links_lead_to_files_that_exist(document: Path) -> None:
    for target in LINK.findall(document.read_text()):
        assert (document.parent / target).exists(), target


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_make_targets_exist(document: Path) -> None:
    targets = set(re.findall(r"(?m)^([a-z-]+):", (ROOT / "Makefile").read_text()))
    for words in commands(document):
        if words[:1] == ["make"]:
            asked = {word for word in words[1:] if "=" not in word}
            assert asked <= targets, words


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_subcommands_and_options_of_depthq_exist(document: Path) -> None:
    group = get_command(app)
    for words in commands(document):
        if words[:1] != ["depthq"]:
            continue
        command = group.commands[words[1]]  # type: ignore[attr-defined]
        if hasattr(command, "commands"):
            command = command.commands[words[2]]
        known = {name for p in command.params for name in (*p.opts, *p.secondary_opts)}
        assert {w.split("=")[0] for w in words if w.startswith("--")} <= known, words


def test_the_paths_of_the_readme_s_curl_lines_are_documented() -> None:
    documented = (ROOT / "docs/api.md").read_text()
    urls = [w for words in commands(ROOT / "README.md") for w in words if w.startswith("http")]
    assert len(urls) == 5
    for url in urls:
        path = re.sub(r"^http://[^/]+|\?.*$", "", url).replace("/ID", "/{job_id}")
        path = re.sub(r"/outputs/\w+$", "/outputs/{name}", path)
        assert f"{path}`" in documented, path


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_modules_that_are_to_be_run_exist(document: Path) -> None:
    for module in re.findall(r"python -m ([a-z_.]+)", document.read_text()):
        path = ROOT / module.replace(".", "/")
        assert path.with_suffix(".py").is_file() or (path / "__main__.py").is_file(), module
