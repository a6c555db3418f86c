"""One command from pictures to depth: submit what is missing, follow it, bring the results."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from client.bulk.download import Downloaded, ResultDownload
from client.bulk.names import ResultNames
from client.bulk.note import Note, fingerprint, read_note, write_note
from client.dataset import Dataset
from client.depth_client import DepthClient
from contract.errors import Conflict, NotFound
from contract.options import FILE_TYPES, JobOptions
from contract.states import DatasetState


@dataclass(frozen=True)
class Source:
    """What to run: `spec` of a bucket's source, or local `files` by their name in the archive."""

    spec: Mapping[str, Any]
    files: Mapping[str, Path] | None = None

    @property
    def names(self) -> ResultNames:
        """Return the names of the results; those of files do not depend on which are sent."""
        names = ResultNames("archive://" if self.files is not None else self.spec.get("prefix", ""))
        for name in self.files or ():
            names.stem(f"archive://{name}")
        return names


def _nobody(*_words: object) -> None:
    """Tell nobody."""


@dataclass
class Told:
    """What the run says on its way."""

    submitted: Callable[[Dataset, bool], None] = _nobody
    progress: Callable[[Dataset], None] = _nobody
    downloaded: Callable[[Downloaded], None] = _nobody
    remark: Callable[[str], None] = _nobody


@dataclass
class Run:
    """`dataset` is None when there was nothing to do."""

    client: DepthClient
    service: str
    source: Source
    out: Path
    told: Told = field(default_factory=Told)
    dataset: Dataset | None = None

    def go(self, *, again: bool = False) -> Dataset | None:
        """Finish what the same command began, or begin; `again`: begin anew in any case."""
        mark = fingerprint(self.service, self.source.spec, self.source.files)
        note = None if again else read_note(self.out)
        dataset = self._resumed(note) if note and note.fingerprint == mark else None
        if dataset is None:
            missing = self._missing(again)
            if missing is not None and not missing:
                return None
            same = note is not None and note.fingerprint == mark and note.dataset_id is None
            dataset = self._submit(note if same and note else Note.new(mark), missing)
        self.dataset = dataset
        self.dataset = self.client.datasets.wait(dataset.id, seen=self.told.progress)
        self._download(dataset.id)
        return self.dataset

    def _resumed(self, note: Note) -> Dataset | None:
        """Return the dataset of the run before, if it can still come to something."""
        if note.dataset_id is None:
            return None
        try:
            dataset = self.client.datasets.get(note.dataset_id)
        except NotFound:
            return None
        if dataset.state is DatasetState.FAILED:
            return None
        if dataset.state is DatasetState.CANCELED:
            self.told.remark(f"dataset {dataset.id} was canceled; fetching what it has done")
            self._download(dataset.id)
            return None
        self.told.submitted(dataset, False)
        return dataset

    def _submit(self, note: Note, files: Mapping[str, Path] | None) -> Dataset:
        write_note(self.out, note)  # before: an upload cut short goes on under the same key
        try:
            dataset = self._post(note, files)
        except Conflict:  # the key stands for other files: what was missing has changed
            note = Note.new(note.fingerprint)
            dataset = self._post(note, files)
        write_note(self.out, note.model_copy(update={"dataset_id": dataset.id}))
        self.told.submitted(dataset, True)
        return dataset

    def _post(self, note: Note, files: Mapping[str, Path] | None) -> Dataset:
        spec = dict(self.source.spec)
        return self.client.datasets.submit(files, idempotency_key=note.key, **spec)

    def _missing(self, again: bool) -> Mapping[str, Path] | None:
        """Return the files without results newer than themselves; None: there are no files."""
        files = self.source.files
        if files is None or again or self.source.spec.get("layout") == "webdataset":
            return files
        names, options = self.source.names, JobOptions(**self.source.spec.get("options", {}))
        missing = {}
        for name, path in files.items():
            stem = self.out / names.stem(f"archive://{name}")
            made = [
                stem.with_name(f"{stem.name}.{o}.{FILE_TYPES[options.format_of(o)][0]}")
                for o in options.outputs
            ]
            if not all(_is_newer(result, path) for result in made):
                missing[name] = path
        if missing and len(missing) < len(files):
            self.told.remark(f"{len(files) - len(missing)} of {len(files)} have results already")
        return missing

    def _download(self, dataset_id: str) -> None:
        download = ResultDownload(self.client.datasets, self.out, self.source.names)
        download.run(dataset_id, self.told.downloaded)


def _is_newer(result: Path, source: Path) -> bool:
    try:
        return result.stat().st_mtime >= source.stat().st_mtime
    except FileNotFoundError:
        return False
