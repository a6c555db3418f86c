"""A worker's dataset code on real Redis and a real store, with threads in the place of Celery."""

from __future__ import annotations

import hashlib
import threading
import time
from collections import deque
from contextlib import contextmanager, nullcontext

import numpy as np

from contract.errors import ImageCorrupt, ImageUndecodable, UnsupportedMediaType
from contract.ids import new_id
from contract.jobs import DepthInfo, ModelInfo
from contract.models.declaration import DEFAULT_MODEL
from contract.names.queues import (
    STEP_FINALIZE,
    STEP_PLAN,
    TASK_FORECAST_DATASET,
)
from contract.runs import DatasetSpec, RunRecord, RunRequest
from storage.jobs.store import JobStore
from storage.ledger.webhooks import WebhookQueue
from storage.runs.files import RunObjects
from storage.runs.recovery import restore
from storage.runs.store import RunStore
from tests.waits import PATIENT_S
from worker.attempts.patience import Patience
from worker.compute.computer import Computed
from worker.compute.throughput import Throughput
from worker.imaging.prepared import Prepared
from worker.outputs.render import RenderedFile
from worker.process.background import AFTER_OUTAGE_S
from worker.process.runs import RunCoordinator, RunWorker, Surroundings
from worker.runs.dispatcher import message
from worker.upkeep.chores import Chore, Led
from worker.upkeep.run_restore import recover_runs

MODEL = ModelInfo(
    name="midas_small", weights_id="w1", engine="fake", precision="fp32", net_size=(32, 32)
)
ERRORS = {b"corrupt": ImageCorrupt, b"undecodable": ImageUndecodable, b"text": UnsupportedMediaType}


class FakeComputer:
    """Depth that follows from the bytes; `corrupt…`, `undecodable…` and `text…` are bad images."""

    def __init__(self, seconds=0.0):
        self.seconds = seconds
        self.computed = []
        self.ranges = set()
        self.before = lambda data: None

    def compute(self, data, options, clock, deadline_at=None, heat_range=None):
        self.computed.append(data)
        self.ranges.add(heat_range)
        self.before(data)
        time.sleep(self.seconds)
        for start, error in ERRORS.items():
            if data.startswith(start):
                raise error(f"a bad image: {data[:20]!r}")
        digest = hashlib.sha256(data + options.model_dump_json().encode()).digest()
        tensor = np.zeros((3, 32, 32), np.float32)
        said = ("Premature end of JPEG file",) if data.startswith(HALF) else ()
        prepared = Prepared(tensor, 64, 48, None, 1.0, 1.0, said)
        files = [self._file(output, digest, options) for output in options.outputs]
        return Computed(prepared, MODEL, DepthInfo(min=0.0, max=float(len(data))), files)

    def _file(self, output, digest, options):
        data = output.encode() + digest
        if options.depth_format == "npy":
            import io

            buffer = io.BytesIO()
            np.save(buffer, np.linspace(0, digest[0] + 1, 100, dtype=np.float32))
            data = buffer.getvalue()
        extension = "png" if output == "depth" else "jpg"
        return RenderedFile(output, extension, "image/png", 64, 48, data)


class FakeQueue:
    """The bulk queue: what waits, by message id."""

    def __init__(self):
        self._lock = threading.Lock()
        self._messages = deque()
        self.drop = lambda task, message_id: False

    def send(self, task, message_id):
        if not self.drop(task, message_id):
            with self._lock:
                self._messages.append((task, message_id))

    def take(self):
        with self._lock:
            return self._messages.popleft() if self._messages else None

    def waiting_ids(self, lane, models=()):
        with self._lock:
            return {message_id for _, message_id in self._messages}

    def clear(self):
        with self._lock:
            self._messages.clear()


class OneWorker:
    """A registry that knows of no worker: the window is that of one."""

    def live(self):
        return []


