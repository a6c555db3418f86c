"""Every label of every metric is one of a closed set, whatever clients send."""

from __future__ import annotations

import random
import string
from collections.abc import Collection, Iterable
from http import HTTPStatus

import pytest
from prometheus_client import REGISTRY
from prometheus_client.metrics import MetricWrapperBase
from prometheus_client.metrics_core import Metric

from api.callers.failed_logins import MAX_FAILURES
from api.load.measures import Measures
from contract.errors import ERROR_CODES
from contract.labels import METHODS, OTHER
from contract.models.registry import MODELS
from contract.names.queues import Lane
from contract.states import JobState
from tests.unit.api.fakes import jpeg
from worker.attempts import metrics as of_worker

STAGES = {"queued", "fetch", "decode", "prepare", "wait", "infer", "render", "store"}
WORKER_STATES = {"starting", "ready", "draining"}
LE = "le"  # of histograms: their buckets are numbers of ours


def closed_sets(routes: Collection[str]) -> dict[str, set[str]]:
    """Return what each label may be; a metric with a label that is not here fails the tests."""
    return {
        "method": {*METHODS, OTHER},
        "route": {*routes, "none"},
        "code": {str(int(status)) for status in HTTPStatus} | {*ERROR_CODES, "", OTHER},
        "lane": {lane.value for lane in Lane},
        "state": {state.value for state in JobState} | {"skipped", *WORKER_STATES},
        "model": {*MODELS},
        "of": {"used", "limit"},
        "stage": STAGES,
        "outcome": {"hit", "miss"},
    }


def open_labels(families: Iterable[Metric], known: dict[str, set[str]]) -> list[tuple[str, ...]]:
    """Return every label whose value is in no closed set; of this process's own kind, too."""
    return [
        (sample.name, label, value[:40])
        for family in families
        if family.name.startswith("depthq_")
        for sample in family.samples
        for label, value in sample.labels.items()
        if label != LE and value not in known[label]
    ]


def declared(of: object) -> set[str]:
    """Return the labels of all metrics that `of` holds, those without a value yet, too."""
    kept = [each for each in vars(of).values() if isinstance(each, MetricWrapperBase)]
    assert kept
    return {label for each in kept for label in each._labelnames}


def noise(seed: int, length: int = 12) -> str:
    return "".join(random.Random(seed).choices(string.ascii_uppercase, k=length))


def test_no_request_makes_a_label_of_its_own(make_api) -> None:
    api = make_api(api_keys=("anna-anna-anna-anna",), rate_per_minute=1)
    routes = {rule.rule for rule in api.app.url_map.iter_rules()}

    def series() -> int:
        return sum(len(family.samples) for family in api.parts.measures.registry.collect())

    def everything_odd(seed: int) -> None:
        for path in ("/v1/jobs", "/version", "/nothing"):
            api.client.open(path, method=noise(seed))
        api.client.open("/v1/jobs", method="A" * 30_000)
        api.client.get(f"/v1/jobs/{noise(seed)}", headers={"Authorization": noise(seed)})
        api.client.get(f"/web/{noise(seed)}?{noise(seed)}=1", headers={"Host": noise(seed)})
        for key in ("anna-anna-anna-anna", noise(seed)):
            sent = {"Authorization": f"Bearer {key}", "Content-Type": f"image/{noise(seed)}"}
            api.client.post("/v1/jobs", data=noise(seed), headers=sent)

    for seed in range(MAX_FAILURES):  # until every limit acts
        everything_odd(seed)
    before = series()
    for seed in range(MAX_FAILURES, MAX_FAILURES + 10):
        everything_odd(seed)
    assert series() == before
    known = closed_sets(routes)
    assert open_labels(api.parts.measures.registry.collect(), known) == []


def test_an_unknown_method_is_counted_as_other(api) -> None:
    api.client.open("/version", method="SHOUT")
    counted = {
        (sample.labels["method"], sample.labels["code"]): sample.value
        for family in api.parts.measures.registry.collect()
        for sample in family.samples
        if sample.name == "depthq_http_requests_total"
    }
    assert counted == {(OTHER, "405"): 1.0}


def test_every_label_of_the_api_has_a_closed_set() -> None:
    assert declared(Measures()) <= set(closed_sets(()))


def test_every_label_of_the_worker_has_a_closed_set() -> None:
    known = closed_sets(())
    assert declared(of_worker) <= set(known)
    of_worker.count_outcome("failed", "whatever a decoder says")
    of_worker.count_outcome("failed", "image_corrupt")
    assert open_labels(REGISTRY.collect(), known) == []


@pytest.mark.parametrize("method", ["SHOUT", "A" * 3_000])
def test_an_unknown_method_is_not_logged(api, caplog, method: str) -> None:
    caplog.set_level("INFO")
    api.client.open("/version", method=method)
    (line,) = [record for record in caplog.records if getattr(record, "action", "") == "request"]
    assert (line.method, line.getMessage()) == (OTHER, "other /version 405")


def test_a_known_method_is_counted_by_its_name(api) -> None:
    api.client.post("/v1/jobs", data=jpeg(), content_type="image/jpeg")
    (sample,) = [
        sample
        for family in api.parts.measures.registry.collect()
        for sample in family.samples
        if sample.name == "depthq_http_requests_total"
    ]
    assert sample.labels == {"method": "POST", "route": "/v1/jobs", "code": "202"}
