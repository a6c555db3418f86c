"""What the documents tell people to click and to type is there."""

from __future__ import annotations

import re
import shlex
from functools import cache
from pathlib import Path
from typing import Any

from typer.main import get_command

from client.cli import app

ROOT = Path(__file__).parents[3]
DOCUMENTS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
LINK = re.compile(r"\]\((?!https?://|#)([^)#\s]+)")
FENCE = re.compile(r"```sh\n(.*?)```", re.DOTALL)


read = cache(Path.read_text)


@cache
def commands(document: Path) -> list[list[str]]:
    """The words of each shell line in the document's fences."""
    lines = [line for block in FENCE.findall(read(document)) for line in block.splitlines()]
    return [shlex.split(line, comments=True) for line in lines if line.strip()]


def lines_of(program: str) -> list[tuple[str, list[str]]]:
    """The shell lines of all documents that call `program`, each with its document."""
    return [
        (name(document), words)
        for document in DOCUMENTS
        for words in commands(document)
        if words[:1] == [program]
    ]


def name(document: Path) -> str:
    return str(document.relative_to(ROOT))


def test_links_lead_to_files_that_exist() -> None:
    assert [
        (name(document), target)
        for document in DOCUMENTS
        for target in LINK.findall(read(document))
        if not (document.parent / target).exists()
    ] == []


def test_make_targets_exist() -> None:
    targets = set(re.findall(r"(?m)^([a-z-]+):", (ROOT / "Makefile").read_text()))
    for document, words in lines_of("make"):
        asked = {word for word in words[1:] if "=" not in word}
        assert asked <= targets, (document, words)


def test_subcommands_and_options_of_depthq_exist() -> None:
    depthq: Any = get_command(app)
    for document, words in lines_of("depthq"):
        command = depthq.commands[words[1]]
        if hasattr(command, "commands"):
            command = command.commands[words[2]]
        known = {name for p in command.params for name in (*p.opts, *p.secondary_opts)}
        assert {w.split("=")[0] for w in words if w.startswith("--")} <= known, (document, words)


def test_the_paths_of_the_readme_s_curl_lines_are_documented() -> None:
    documented = (ROOT / "docs/api.md").read_text()
    urls = [w for words in commands(ROOT / "README.md") for w in words if w.startswith("http")]
    assert len(urls) == 5
    for url in urls:
        path = re.sub(r"^http://[^/]+|\?.*$", "", url).replace("/ID", "/{job_id}")
        path = re.sub(r"/outputs/\w+$", "/outputs/{name}", path)
        assert f"{path}`" in documented, path


def test_modules_that_are_to_be_run_exist() -> None:
    for document in DOCUMENTS:
        for module in re.findall(r"python -m ([a-z_.]+)", read(document)):
            path = ROOT / module.replace(".", "/")
            there = path.with_suffix(".py").is_file() or (path / "__main__.py").is_file()
            assert there, (name(document), module)


ALL_DOCUMENTS = sorted(
    [*DOCUMENTS, *ROOT.glob("benchmarks/*.md"), *ROOT.glob("deploy/**/*.md")], key=str
)
QUOTED = re.compile(r"`([^`\n]+)`")
ENDINGS = re.compile(r"[\w.*-]+\.(py|lua|js|css|html|toml|lock|ya?ml|md|sh|svg|proto)")
PACKAGES = ("api", "benchmarks", "client", "contract", "outbound", "runtime", "storage", "worker")
MODULE = re.compile(rf"({'|'.join(PACKAGES)})((?:\.\w+)+)")
THE_OPERATORS_OWN = {"docker-compose.override.yml", "index.yaml"}


def quoted(document: Path) -> list[str]:
    """What the document shows between back ticks, outside of its fences."""
    return QUOTED.findall(re.sub(r"```.*?```", "", read(document), flags=re.DOTALL))


def is_path(text: str) -> bool:
    """Tell whether the text is meant as a path of this repository."""
    if text in THE_OPERATORS_OWN or not re.fullmatch(r"[\w.*/-]+", text):
        return False
    first = text.split("/")[0]
    in_tree = "/" in text and bool(first) and first != "data" and (ROOT / first).is_dir()
    return in_tree or ENDINGS.fullmatch(text) is not None


@cache
def tops() -> list[Path]:
    return [path for path in ROOT.iterdir() if path.is_dir() and not path.name.startswith(".")]


@cache
def tree() -> list[str]:
    """Return all paths below the root, each with a slash before it."""
    return [f"/{path.relative_to(ROOT)}" for top in tops() for path in top.rglob("*")]


@cache
def is_there(text: str) -> bool:
    """Tell whether a path leads somewhere: from the root, or below a folder that is not named."""
    pattern = text.strip("/")
    if (ROOT / pattern).exists():
        return True
    if "*" not in pattern:
        return any(path.endswith(f"/{pattern}") for path in tree())
    return any(ROOT.glob(pattern)) or any(match for top in tops() for match in top.rglob(pattern))


def module_is_there(package: str, rest: str) -> bool:
    """Tell whether a dotted name is a module, or a name that a module's text has."""
    path = ROOT / package
    for name in rest.strip(".").split("."):
        if (path / name).is_dir() or (path / name).with_suffix(".py").is_file():
            path /= name
            continue
        source = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
        return re.search(rf"\b{name}\b", source.read_text()) is not None
    return True


def gone(text: str) -> bool:
    """Tell whether what stands in back ticks is meant as a path or a module, and leads nowhere."""
    if is_path(text) and not is_there(text):
        return True
    module = MODULE.fullmatch(text)
    return module is not None and not module_is_there(*module.groups())


def test_paths_and_modules_in_back_ticks_exist() -> None:
    assert [
        (name(document), text)
        for document in ALL_DOCUMENTS
        for text in sorted(set(quoted(document)))
        if gone(text)
    ] == []


def test_a_path_that_is_gone_is_noticed(tmp_path: Path) -> None:
    document = tmp_path / "odd.md"
    document.write_text("`worker/courtesy.py` `parts.py` `worker.jobs.gone` `POST /v1/jobs`\n")
    paths = [text for text in quoted(document) if is_path(text)]
    assert paths == ["worker/courtesy.py", "parts.py"]
    assert [is_there(path) for path in paths] == [False, True]
    assert not module_is_there("worker", ".jobs.gone")
    assert module_is_there("worker", ".jobs.ending.Ending")
