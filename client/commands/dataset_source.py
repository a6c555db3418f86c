"""What `depthq dataset` is pointed at: a folder, a bucket, or a manifest."""

from __future__ import annotations

import fnmatch
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer
from pydantic import ValidationError

from client.bulk.names import member_names
from client.bulk.run import Source
from client.pictures import SUFFIXES
from contract.datasets import DatasetSpec
from contract.errors import InvalidRequest

SourceArgument = Annotated[
    str, typer.Argument(metavar="SOURCE", help="a folder, s3://bucket/prefix/ or a manifest")
]
_MANIFESTS = (".jsonl", ".ndjson", ".csv", ".parquet", ".gz")


def source_of(where: str, include: Sequence[str], exclude: Sequence[str], **spec: Any) -> Source:
    """Return what to run. Raises InvalidRequest, BadParameter on an option that is none."""
    given = {name: value for name, value in spec.items() if value not in (None, {}, "")}
    if where.startswith("s3://"):
        kind = "manifest" if where.endswith(_MANIFESTS) else "prefix"
        globs = {"include": list(include), "exclude": list(exclude)}
        return _checked(Source({kind: where, **{n: g for n, g in globs.items() if g}, **given}))
    files = _files(Path(where), include, exclude)
    # The choice is made here: what a person's folder has and the service cannot read shall fail
    # aloud, not be passed over.
    return _checked(Source({"include": ["*"], **given}, files))


def _files(folder: Path, include: Sequence[str], exclude: Sequence[str]) -> dict[str, Path]:
    if not folder.is_dir():
        raise InvalidRequest(f"{folder} is neither a folder nor an address like s3://bucket/path/")
    found = member_names(folder, sorted(p for p in folder.rglob("*") if p.is_file()))
    chosen = {
        name: path
        for name, path in found.items()
        if _fits(name, path, include) and not any(fnmatch.fnmatch(name, g) for g in exclude)
    }
    if not chosen:
        raise InvalidRequest(f"there is no picture in {folder}")
    return chosen


def _fits(name: str, path: Path, include: Sequence[str]) -> bool:
    if include:
        return any(fnmatch.fnmatch(name, glob) for glob in include)
    hidden = any(part.startswith(".") for part in Path(name).parts)
    return path.suffix.lower() in SUFFIXES and not hidden


def _checked(source: Source) -> Source:
    try:
        DatasetSpec(**source.spec)
    except ValidationError as exc:
        problem = exc.errors()[0]
        name = "-".join(str(part) for part in problem["loc"]).replace("_", "-") or "SOURCE"
        raise typer.BadParameter(f"{name.removeprefix('options-')}: {problem['msg']}") from exc
    return source
