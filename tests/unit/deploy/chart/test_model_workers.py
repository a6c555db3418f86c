"""A Deployment for each list of models, beside those of the lanes."""

from __future__ import annotations

import pytest

from tests.services.chart import Chart, Manifest, of_kind
from tests.unit.deploy.chart.conftest import PLAIN

VALUES = {
    **PLAIN,
    "workers": {"interactive": {"autoscaling": {"kind": "keda"}}},
    "modelWorkers": [
        {
            "name": "large",
            "lane": "interactive",
            "models": ["dpt_large_384", "dpt_hybrid_384"],
            "resources": {"limits": {"memory": "6Gi"}},
        },
        {"name": "large-bulk", "lane": "bulk", "models": ["dpt_large_384"], "replicas": 3},
    ],
}


@pytest.fixture(scope="module")
def manifests(chart: Chart) -> list[Manifest]:
    return chart.render(VALUES)


def test_each_list_has_a_deployment_that_takes_the_rest_from_its_lane(manifests) -> None:
    deployments = {name: m["spec"] for name, m in of_kind(manifests, "Deployment").items()}
    large = deployments["depthq-worker-large"]["template"]["spec"]["containers"][0]
    assert large["command"] == ["python", "-m", "worker", "--lane", "interactive"]
    variables = {v["name"]: v.get("value") for v in large["env"]}
    assert variables["DEPTHQ_MODELS"] == "dpt_large_384,dpt_hybrid_384"
    assert large["resources"]["limits"] == {"cpu": "2", "memory": "6Gi"}
    assert deployments["depthq-worker-large-bulk"]["replicas"] == 3
    assert "DEPTHQ_MODELS" not in str(deployments["depthq-worker"])


def test_it_scales_by_the_backlog_of_its_models_alone(manifests) -> None:
    queries = {
        name: m["spec"]["triggers"][0]["metadata"]["query"]
        for name, m in of_kind(manifests, "ScaledObject").items()
    }
    assert queries["depthq-worker"].startswith("max(depthq_backlog_seconds_per_worker{lane=")
    assert queries["depthq-worker-large"].startswith("max(depthq_model_backlog_seconds_per_worker{")
    assert 'model=~"dpt_large_384|dpt_hybrid_384"' in queries["depthq-worker-large"]
    assert set(queries) == {"depthq-worker", "depthq-worker-large"}


def test_each_has_a_budget_of_its_own_and_the_network_policy_of_workers(manifests) -> None:
    budgets = of_kind(manifests, "PodDisruptionBudget")
    assert {"depthq-worker-large", "depthq-worker-large-bulk"} <= budgets.keys()
    labels = of_kind(manifests, "Deployment")["depthq-worker-large-bulk"]["spec"]["template"][
        "metadata"
    ]["labels"]
    assert labels["depthq/lane"] == "bulk"
