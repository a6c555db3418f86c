"""What `depthq dataset run` remembers beside its results, so that the same command goes on."""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from client.errors import LocalProblem

NOTE = ".depthq-dataset.json"


class Note(BaseModel):
    """One run: what was asked for, under which key, and what the service called it."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    fingerprint: str
    key: str
    dataset_id: str | None = None

    @classmethod
    def new(cls, fingerprint: str) -> Note:
        """Return the note of a run that has not been submitted."""
        return cls(fingerprint=fingerprint, key=secrets.token_hex(16))


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


def fingerprint(service: str, spec: Mapping[str, Any], files: Mapping[str, Path] | None) -> str:
    """Return what tells two runs apart: service, request, and each file's name, size and time."""
    about = [(n, p.stat().st_size, p.stat().st_mtime_ns) for n, p in (files or {}).items()]
    words = json.dumps([service, spec, sorted(about), files is None], sort_keys=True)
    return hashlib.sha256(words.encode()).hexdigest()
