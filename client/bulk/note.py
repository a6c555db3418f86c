"""The state file of `depthq dataset run`, stored with the results, so that the same command
resumes.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from client.errors import LocalProblem

NOTE = ".depthq-dataset.json"


class Note(BaseModel):
    """One run: what was asked for, under which key, and what the service called it."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    fingerprint: str
    key: str
    dataset_id: str | None = None
    made: dict[str, str] = Field(
        {}, description="key of a result's stem → mark of what it was made from"
    )

    @classmethod
    def new(cls, fingerprint: str, made: Mapping[str, str]) -> Note:
        """Return the note of a run that has not been submitted."""
        return cls(fingerprint=fingerprint, key=secrets.token_hex(16), made=dict(made))


def read_note(folder: Path) -> Note | None:
    """Return the note of the last run into `folder`, if there is one that can be read."""
    try:
        return Note.model_validate_json((folder / NOTE).read_bytes())
    except (OSError, ValidationError):
        return None


def write_note(folder: Path, note: Note) -> None:
    """Remember the run. Raises LocalProblem."""
    beside = folder / f"{NOTE}.part"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        beside.write_text(note.model_dump_json() + "\n")
        beside.replace(folder / NOTE)
    except OSError as exc:
        raise LocalProblem(f"cannot write to {folder}: {exc.strerror}") from exc


def fingerprint(service: str, spec: Mapping[str, Any], marks: Mapping[str, str] | None) -> str:
    """Return the identity of a run: service, request, and the files."""
    return _hash([service, spec, sorted((marks or {}).items()), marks is None])


def mark(name: str, path: Path, spec: Mapping[str, Any]) -> str:
    """Return the identity of a result: the file's name, size and time, and the request. Raises
    OSError.
    """
    about = path.stat()
    asked = {word: spec[word] for word in ("options", "normalize") if word in spec}
    return _hash([name, about.st_size, about.st_mtime_ns, asked])[:32]


def _hash(words: Sequence[Any]) -> str:
    return hashlib.sha256(json.dumps(words, sort_keys=True).encode()).hexdigest()
