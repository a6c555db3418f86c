"""`python -m worker.quarantine list|show|release`: look at poisoned jobs, let them run again.

A job is put into quarantine after it failed three times for a reason of its own. Its input is kept
until its retention ends, so that an operator can inspect it, fix the cause and release it.
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import dataclass

from contract.errors import DepthqError, NotFound
from contract.names.object_keys import input_object, poisoned_mark, result_object
from contract.names.queues import TASK_RUN_JOB
from contract.settings import Settings
from contract.startup import settings_or_exit
from runtime.pipes import while_read
from storage.jobs.recovery import rebuild
from storage.jobs.store import JobStore
from storage.objects.open import open_job_store, open_object_store
from storage.objects.protocol import ObjectStore
from worker.process.app import make_celery, send


@dataclass(frozen=True)
class Quarantine:
    """The jobs in quarantine. Every method raises StorageUnavailable."""

    settings: Settings
    jobs: JobStore
    objects: ObjectStore

    def list(self) -> list[dict[str, object]]:
        """Return id, reason and time of every job in quarantine, oldest first.

        Those whose retention has ended are removed from the list.
        """
        entries = []
        for job_id in self.jobs.quarantined():
            try:
                entries.append(self.show(job_id))
            except NotFound:
                self.jobs.unquarantine(job_id)
        return entries

    def show(self, job_id: str) -> dict[str, object]:
        """Return what is known of the job; NotFound if there is no record of it."""
        record = self.jobs.get(job_id) or rebuild(self.objects, job_id)
        if record is None:
            raise NotFound(f"there is no job {job_id}; its retention may have ended")
        result = record.result
        return {
            "id": job_id,
            "attempts": record.attempt,
            "error": result.error.message if result and result.error else None,
            "finished_at": result.finished_at if result else None,
            "input": input_object(job_id),
            "input_sha256": record.request.input.sha256,
        }

    def release(self, job_id: str) -> None:
        """Discard the job's result and run it as if it were new."""
        self.show(job_id)
        self.objects.delete([result_object(job_id), poisoned_mark(job_id)])
        self.jobs.delete(job_id)
        record = rebuild(self.objects, job_id)
        if record is None:
            raise NotFound(f"the input of job {job_id} is gone; submit the image again")
        self.jobs.create(record)
        self.jobs.unquarantine(job_id)
        request = record.request
        app = make_celery(self.settings)
        send(app, TASK_RUN_JOB, job_id, request.lane, request.options.model)


def main(argv: list[str] | None = None) -> int:
    """Run one command; exit code 0, or 1 with a sentence on standard error."""
    parser = argparse.ArgumentParser(prog="depthq quarantine", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("list", help="every job set aside, one JSON object a line")
    commands.add_parser("show", help="one job").add_argument("id")
    commands.add_parser("release", help="let a job run again").add_argument("id")
    arguments = parser.parse_args(argv)
    settings = settings_or_exit("quarantine")
    quarantine = Quarantine(settings, open_job_store(settings), open_object_store(settings))
    try:
        _run(quarantine, arguments)
    except DepthqError as exc:
        sys.stderr.write(f"{exc}\n")
        return 1
    return 0


def _run(quarantine: Quarantine, arguments: argparse.Namespace) -> None:
    with while_read():
        if arguments.command == "list":
            for entry in quarantine.list():
                sys.stdout.write(json.dumps(entry) + "\n")
        elif arguments.command == "show":
            sys.stdout.write(json.dumps(quarantine.show(arguments.id), indent=2) + "\n")
        else:
            quarantine.release(arguments.id)
            sys.stdout.write(f"{arguments.id} is queued again\n")


if __name__ == "__main__":
    sys.exit(main())
