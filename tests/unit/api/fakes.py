"""Stand-ins for the API's dependencies, which record all calls in one list, in order."""

from __future__ import annotations

import io
from types import SimpleNamespace
from typing import cast

from PIL import Image

from api.jobs.accept import Submission, accept
from api.receiving.uploads import Upload
from api.services import Services
from contract.errors import StorageUnavailable
from contract.jobs import JobRecord
from contract.options import JobOptions
from contract.settings import Settings
from storage.jobs.letter import NO_LETTER
from tests.services.memory_store import MemoryStore


def jpeg(width: int = 64, height: int = 48) -> bytes:
    """Return a small JPEG file."""
    file = io.BytesIO()
    Image.new("RGB", (width, height), (200, 90, 10)).save(file, "JPEG")
    return file.getvalue()


class Steps:
    """The steps taken so far; raises StorageUnavailable at the one named `failing`."""

    def __init__(self, failing: str = "") -> None:
        self.taken: list[str] = []
        self.failing = failing

    def take(self, step: str) -> None:
        self.taken.append(step)
        if step == self.failing:
            raise StorageUnavailable(f"{step} fails, as asked")


class NotingStore(MemoryStore):
    def __init__(self, steps: Steps) -> None:
        super().__init__()
        self.steps = steps

    def put(self, key, data, *, media_type, metadata=None) -> None:
        self.steps.take("put")
        super().put(key, data, media_type=media_type, metadata=metadata)

    def delete(self, keys) -> None:
        self.steps.take("delete input")
        super().delete(keys)


class NotingJobs:
    def __init__(self, steps: Steps) -> None:
        self.steps = steps
        self.records = {}
        self.keys = {}

    def create(self, record, data=b"", letter=NO_LETTER) -> bool:
        self.steps.take("create")
        return self.records.setdefault(record.id, record) is record

    def get(self, job_id):
        return self.records.get(job_id)

    def delete(self, job_id) -> None:
        self.records.pop(job_id, None)

    def remember(self, digest, job_id, fingerprint, ttl_s):
        self.steps.take("remember")
        return self.keys.setdefault(digest, (job_id, fingerprint))


class NotingDispatch:
    def check(self) -> None:
        """The double is always there."""

    def __init__(self, steps: Steps) -> None:
        self.steps = steps

    def letter(self, job_id, lane, model):
        return NO_LETTER

    def enqueue(self, job_id, lane, model) -> None:
        self.steps.take("enqueue")


def parts(steps: Steps, **settings) -> Services:
    """Return services made of stand-ins, good enough for the accept stage."""
    return cast(
        "Services",
        SimpleNamespace(
            settings=Settings(**settings),
            objects=NotingStore(steps),
            jobs=NotingJobs(steps),
            dispatch=NotingDispatch(steps),
            models=SimpleNamespace(check=lambda name, lane: None),
        ),
    )


def submit(
    api: Services, data: bytes | None = None, key: str | None = None, **options
) -> JobRecord:
    """Run the accept stage on `data`, by default a small JPEG."""
    with Upload(10_000_000) as upload:
        upload.write(jpeg() if data is None else data)
        return accept(api, Submission(upload, JobOptions(**options), None, key))
