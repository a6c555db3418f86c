"""Background threads of a worker, each with its own interval."""

from __future__ import annotations

from collections.abc import Callable

from outbound.receivers import receiver_client
from storage.ledger.incarnation import Incarnation
from worker.attempts.watchdog import Watchdog
from worker.process.parts import Parts
from worker.process.pulse import Pulse
from worker.process.runs import RunCoordinator, Surroundings
from worker.upkeep.dataset_restore import recover_datasets
from worker.upkeep.dataset_sweeper import DatasetRetention
from worker.upkeep.reconciler import Reconciler
from worker.upkeep.restore import Restorer, days_kept, restore_jobs
from worker.upkeep.sweeper import Sweeper
from worker.upkeep.webhooks import Webhooks, secret_key


class Background:
    """Each duty on a thread of its own: a long sweep or a slow store delays nothing else."""

    def __init__(
        self,
        parts: Parts,
        coordinator: RunCoordinator,
        announce: Callable[[], object],
        watchdog: Watchdog,
    ) -> None:
        reconciler = Reconciler(parts.jobs, parts.broker, parts.leader, parts.send_job)
        beats = (
            parts.leases.renew,
            *coordinator.beats(),
            announce,
            reconciler.tick,
            watchdog.look,
            _restorer(parts).tick,
        )
        self._pulses = (
            Pulse(parts.settings.reconcile_interval_s, beats),
            Pulse(1.0, (_webhooks(parts).tick, _sweeper(parts).tick)),
        )

    def start(self) -> None:
        """Start all pulses."""
        for pulse in self._pulses:
            pulse.start()

    def stop(self) -> None:
        """Stop all pulses."""
        for pulse in self._pulses:
            pulse.stop()


def surroundings(parts: Parts) -> Surroundings:
    """Return the parts of this worker that runs use."""
    return Surroundings(
        settings=parts.settings,
        ledger=parts.datasets,
        objects=parts.objects,
        broker=parts.broker,
        workers=parts.registry,
        send=parts.send_step,
        leads=parts.leader.acquire_or_renew,
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


def _webhooks(parts: Parts) -> Webhooks:
    secret = parts.settings.webhook_secret
    return Webhooks(
        parts.jobs,
        parts.webhooks,
        receiver_client(parts.settings.webhook_places),
        secret_key(secret.get_secret_value()) if secret else None,
        parts.leader.acquire_or_renew,
        parts.objects,
        parts.datasets,
    )


def _sweeper(parts: Parts) -> Sweeper:
    retention_s = parts.settings.retention_s
    datasets = DatasetRetention(parts.objects, parts.datasets, retention_s)
    return Sweeper(parts.objects, retention_s, parts.leader.acquire_or_renew, others=datasets.sweep)


def _restorer(parts: Parts) -> Restorer:
    days = days_kept(parts.settings.retention_s)

    def jobs() -> dict[str, int]:
        return restore_jobs(parts.objects, parts.jobs, parts.webhooks, parts.send_job, days)

    def datasets() -> dict[str, int]:
        return recover_datasets(parts.objects, parts.datasets, parts.jobs, parts.webhooks)

    leads = parts.leader.acquire_or_renew
    return Restorer(Incarnation(parts.redis), leads, (jobs, datasets))
