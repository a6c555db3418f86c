"""The chart says the same as the compose file, the Dockerfile and the code."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

from api.wsgi import app_from
from contract.names.queues import Lane
from contract.settings import Settings
from tests.services.chart import (
    CHART,
    Chart,
    Manifest,
    containers,
    of_kind,
    pods,
    secret_variables,
    variables,
)
from tests.unit.deploy.chart.settings_schema import (
    OF_MEASUREMENTS,
    OF_THE_CHART,
    OF_THE_CLIENT,
    SCHEMA,
    SECRET,
    settings_schema,
)
from tests.unit.deploy.conftest import Stage

SETTINGS = {f"DEPTHQ_{name.upper()}" for name in Settings.model_fields}
OURS = ("api", "worker", "worker-bulk")


def test_every_variable_is_a_setting(manifests: list[Manifest]) -> None:
    for name, container in containers(manifests):
        given = {entry["name"] for entry in container["env"]}
        assert given <= SETTINGS | ({"REDIS_PASSWORD"} if name == "redis" else set()), name


def test_the_settings_accept_the_values(
    manifests: list[Manifest], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, container in containers(manifests):
        if name in OURS:
            for variable, value in variables(container).items():
                monkeypatch.setenv(variable, value)
            settings = Settings()
            assert settings.s3_bucket == "pictures"
            assert settings.s3_create_bucket is False


def test_the_schema_knows_every_setting_and_what_it_may_be() -> None:
    given = json.loads(SCHEMA.read_text())["properties"]["settings"]
    assert given == settings_schema(), "python -m tests.unit.deploy.chart.settings_schema"
    elsewhere = SECRET | OF_THE_CHART | OF_THE_CLIENT | OF_MEASUREMENTS
    assert set(given["properties"]) | elsewhere == set(Settings.model_fields)


def test_settings_arrive_as_they_were_meant(chart: Chart, monkeypatch: pytest.MonkeyPatch) -> None:
    # Given values of every kind, and a number that plain printing would write as 5e+09
    given = {
        "max_archive_bytes": 5_000_000_000,
        "lease_s": 7.5,
        "result_cache": True,
        "engine": "onnxruntime",
        "extra_formats": ["tiff", "gif"],
    }
    shape = {"existingSecret": "sealed", "s3": {"bucket": "photos", "accessKeys": False}}

    # When a worker reads what the chart makes of them
    worker = pods(chart.render({**shape, "settings": given}))["worker"]["containers"][0]
    for variable, value in variables(worker).items():
        monkeypatch.setenv(variable, value)

    # Then they are the same
    settings = Settings()
    assert {name: getattr(settings, name) for name in given} == {
        **given,
        "extra_formats": ("tiff", "gif"),
    }


def test_each_lane_has_workers_that_serve_it(
    manifests: list[Manifest], compose: dict[str, Any]
) -> None:
    commands = {name: c["command"] for name, c in containers(manifests) if name in OURS}
    assert commands == {name: compose["services"][name]["command"] for name in OURS}
    deployments = of_kind(manifests, "Deployment").values()
    labels = [d["spec"]["template"]["metadata"]["labels"] for d in deployments]
    assert {label["depthq/lane"] for label in labels if "depthq/lane" in label} == set(Lane)


def test_the_lanes_weigh_what_they_weigh_in_the_compose_file(
    everything: list[Manifest], compose: dict[str, Any]
) -> None:
    asked = {name: c["resources"]["requests"]["cpu"] for name, c in containers(everything)}
    assert int(asked["worker-bulk"].removesuffix("m")) / (int(asked["worker"]) * 1000) == (
        compose["services"]["worker-bulk"]["cpu_shares"] / 1024
    )


def test_images_are_those_that_the_dockerfile_builds(
    everything: list[Manifest], compose: dict[str, Any], chart: Chart
) -> None:
    version = tomllib.loads((CHART.parents[2] / "pyproject.toml").read_text())["project"]["version"]
    images = {name: container["image"] for name, container in containers(everything)}
    expected = {name: compose["services"][name]["image"] for name in OURS}
    assert {image.partition(":")[2] for image in expected.values()} == {version}
    assert images == {**expected, "redis": compose["services"]["redis"]["image"]}
    assert yaml.safe_load((CHART / "Chart.yaml").read_text())["appVersion"] == version


@pytest.mark.parametrize("component", OURS)
def test_ports_and_users_are_those_of_the_image(
    everything: list[Manifest], images: dict[str, Stage], component: str
) -> None:
    target = component.removesuffix("-bulk")
    pod = pods(everything)[component]
    (port,) = pod["containers"][0]["ports"]
    assert images[target].all("EXPOSE") == [str(port["containerPort"])]
    context = pod["securityContext"]
    assert images[target].all("USER") == [f"{context['runAsUser']}:{context['runAsGroup']}"]


def test_probes_ask_the_program_itself(manifests: list[Manifest]) -> None:
    for name, container in containers(manifests):
        if name in OURS:
            (port,) = container["ports"]
            paths = {
                probe: container[probe]["httpGet"]["path"]
                for probe in ("startupProbe", "livenessProbe", "readinessProbe")
            }
            assert paths == {
                "startupProbe": "/healthz",
                "livenessProbe": "/healthz",
                "readinessProbe": "/readyz",
            }
            assert container["livenessProbe"]["httpGet"]["port"] == port["name"], name


def test_the_documents_build_the_tag_that_the_chart_pulls(root: Path) -> None:
    version = yaml.safe_load((CHART / "Chart.yaml").read_text())["appVersion"]
    for document in ("deploy/Dockerfile", "deploy/helm/depthq/README.md"):
        tags = re.findall(r"(?: -t|docker push) (\S*depthq-\S+)", (root / document).read_text())
        assert len(tags) == 2, document
        assert all(tag.endswith(f":{version}") for tag in tags), document


def test_a_worker_has_minutes_to_compile_the_model(everything: list[Manifest]) -> None:
    for name in ("worker", "worker-bulk"):
        probe = pods(everything)[name]["containers"][0]["startupProbe"]
        assert probe["periodSeconds"] * probe["failureThreshold"] >= 300


def test_workers_keep_what_they_compile_where_they_look_for_it(
    manifests: list[Manifest], images: dict[str, Stage]
) -> None:
    folder = re.search(r"DEPTHQ_CACHE_DIR=(\S+)", " ".join(images["base"].all("ENV")))
    assert folder
    for name in ("worker", "worker-bulk"):
        mounts = pods(manifests)[name]["containers"][0]["volumeMounts"]
        assert {"name": "cache", "mountPath": folder[1]} in mounts


@pytest.mark.parametrize(
    ("copy", "original"),
    [("redis.conf", "deploy/redis/redis.conf"), ("alerts.yml", "deploy/prometheus/alerts.yml")],
)
def test_copies_equal_their_originals(root: Path, copy: str, original: str) -> None:
    # helm reads nothing outside the chart's own folder
    assert (CHART / "files" / copy).read_bytes() == (root / original).read_bytes(), original


def test_the_valkey_for_trying_out_is_that_of_the_compose_file(
    everything: list[Manifest], compose: dict[str, Any], root: Path
) -> None:
    service = compose["services"]["redis"]
    pod, (container,) = pods(everything)["redis"], pods(everything)["redis"]["containers"]
    assert container["command"] == [word.replace("$$", "$") for word in service["command"]]
    context = pod["securityContext"]
    assert service["user"] == f"{context['runAsUser']}:{context['runAsGroup']}"
    config = of_kind(everything, "ConfigMap")["depthq-redis"]["data"]["redis.conf"]
    assert config.split() == (root / "deploy/redis/redis.conf").read_text().split()
    assert service["mem_limit"] == "1g"
    assert container["resources"]["limits"]["memory"] == "1Gi"
    assert secret_variables(container).keys() == {"REDIS_PASSWORD"}


def test_the_ingress_shows_every_route_but_the_metrics(everything: list[Manifest]) -> None:
    (ingress,) = of_kind(everything, "Ingress").values()
    paths = {p["path"]: p["pathType"] for p in ingress["spec"]["rules"][0]["http"]["paths"]}
    rules = {rule.rule for rule in app_from(Settings(_env_file=None)).url_map.iter_rules()}
    hidden = {rule for rule in rules if not shown(rule, paths)}
    assert hidden == {"/metrics"}
    assert all(any(shown(rule, {path: kind}) for rule in rules) for path, kind in paths.items())


def shown(rule: str, paths: dict[str, str]) -> bool:
    prefixes = [path for path, kind in paths.items() if kind == "Prefix"]
    return rule in paths or any(rule.startswith(f"{prefix}/") for prefix in prefixes)
