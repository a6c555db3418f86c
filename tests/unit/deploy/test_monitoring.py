"""Alerts and dashboard speak only of metrics that the code exports."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from contract.settings import Settings

METRIC = re.compile(r"\bdepthq_[a-z_]+")
SUFFIXES = re.compile(r"_(bucket|sum|count|total)$")


@pytest.fixture(scope="module")
def exported(root: Path) -> set[str]:
    """Names of metrics, without the suffixes that Prometheus adds."""
    text = "".join(
        (root / path).read_text() for path in ("api/load/measures.py", "worker/attempts/metrics.py")
    )
    return {SUFFIXES.sub("", name) for name in re.findall(r'"(depthq_[a-z_]+)"', text)}


@pytest.fixture(scope="module")
def alerts(root: Path) -> list[dict[str, Any]]:
    groups = yaml.safe_load((root / "deploy/prometheus/alerts.yml").read_text())["groups"]
    return [rule for group in groups for rule in group["rules"]]


def used(expression: str) -> set[str]:
    return {SUFFIXES.sub("", name) for name in METRIC.findall(expression)}


def test_alerts_use_metrics_that_exist(alerts: list[dict[str, Any]], exported: set[str]) -> None:
    for rule in alerts:
        assert used(rule["expr"]) <= exported, rule["alert"]


def test_each_alert_says_how_urgent_it_is_and_leads_to_a_page_that_exists(
    alerts: list[dict[str, Any]], root: Path
) -> None:
    text = (root / "docs/operations.md").read_text()
    titles = re.findall(r"(?m)^#+ (.+)$", text)
    anchors = {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in titles}
    for rule in alerts:
        assert rule["labels"]["severity"] in {"page", "ticket"}, rule["alert"]
        path, _, anchor = rule["annotations"]["runbook"].partition("#")
        assert path == "docs/operations.md"
        assert anchor in anchors, (rule["alert"], anchor)


def test_the_dashboard_uses_metrics_that_exist(root: Path, exported: set[str]) -> None:
    board = json.loads((root / "deploy/grafana/dashboards/depthq.json").read_text())
    expressions = [t["expr"] for panel in board["panels"] for t in panel["targets"]]
    assert expressions
    for expression in expressions:
        assert used(expression) <= exported, expression


def test_prometheus_scrapes_the_services_of_the_compose_file(
    root: Path, compose: dict[str, Any]
) -> None:
    config = yaml.safe_load((root / "deploy/prometheus/prometheus.yml").read_text())
    named = {
        target.split(":")[0]
        for job in config["scrape_configs"]
        for group in job.get("static_configs", [])
        for target in group["targets"]
    } | {
        n
        for job in config["scrape_configs"]
        for sd in job.get("dns_sd_configs", [])
        for n in sd["names"]
    }
    ports = {sd["port"] for job in config["scrape_configs"] for sd in job.get("dns_sd_configs", [])}
    assert named == {"api", "worker", "worker-bulk"} <= set(compose["services"])
    assert {str(port) for port in ports} == {
        compose["services"]["worker"]["environment"]["DEPTHQ_METRICS_PORT"]
    }
    assert f"api:{Settings().port}" in (root / "deploy/prometheus/prometheus.yml").read_text()
