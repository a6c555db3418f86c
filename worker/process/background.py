"""Background threads of a worker: its own periodic work, and the chores of the leader."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from outbound.receivers import receiver_client
from storage.ledger.incarnation import Incarnation
from worker.attempts.watchdog import Watchdog
from worker.process.parts import Parts
from worker.process.periodic import PeriodicThreads
from worker.process.runs import RunCoordinator, Surroundings
from worker.upkeep.chores import Chore, Leading, Led
from worker.upkeep.reconciler import Reconciler
from worker.upkeep.restore import Restorer, days_kept, restore_jobs
from worker.upkeep.run_restore import recover_runs
from worker.upkeep.run_sweeper import RunRetention
from worker.upkeep.sweeper import Sweeper, tidy
from worker.upkeep.webhooks import Webhooks, secret_key

SWEEP_S = 3_600.0
WEBHOOKS_S = 1.0
AFTER_OUTAGE_S = 5.0  # after an outage of Redis leases have expired; live holders renew first


def chores(parts: Parts, coordinator: RunCoordinator) -> tuple[Chore, ...]:
    """Return all that the leader of the workers does."""
    every_s, objects, settings = parts.settings.reconcile_interval_s, parts.objects, parts.settings
    jobs = Reconciler(parts.jobs, parts.broker, parts.send_job)
    datasets = RunRetention(objects, parts.datasets, settings.retention_s)
    return (
        Chore("reconciling jobs", every_s, jobs.run),
        Chore("reconciling runs", every_s, coordinator.reconciler.run, rest_s=AFTER_OUTAGE_S),
        Chore("comparing with storage", every_s, _restorer(parts).run),
        *_webhooks(parts),
        Chore("sweeping jobs", SWEEP_S, Sweeper(objects, settings.retention_s).sweep),
        Chore("sweeping runs", SWEEP_S, datasets.sweep),
        Chore("tidying", SWEEP_S, lambda: tidy(objects)),
    )


class Background:
    """Each piece of work on a thread of its own: a long sweep or a slow store delays no other."""

    def __init__(
        self,
        parts: Parts,
        coordinator: RunCoordinator,
        announce: Callable[[], object],
        watchdog: Watchdog,
    ) -> None:
        own = (parts.leases.renew, coordinator.leases.renew, announce, watchdog.check)
        leads = Leading(parts.leader.acquire_or_renew)
        self._periodic = (
            PeriodicThreads(parts.settings.reconcile_interval_s, own),
            *(PeriodicThreads(c.look_s, (Led(c, leads).tick,)) for c in chores(parts, coordinator)),
        )

    def start(self) -> None:
        """Start all threads."""
        for threads in self._periodic:
            threads.start()

    def stop(self) -> None:
        """Stop all threads."""
        for threads in self._periodic:
            threads.stop()


def surroundings(parts: Parts) -> Surroundings:
    """Return the parts of this worker that runs use."""
    return Surroundings(
        settings=parts.settings,
        ledger=parts.datasets,
        objects=parts.objects,
        broker=parts.broker,
        workers=parts.registry,
        send=parts.send_step,
        patience=parts.patience,
        webhooks=parts.webhooks,
        throughput=parts.throughput,
        worker=parts.name,
        model_of=parts.model_of,
        speed=lambda model: parts.models[model].images_per_s(),
        weights_of=lambda model: parts.models[model].about.weights_id,
        turn=parts.throttle.turn,
        children=lambda: parts.decoder.pids,
    )


def _webhooks(parts: Parts) -> Iterator[Chore]:
    secret = parts.settings.webhook_secret
    if secret is None:
        return
    webhooks = Webhooks(
        parts.jobs,
        parts.webhooks,
        receiver_client(parts.settings.webhook_places),
        secret_key(secret.get_secret_value()),
        parts.objects,
        parts.datasets,
    )
    yield Chore("webhooks", WEBHOOKS_S, webhooks.run)


def _restorer(parts: Parts) -> Restorer:
    days = days_kept(parts.settings.retention_s)

    def jobs() -> dict[str, int]:
        return restore_jobs(parts.objects, parts.jobs, parts.webhooks, parts.send_job, days)

    def datasets() -> dict[str, int]:
        return recover_runs(parts.objects, parts.datasets, parts.jobs, parts.webhooks)

    return Restorer(Incarnation(parts.redis), (jobs, datasets))
