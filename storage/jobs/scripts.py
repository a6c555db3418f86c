"""Loads the Lua scripts of jobs; each is one atomic change of the ledger."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.resources import files
from typing import Any

from redis import Redis
from redis.client import NEVER_DECODE
from redis.exceptions import NoScriptError

from contract.names.queues import Lane
from contract.names.redis_keys import (
    CHANGES_CHANNEL,
    ENDINGS_CHANNEL,
    MODELS_KEY,
    QUARANTINE_KEY,
    RECORDS_CHANNEL,
    job_key,
    queued_key,
    running_key,
)
from storage.jobs.endings import MOST_BYTES
from storage.ledger.connection import redis_errors

Call = tuple[str, Sequence[str | float]]  # a job's id, and a script's own arguments


class LedgerScripts:
    """The scripts, registered once per client; loaded again after a Redis restart."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        folder = files("storage") / "lua" / "jobs"
        prelude = (folder / "_prelude.lua").read_text("utf-8")
        self._scripts = {
            entry.name.removesuffix(".lua"): redis.register_script(
                prelude + entry.read_text("utf-8")
            )
            for entry in folder.iterdir()
            if entry.name.endswith(".lua") and not entry.name.startswith("_")
        }

    def run(self, name: str, job_ids: Sequence[str], *args: str | float | bytes) -> Any:
        """Run script `name` over these jobs: KEYS are their hashes, every index, the set of models.

        ARGV are the channels and the most that an ending says, the number of jobs, their ids, then
        `args`.
        Raises StorageUnavailable.
        """
        keys, argv = _addressed(job_ids, args)
        with redis_errors():
            return self._scripts[name](keys=keys, args=argv)

    def run_each(self, name: str, calls: Sequence[Call], *, raw: bool = False) -> list[Any]:
        """Run script `name` once for each (job id, arguments), all in one round trip.

        Each is atomic, not all together. `raw`: the answers' texts are bytes. Raises
        StorageUnavailable if any of them cannot be run.
        """
        if len(calls) == 1 and not raw:
            return [self.run(name, [calls[0][0]], *calls[0][1])]
        answers = self._piped(name, calls, raw=raw)
        if any(_unknown(answer) for answer in answers):  # a restarted server
            with redis_errors():
                self._redis.script_load(self._scripts[name].script)
            again = [call for call, answer in zip(calls, answers, strict=True) if _unknown(answer)]
            later = iter(self._piped(name, again, raw=raw))
            answers = [next(later) if _unknown(answer) else answer for answer in answers]
        with redis_errors():
            for answer in answers:
                if isinstance(answer, Exception):
                    raise answer
        return answers

    def _piped(self, name: str, calls: Sequence[Call], *, raw: bool) -> list[Any]:
        options = {NEVER_DECODE: True} if raw else {}
        with redis_errors(), self._redis.pipeline(transaction=False) as pipe:
            for job_id, args in calls:
                keys, argv = _addressed([job_id], args)
                script = self._scripts[name].sha
                pipe.execute_command("EVALSHA", script, len(keys), *keys, *argv, **options)  # type: ignore[no-untyped-call]
            return list(pipe.execute(raise_on_error=False))


def _unknown(answer: object) -> bool:
    return isinstance(answer, NoScriptError)


def _addressed(
    job_ids: Sequence[str], args: Sequence[str | float | bytes]
) -> tuple[list[str], list[Any]]:
    keys = [*(job_key(job_id) for job_id in job_ids), *INDEX_KEYS, MODELS_KEY]
    return keys, [*CHANNELS, len(job_ids), *job_ids, *args]


CHANNELS = (CHANGES_CHANNEL, ENDINGS_CHANNEL, RECORDS_CHANNEL, MOST_BYTES)
# The scripts find an index in KEYS by the end of its name; that of another model than the default
# one has the same name and the model's after it, and is found by the set of such models.
INDEX_KEYS = (QUARANTINE_KEY, *(key(lane) for lane in Lane for key in (queued_key, running_key)))