class Rig:
    """One worker process, so to say."""

    def __init__(
        self, settings, redis, objects, computer=None, queue=None, name="w1", turn=nullcontext
    ):
        self.objects = objects
        self.files = RunObjects(objects)
        self.jobs, self.webhooks = JobStore(redis), WebhookQueue(redis)
        self.ledger = RunStore(redis)
        self.queue = queue or FakeQueue()
        self.computer = computer or FakeComputer()
        self.patience = Patience(5.0)
        around = Surroundings(
            settings=settings,
            ledger=self.ledger,
            objects=objects,
            broker=self.queue,
            workers=OneWorker(),
            send=self.queue.send,
            patience=self.patience,
            webhooks=self.webhooks,
            throughput=Throughput(),
            model_of=lambda _dataset_id: DEFAULT_MODEL,
            speed=lambda _model: 0.0,
            weights_of=lambda _model: MODEL.weights_id,
            worker=name,
            turn=turn,
        )
        self.coordinator = RunCoordinator(around)
        chore = Chore("reconciling", 0.0, self.coordinator.reconciler.run, AFTER_OUTAGE_S)
        self.reconciler = Led(chore, lambda: True)
        self.worker = RunWorker(self.coordinator, self.computer)

    def submit(self, **spec):
        """Do what the API does; return the id."""
        archive, dry_run = spec.pop("archive", None), spec.pop("dry_run", False)
        owner = spec.pop("owner", None)
        dataset_id = new_id()
        request = RunRequest(
            id=dataset_id,
            created_at=time.time(),
            spec=DatasetSpec(**spec),
            archive=archive(dataset_id) if archive else None,
            owner=owner,
            dry_run=dry_run,
        )
        self.files.write_request(request)
        if dry_run:
            self.queue.send(TASK_FORECAST_DATASET, f"{dataset_id}/forecast")
        else:
            self.ledger.create(RunRecord(request=request))
            self.queue.send(*message(dataset_id, STEP_PLAN))
        return dataset_id

    def recover(self):
        """Compare Redis with storage; return what was done."""
        return recover_runs(self.objects, self.ledger, self.jobs, self.webhooks)

    def step(self):
        """Run one message; False: none waits."""
        taken = self.queue.take()
        if taken is None:
            return False
        task, message_id = taken
        self.worker.tasks()[task](message_id)
        return True

    def run(self, dataset_id=None):
        """Work until nothing waits; return the record."""
        while self.step():
            pass
        return self.ledger.get(dataset_id) if dataset_id else None

    def tick(self):
        """Call once what the worker calls periodically."""
        self.coordinator.leases.renew()
        self.reconciler.tick()

    def run_until_over(self, dataset_id, timeout_s=PATIENT_S):
        """Work and reconcile until the dataset is over."""
        deadline = time.monotonic() + timeout_s
        while time.monotonic() < deadline:
            self.run()
            self.tick()
            record = self.ledger.get(dataset_id)
            if record.state.terminal and dataset_id not in self.ledger.active():
                return record
            time.sleep(0.02)
        raise TimeoutError(self.ledger.get(dataset_id))

    def cancel(self, dataset_id):
        """Do what the API does."""
        self.files.write_canceled(dataset_id)
        state, now = self.ledger.cancel(dataset_id)
        if now:
            self.queue.send(*message(dataset_id, STEP_FINALIZE))
        return state

    def restore(self, dataset_id):
        """Do what `depthq reconcile` does."""
        return restore(self.files, self.ledger, dataset_id)

    def results(self, dataset_id):
        """Return all result lines."""
        return [
            result
            for shard in self.files.result_numbers(dataset_id)
            for result in self.files.results(dataset_id, shard)
        ]

    @contextmanager
    def beating(self, every_s=0.1):
        """Do so in the background."""
        stop = threading.Event()

        def beat():
            while not stop.wait(every_s):
                self.tick()

        thread = threading.Thread(target=beat)
        thread.start()
        try:
            yield
        finally:
            stop.set()
            thread.join()

    def stop(self):
        """End the item threads."""
        self.worker.stop()


HALF = b"half "  # what begins so is decoded, with a warning


def put_images(store, count, prefix="photos/", bad=()):
    """Put `count` images, those at the places of `bad` broken; return the bad names."""
    names = []
    kinds = list(ERRORS)
    for number in range(count):
        data = b"image %d" % number
        if number in bad:
            data = kinds[number % len(kinds)] + data
            names.append(f"{prefix}{number:05d}.jpg")
        store.put(f"{prefix}{number:05d}.jpg", data, media_type="image/jpeg")
    return names
