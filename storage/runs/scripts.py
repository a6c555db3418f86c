"""Loads the Lua scripts of runs; each is one atomic change of a run's ledger."""

from __future__ import annotations

from importlib.resources import files
from typing import Any

from redis import Redis

from contract.ids import kind_of
from contract.names.redis_keys import CHANGES_CHANNEL, active_key, run_key
from storage.ledger.connection import redis_errors


def run_keys(dataset_id: str) -> list[str]:
    """Return the keys of a dataset in the order that the scripts expect."""
    key = run_key(dataset_id)
    own = (f"{key}:{name}" for name in ("leases", "steps", "done", "rate"))
    return [key, *own, active_key(kind_of(dataset_id))]


class RunScripts:
    """The scripts, registered once per client; loaded again after a Redis restart."""

    def __init__(self, redis: Redis) -> None:
        folder = files("storage") / "lua"
        prelude = (folder / "runs" / "_prelude.lua").read_text("utf-8")
        self._scripts = {
            entry.name.removesuffix(".lua"): redis.register_script(
                prelude + entry.read_text("utf-8")
            )
            for entry in (folder / "runs").iterdir()
            if entry.name.endswith(".lua") and not entry.name.startswith("_")
        }
        dispatch = (folder / "dispatch" / "dispatch.lua").read_text("utf-8")
        self._dispatch = redis.register_script(dispatch)

    def run(self, name: str, dataset_id: str, *args: str | float) -> Any:
        """Run script `name` on one dataset. Raises StorageUnavailable."""
        argv = [CHANGES_CHANNEL, dataset_id, *args]
        with redis_errors():
            return self._scripts[name](keys=run_keys(dataset_id), args=argv)

    def dispatch(self, kind: str, window: int, grace_s: float) -> list[str]:
        """Run the dispatch over all runs of `kind`; answers ids and shards alternately."""
        with redis_errors():
            found: list[str] = self._dispatch(
                keys=[active_key(kind)], args=[run_key(""), window, grace_s]
            )
        return found
