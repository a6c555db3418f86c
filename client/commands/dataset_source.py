"""The source of a `depthq dataset` command: a folder, a bucket, or a manifest."""

from __future__ import annotations

import fnmatch
from collections.abc import Sequence
from pathlib import Path, PurePosixPath
from typing import Annotated, Any

import typer
from pydantic import ValidationError

from client.bulk.names import member_names
from client.bulk.run import Source
from client.files.named import hint
from client.files.pictures import SUFFIXES, is_folder, nothing_at, pictures_below
from client.files.walk import LeftOut, Walk
from client.plain import visible
from contract.errors import InvalidRequest
from contract.runs import DatasetSpec
from contract.wrong_fields import wrong_fields

SourceArgument = Annotated[
    str, typer.Argument(metavar="SOURCE", help="a folder, s3://bucket/prefix/ or a manifest")
]
# What may list pictures; the service says at once if it cannot read one of them.
_MANIFESTS = (".jsonl", ".ndjson", ".json", ".csv", ".tsv", ".txt", ".parquet", ".gz")


def source_of(
    where: str,
    include: Sequence[str],
    exclude: Sequence[str],
    *,
    out: Path | None = None,
    left_out: LeftOut | None = None,
    **spec: Any,
) -> Source:
    """Return what to run. Raises InvalidRequest, BadParameter on an option that is none.

    Of a folder, results of ours and what lies in `out` are no input; `left_out` counts the rest.
    """
    given = {name: value for name, value in spec.items() if value not in (None, {}, "")}
    if where.startswith("s3://"):
        globs = {"include": list(include), "exclude": list(exclude)}
        return _checked(
            Source({**address(where), **{n: g for n, g in globs.items() if g}, **given})
        )
    folder = Path(where)
    files = _files(where, include, exclude, out, LeftOut() if left_out is None else left_out)
    paths = {name: path.relative_to(folder).as_posix() for name, path in files.items()}
    # The suffixes are chosen here: a picture that the service cannot read must fail with an error,
    # not be skipped in silence.
    return _checked(Source({"include": ["*"], **given}, files, paths))


def address(where: str) -> dict[str, str]:
    """Return the source at an address: a manifest by its ending, else what is below a prefix.

    A prefix ends at a slash, so that `2026` is not `2026-old` too; `2026*` says that it does not.
    """
    bucket, _, key = where.removeprefix("s3://").partition("/")
    if not bucket:
        raise InvalidRequest("name a bucket: s3://bucket/path/")
    if key.lower().endswith(_MANIFESTS):
        return {"manifest": where}
    if PurePosixPath(key).suffix.lower() in SUFFIXES and not key.endswith("/"):
        raise InvalidRequest(
            f"{where} is one picture; name its folder, or list single pictures in a manifest"
        )
    if where.endswith("*"):
        return {"prefix": where.removesuffix("*")}
    return {"prefix": where if where.endswith("/") else f"{where}/"}


def _files(
    where: str,
    include: Sequence[str],
    exclude: Sequence[str],
    out: Path | None,
    left_out: LeftOut,
) -> dict[str, Path]:
    folder = Path(where)
    if not is_folder(folder):
        if folder.is_file():
            raise InvalidRequest(
                f"{visible(str(folder))} is a file; name its folder, or `depthq submit` it"
            )
        raise InvalidRequest(
            f"{visible(str(folder))} is neither a folder nor an address like s3://bucket/path/"
            f"{hint(where)}"
        )
    walk = Walk(out, left_out, hidden=bool(include))
    found = walk.files(folder) if include else pictures_below(folder, walk)
    chosen = [path for path in found if _fits(path.relative_to(folder), include, exclude)]
    if not chosen:
        raise nothing_at(str(folder), left_out)
    return member_names(folder, chosen)


def _fits(path: Path, include: Sequence[str], exclude: Sequence[str]) -> bool:
    name = path.as_posix()
    chosen = not include or any(fnmatch.fnmatch(name, glob) for glob in include)
    return chosen and not any(fnmatch.fnmatch(name, glob) for glob in exclude)


def _checked(source: Source) -> Source:
    try:
        DatasetSpec(**source.spec)
    except ValidationError as exc:
        wrong = wrong_fields(exc, DatasetSpec)[0]
        name = "-".join(map(str, wrong.place)).replace("_", "-") or "SOURCE"
        raise typer.BadParameter(f"{name.removeprefix('options-')}: {wrong.says}") from exc
    return source
