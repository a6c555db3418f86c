"""Opens the models that this process holds: an engine and a batcher each."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor

from contract.names.queues import Lane
from contract.settings import Settings
from worker.advice import advise
from worker.attempts.metrics import observe_batch
from worker.compute.batch_choice import Choice, Fitting, KnownCosts
from worker.compute.held_model import HeldModel, held_model
from worker.compute.pace import Pace, pace_of
from worker.engines.factory import build_engine
from worker.engines.protocol import Engine
from worker.machine import processor
from worker.weights.resolve import Artefact, resolve

log = logging.getLogger(__name__)

USUAL_IMAGES, FEWEST_IN_BATCH = 4, 2  # of all streams together; of one stream
MOST_IMAGES = 16  # of all streams together; more would take the memory that a worker may use


def open_models(
    settings: Settings, yielding: Callable[[], bool], lane: Lane = Lane.BULK
) -> dict[str, HeldModel]:
    """Return the models of DEPTHQ_MODELS by name, not yet loaded.

    Raises WeightsError if one is unknown or its weights are missing.
    """
    held = {}
    for artefact, pace in paces(settings):
        fitting = fitting_of(settings, artefact, pace)
        engine = build_engine(
            settings,
            artefact,
            streams=fitting.streams if fitting else pace.streams,
            threads=pace.threads,
            max_batch=MOST_IMAGES if fitting else pace.max_batch,
        )
        held[artefact.model] = held_model(
            engine,
            pace,
            artefact.spec,
            max_latency_s=settings.max_batch_latency_ms / 1e3,
            on_batch=observe_batch,
            yielding=yielding,
            fitting=fitting,
            wide=wide_engine(settings, artefact, pace, engine, lane),
        )
    return held


def wide_engine(
    settings: Settings, artefact: Artefact, pace: Pace, engine: Engine, lane: Lane
) -> Engine | None:
    """Return what computes one image by all threads that `engine` shares out among its streams.

    None where one image has them all anyway, and in the bulk lane, where images come by thousands.
    """
    if lane is Lane.BULK or engine.streams == 1:
        return None
    return build_engine(settings, artefact, streams=1, threads=pace.threads, max_batch=1)


def fitting_of(settings: Settings, artefact: Artefact, pace: Pace) -> Fitting | None:
    """Return what fits batches of `artefact` to this processor.

    None where there is nothing to choose: the operator has chosen, the model is so slow that a few
    images fill a batch's time, or the engine is not the one that was measured.
    """
    chosen = {"max_batch", "infer_streams"} & settings.model_fields_set
    slow, bounded = pace.slots is not None, artefact.spec.max_batch is not None
    if chosen or slow or bounded or settings.engine != "openvino":
        return None
    known = known_costs(settings, artefact, pace)
    return Fitting(known, artefact.spec.warm_up[0], default_choice(pace), MOST_IMAGES)


def default_choice(pace: Pace) -> Choice:
    """Return what is used unless something else is measurably cheaper.

    In fp32 a stream's batch of four is no cheaper to the service than one of two, and needs 25 to
    50 MB more (docs/decisions/0146).
    """
    batch = max(FEWEST_IN_BATCH, USUAL_IMAGES // pace.streams)
    return Choice(pace.streams, max(1, min(batch, pace.max_batch // pace.streams)))


def known_costs(settings: Settings, artefact: Artefact, pace: Pace) -> KnownCosts:
    """Return what was measured of `artefact` on this processor, with these threads."""
    what = f"{processor()} {settings.precision} {artefact.weights_id} {pace.threads}"
    name = hashlib.sha256(what.encode()).hexdigest()[:16]
    return KnownCosts(settings.cache_dir / "weights" / "costs" / f"{name}.json")


def paces(settings: Settings) -> list[tuple[Artefact, Pace]]:
    """Return each model of DEPTHQ_MODELS with its pace. Raises WeightsError."""
    advice = advise(settings)
    artefacts = {a.model: a for a in (resolve(settings, name) for name in settings.models)}
    return [
        (
            artefact,
            pace_of(
                artefact.spec,
                settings,
                threads=advice.threads,
                streams=advice.streams,
                alone=len(artefacts) == 1,
            ),
        )
        for artefact in artefacts.values()
    ]


class LoadingModels:
    """The models of one process, which load in a thread of their own while the rest is built.

    Compiling a network is C++ without the interpreter's lock, and takes as long as importing the
    rest of the worker. `begin()`, then `wait()`, which begins where that was not done; `widen()`
    once the process can compute. Batchers ask `yielding`, which is set once the lane's throttle is
    there.
    """

    def __init__(self, settings: Settings, lane: Lane = Lane.BULK) -> None:
        self.yielding: Callable[[], bool] = lambda: False
        self.held: Mapping[str, HeldModel] = open_models(settings, lambda: self.yielding(), lane)
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="models")
        self._loaded: Future[None] | None = None

    def begin(self) -> Future[None]:
        """Begin to load and warm every model, one after the other."""
        self._loaded = self._thread.submit(self._load_all)
        return self._loaded

    def wait(self) -> None:
        """Return when all are loaded. Raises EngineError."""
        (self._loaded or self.begin()).result()

    def widen(self) -> Future[None]:
        """Begin to load what computes an image that comes alone; no job needs to wait for it."""
        widened = self._thread.submit(self._widen_all)
        self._thread.shutdown(wait=False)
        return widened

    def _load_all(self) -> None:
        for model in self.held.values():
            model.load()

    def _widen_all(self) -> None:
        try:
            for model in self.held.values():
                model.widen()
        except Exception:  # the worker computes without it
            log.exception("one image is not computed by all cores", extra={"action": "start"})
