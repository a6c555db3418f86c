"""One command from pictures to depth: submit what is missing, follow it, download the results."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from client.bulk.download import Downloaded, ResultDownload
from client.bulk.names import ResultNames, key_of
from client.bulk.note import Note, fingerprint, mark, read_note, write_note
from client.dataset import Dataset
from client.depth_client import DepthClient
from client.files.steady import readable
from contract.errors import Conflict, NotFound
from contract.options import JobOptions
from contract.states import DatasetState

_ARCHIVE = "archive://"


@dataclass(frozen=True)
class Source:
    """What to run: `spec` of a bucket's source, or local `files` by their name in the archive.

    `paths` are theirs below the folder, after which results are named; by default those names.
    """

    spec: Mapping[str, Any]
    files: Mapping[str, Path] | None = None
    paths: Mapping[str, str] = field(default_factory=dict)

    @cached_property
    def names(self) -> ResultNames:
        """Return the names of the results; those of files do not depend on which are sent."""
        if self.files is None:
            return ResultNames(self.spec.get("prefix", ""))
        local = {_ARCHIVE + name: self.paths.get(name, name) for name in self.files}
        return ResultNames(_ARCHIVE, local)


def _ignore(*_words: object) -> None:
    """Do nothing."""


@dataclass
class RunCallbacks:
    """Callbacks for the progress of a run."""

    submitted: Callable[[Dataset, bool], None] = _ignore
    progress: Callable[[Dataset], None] = _ignore
    downloaded: Callable[[Downloaded], None] = _ignore
    remark: Callable[[str], None] = _ignore


@dataclass
class Run:
    """`dataset` is None when there was nothing to do; `failed` names the files not sent or not
    brought, and why.
    """

    client: DepthClient
    service: str
    source: Source
    out: Path
    callbacks: RunCallbacks = field(default_factory=RunCallbacks)
    dataset: Dataset | None = None
    failed: dict[str, str] = field(default_factory=dict)
    _marks: dict[str, str] = field(default_factory=dict)  # of the files that can be read
    _made: dict[str, str] = field(default_factory=dict)

    def go(self, *, again: bool = False) -> Dataset | None:
        """Resume the run of the same command, or begin; `again`: begin anew in any case."""
        self._measure()
        whole = fingerprint(
            self.service, self.source.spec, None if self.source.files is None else self._marks
        )
        note = read_note(self.out)
        self._made = {} if note is None else dict(note.made)
        known = note if note and note.fingerprint == whole and not again else None
        self.dataset = self._resumed(known) if known else None
        missing = self._missing(again) if self.dataset is None else self._lost(self.dataset)
        if missing is not None and not missing:
            return self.dataset
        same = known if known and known.dataset_id is None else None
        return self._finished(self._submit(same or Note.new(whole, self._made), missing))

    def _finished(self, dataset: Dataset) -> Dataset:
        self.dataset = dataset
        self.dataset = self.client.datasets.wait(dataset.id, seen=self.callbacks.progress)
        self._download(dataset.id)
        return self.dataset

    def _lost(self, dataset: Dataset) -> Mapping[str, Path] | None:
        """Finish the dataset; return the files whose results were downloaded once and are missing
        now.

        Failed items, and files that the service skipped, are not run again by the same command.
        """
        self._finished(dataset)
        files = self.source.files or {}
        return {n: files[n] for n in self._marks if self._was_made(n) and not self._is_there(n)}

    def _measure(self) -> None:
        """Record every readable file; the others are left to a later run."""
        good, self.failed = readable(self.source.files or {})
        self._marks = {name: mark(name, path, self.source.spec) for name, path in good.items()}

    def _resumed(self, note: Note) -> Dataset | None:
        """Return the dataset of the run before, if it can still have results."""
        if note.dataset_id is None:
            return None
        try:
            dataset = self.client.datasets.get(note.dataset_id)
        except NotFound:
            return None
        if dataset.state is DatasetState.FAILED:
            return None
        if dataset.state is DatasetState.CANCELED:
            self.callbacks.remark(f"dataset {dataset.id} was canceled; fetching what it has done")
            self._download(dataset.id)
            return None
        self.callbacks.submitted(dataset, False)
        return dataset

    def _submit(self, note: Note, files: Mapping[str, Path] | None) -> Dataset:
        write_note(self.out, note)  # before: an upload cut short goes on under the same key
        try:
            dataset = self._post(note, files)
        except Conflict:  # the key stands for other files: what was missing has changed
            note = Note.new(note.fingerprint, self._made)
            dataset = self._post(note, files)
        write_note(self.out, note.model_copy(update={"dataset_id": dataset.id}))
        self.callbacks.submitted(dataset, True)
        return dataset

    def _post(self, note: Note, files: Mapping[str, Path] | None) -> Dataset:
        spec, spoiled = dict(self.source.spec), dict[str, str]()
        dataset = self.client.datasets.submit(
            files, idempotency_key=note.key, spoiled=spoiled, **spec
        )
        for name, reason in spoiled.items():
            self.failed[str((files or {})[name])] = reason
            self._marks.pop(name, None)
        return dataset

    def _missing(self, again: bool) -> Mapping[str, Path] | None:
        """Return the files whose results are not there; None: there are no files."""
        files = self.source.files
        if files is None:
            return None
        readable = {name: path for name, path in files.items() if name in self._marks}
        if again or self.source.spec.get("layout") == "webdataset":
            return readable
        missing = {name: path for name, path in readable.items() if not self._has_results(name)}
        if missing and len(missing) < len(readable):
            done = len(readable) - len(missing)
            self.callbacks.remark(f"{done} of {len(files)} have results already")
        return missing

    def _has_results(self, name: str) -> bool:
        return self._was_made(name) and self._is_there(name)

    def _was_made(self, name: str) -> bool:
        key = key_of(self.source.names.stem(_ARCHIVE + name))
        return self._made.get(key) == self._marks[name]

    def _is_there(self, name: str) -> bool:
        stem = self.source.names.stem(_ARCHIVE + name)
        options = JobOptions(**self.source.spec.get("options", {}))
        endings = [f"{o.name}.{o.file_type(options).extension}" for o in options.asked()]
        place = self.out / stem
        return all(place.with_name(f"{place.name}.{ending}").is_file() for ending in endings)

    def _download(self, dataset_id: str) -> None:
        """Download available results, and record the files that they were made from."""
        names, came = self.source.names, set[str]()
        download = ResultDownload(self.client.datasets, self.out, names, self._wants, came.add)
        try:
            made = download.run(dataset_id, self.callbacks.downloaded)
            self.failed |= made.failed
        finally:
            self._note(came)

    def _wants(self, uri: str) -> bool:
        """Tell whether a result belongs to the present state of a file; not if the file changed
        meanwhile.
        """
        return self.source.files is None or uri.removeprefix(_ARCHIVE) in self._marks

    def _note(self, came: set[str]) -> None:
        note = read_note(self.out)
        if note is None or self.source.files is None:
            return
        for uri in came & {_ARCHIVE + name for name in self._marks}:
            stem = self.source.names.stem(uri)
            self._made[key_of(stem)] = self._marks[uri.removeprefix(_ARCHIVE)]
        write_note(self.out, note.model_copy(update={"made": self._made}))
