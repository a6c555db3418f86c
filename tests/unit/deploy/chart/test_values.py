"""Values: linted, refused by name where wrong, and told apart by release."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.services.chart import CHART, Chart, Loader, Manifest, RefusedError, Values, of_kind
from tests.unit.deploy.chart.conftest import EVERYTHING, PLAIN, SHAPES, Rendered

AS_MANIFEST = """
kind: Notes
metadata: {name: notes}
text: {{ include (print .Template.BasePath "/NOTES.txt") . | toJson }}
"""


@pytest.mark.parametrize("shape", SHAPES)
def test_helm_finds_no_fault(chart: Chart, shape: str) -> None:
    chart.run("lint", "--strict", str(CHART), values=SHAPES[shape])


# All wrong at once: the schema names each by itself.
WRONG: Values = {
    "settings": {
        "engine": "cuda", "max_bach": 8, "s3_bucket": "b", "rate_per_minute": -1,
    },
    "replicas": 3,
    "redis": {"url": "redis://:s3cret@host:6379"},
    "auth": {"apiKeys": ["short"]},
    "ingress": {"host": "https://depth.example"},
    "workers": {
        "fast": {},
        "bulk": {"autoscaling": {}, "resources": {"limits": {"cpu": None}}},
    },
    "api": {"tmpSize": "4GB"},
    "modelWorkers": [
        {"name": "x", "lane": "bulk", "models": []},
        {"name": "x", "lane": "fast", "models": ["m"]},
    ],
    "rollout": {"maxSurge": "half"},
}  # fmt: skip
COMPLAINTS = (
    "/settings/engine.*'openvino'",
    "'max_bach'.* not allowed",  # helm names both in one line, in either order
    "'s3_bucket'.* not allowed",
    "/settings/rate_per_minute.*minimum",
    "'replicas' not allowed",
    "/redis/url",
    "/auth/apiKeys/0.*minLength",
    "/ingress/host",
    "'fast' not allowed",
    "'autoscaling' not allowed",
    "limits.*'cpu'",
    "/api/tmpSize",
    "/modelWorkers/0/models",
    "modelWorkers/1/lane",
    "/rollout/maxSurge",
)


@pytest.mark.parametrize(
    ("wrong", "complaints"),
    [
        (WRONG, COMPLAINTS),
        (
            {"rollout": {"maxSurge": 0, "maxUnavailable": "0%"}},
            ("no pod could ever be replaced",),
        ),
    ],
    ids=["schema", "rollout"],
)
def test_a_wrong_value_is_refused_by_its_name(
    chart: Chart, wrong: Values, complaints: tuple[str, ...]
) -> None:
    with pytest.raises(RefusedError) as refused:
        chart.render({**PLAIN, **wrong})
    said = str(refused.value)
    assert [complaint for complaint in complaints if not re.search(complaint, said)] == []


def test_two_releases_share_nothing(chart: Chart) -> None:
    def names(release: str) -> set[tuple[str, str]]:
        manifests = chart.render(EVERYTHING, release)
        return {(m["kind"], m["metadata"]["name"]) for m in manifests}

    assert not names("depthq") & names("nightly")
    assert ("Service", "nightly-depthq-api") in names("nightly")


def test_selectors_choose_the_pods_they_belong_to(manifests: list[Manifest]) -> None:
    owners = [m for m in manifests if m["kind"] in {"Deployment", "StatefulSet"}]
    for owner in owners:
        selector = owner["spec"]["selector"]["matchLabels"]
        chosen = [
            other["metadata"]["name"]
            for other in owners
            if selector.items() <= other["spec"]["template"]["metadata"]["labels"].items()
        ]
        assert chosen == [owner["metadata"]["name"]]


@pytest.fixture(scope="module")
def scaled(chart: Chart) -> Rendered:
    """The manifests with each kind of autoscaling."""

    def workers(kind: str) -> Values:
        return {"interactive": {"autoscaling": {"kind": kind, "targetSeconds": 40}}}

    return {kind: chart.render({**PLAIN, "workers": workers(kind)}) for kind in ("hpa", "keda")}


@pytest.mark.parametrize(
    ("kind", "scaler"), [("hpa", "HorizontalPodAutoscaler"), ("keda", "ScaledObject")]
)
def test_a_scaler_decides_the_replicas_where_there_is_one(
    scaled: Rendered, kind: str, scaler: str
) -> None:
    manifests = scaled[kind]
    (found,) = of_kind(manifests, scaler).values()
    target = found["spec"]["scaleTargetRef"]["name"]
    deployments = of_kind(manifests, "Deployment")
    assert {name for name, d in deployments.items() if "replicas" not in d["spec"]} == {target}
    assert deployments[target]["spec"]["template"]["metadata"]["labels"]["depthq/lane"] == (
        "interactive"
    )


def test_scaling_divides_the_backlog_by_the_workers_once(scaled: Rendered, root: Path) -> None:
    (hpa,) = of_kind(scaled["hpa"], "HorizontalPodAutoscaler").values()
    (keda,) = of_kind(scaled["keda"], "ScaledObject").values()
    external, trigger = hpa["spec"]["metrics"][0]["external"], keda["spec"]["triggers"][0]

    metric = external["metric"]["name"]
    assert f'"{metric}"' in (root / "api/load/measures.py").read_text()
    assert metric in trigger["metadata"]["query"]
    # an average value would be divided by the replicas, which the metric was already
    assert external["target"] == {"type": "Value", "value": "40"}
    assert (trigger["metricType"], trigger["metadata"]["threshold"]) == ("Value", "40")


def test_what_needs_more_than_kubernetes_is_off_by_default(rendered: Rendered) -> None:
    versions = {manifest["apiVersion"] for manifest in rendered["plain"]}
    assert versions == {"v1", "apps/v1", "policy/v1", "networking.k8s.io/v1"}
    assert not of_kind(rendered["plain"], "Ingress")
    assert not of_kind(rendered["plain"], "StatefulSet")


def with_notes(chart: Chart, folder: Path, values: Values) -> tuple[list[Manifest], str]:
    """The manifests, and what helm prints after an install.

    It prints that only where there is a cluster: here it is one more manifest.
    """
    shutil.copytree(CHART, folder / "depthq")
    (folder / "depthq/templates/notes.yaml").write_text(AS_MANIFEST)
    text = chart.run("template", "depthq", str(folder / "depthq"), values=values)
    manifests = [manifest for manifest in yaml.load_all(text, Loader) if manifest]
    return manifests, of_kind(manifests, "Notes")["notes"]["text"]


@pytest.mark.parametrize(
    ("rollout", "said"),
    [
        ({}, True),
        ({"maxSurge": "25%", "maxUnavailable": 1}, True),
        ({"maxSurge": 0, "maxUnavailable": 1}, False),
    ],
)
def test_an_upgrade_takes_the_room_that_it_is_given_and_the_notes_say_so(
    chart: Chart, tmp_path: Path, rollout: Values, said: bool
) -> None:
    manifests, notes = with_notes(chart, tmp_path, {**PLAIN, "rollout": rollout})
    for deployment in of_kind(manifests, "Deployment").values():
        assert deployment["spec"]["strategy"] == {
            "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0, **rollout}
        }
    assert ("--set rollout.maxSurge=0" in notes) is said


@pytest.mark.parametrize(
    ("values", "warnings"),
    [
        (PLAIN, ["networkPolicy.store.to"]),
        ({**PLAIN, "auth": {"enabled": False}}, ["auth.enabled=false", "networkPolicy.store.to"]),
        (
            {**PLAIN, "ingress": {"enabled": True, "host": "depth.example"}},
            ["ingress.tlsSecret", "networkPolicy.apiFrom", "networkPolicy.store.to"],
        ),
    ],
)
def test_the_notes_warn_of_what_is_open_and_tell_no_secret(
    chart: Chart, tmp_path: Path, values: Values, warnings: list[str]
) -> None:
    # When the notes are rendered
    _, notes = with_notes(chart, tmp_path, values)

    # Then they have a line for each open door
    lines = [line for line in notes.splitlines() if line.startswith("NOTE: ")]
    assert [warning for warning, line in zip(warnings, lines, strict=True) if warning in line] == (
        warnings
    )
    assert "s3cret" not in notes


def test_prometheus_sees_the_jobs_and_lanes_of_the_alerts(
    everything: list[Manifest], root: Path
) -> None:
    (service,) = of_kind(everything, "ServiceMonitor").values()
    (workers,) = of_kind(everything, "PodMonitor").values()
    assert {m["spec"]["jobLabel"] for m in (service, workers)} == {"app.kubernetes.io/component"}
    labels = of_kind(everything, "Service")["depthq-api"]["metadata"]["labels"]
    assert labels[service["spec"]["jobLabel"]] == "api"  # up{job="api"}
    (endpoint,) = workers["spec"]["podMetricsEndpoints"]
    assert endpoint["relabelings"][0]["targetLabel"] == "lane"
    (rules,) = of_kind(everything, "PrometheusRule").values()
    alerts = yaml.safe_load((root / "deploy/prometheus/alerts.yml").read_text())
    assert rules["spec"] == alerts


def paths(values: Any, before: str = "") -> set[str]:
    """The dotted names of all values."""
    if not isinstance(values, dict):
        return {before}
    return {before}.union(*(paths(v, f"{before}.{k}".lstrip(".")) for k, v in values.items()))


@pytest.mark.parametrize("document", ["deploy/helm/depthq/README.md", "docs/operations.md"])
def test_the_documents_set_values_that_exist(root: Path, document: str) -> None:
    known = paths(yaml.safe_load((CHART / "values.yaml").read_text()))
    named = re.findall(r"--set(?:-file|-string)? ([\w.]+)=", (root / document).read_text())
    assert named
    assert [name for name in named if name not in known and not name.startswith("settings.")] == []
