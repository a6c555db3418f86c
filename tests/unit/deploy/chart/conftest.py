"""The chart in several shapes, rendered once."""

from __future__ import annotations

import pytest

from tests.services.chart import Chart, Manifest, Values

Rendered = dict[str, list[Manifest]]  # by the name of the shape

# What a user has to give, with secrets that can be found again.
PLAIN: Values = {
    "redis": {"url": "rediss://redis.example:6380/1", "password": "redis-s3cret /+"},
    "s3": {
        "bucket": "pictures",
        "endpointUrl": "https://s3.example:9000",
        "publicEndpointUrl": "https://files.example",
        "accessKeyId": "key-id-s3cret",
        "secretAccessKey": "access-s3cret",
    },
    "auth": {"apiKeys": ["first-api-s3cret", "second-api-s3cret"]},
    "webhooks": {"enabled": True, "secret": "whsec_s3cret"},
}
# Everything that is off by default.
EVERYTHING: Values = {
    **PLAIN,
    "redis": {"password": "redis-s3cret"},
    "valkey": {"enabled": True},
    "settings": {"url_sources": True},
    "ingress": {"enabled": True, "host": "depth.example", "tlsSecret": "certificate"},
    "networkPolicy": {"apiFrom": [{"namespaceSelector": {}}]},
    "monitoring": {"enabled": True, "rules": True},
    "workers": {"interactive": {"autoscaling": {"kind": "keda"}}},
}
# Secrets from elsewhere, and a role instead of keys.
FOREIGN: Values = {
    "existingSecret": "sealed",
    "s3": {"bucket": "pictures", "accessKeys": False},
    "cache": {"existingClaim": "shared"},
}
SHAPES = {"plain": PLAIN, "everything": EVERYTHING, "foreign": FOREIGN}


@pytest.fixture(scope="session")
def rendered(chart: Chart) -> Rendered:
    """The manifests of every shape."""
    return {name: chart.render(values) for name, values in SHAPES.items()}


@pytest.fixture(params=SHAPES)
def manifests(rendered: Rendered, request: pytest.FixtureRequest) -> list[Manifest]:
    """The manifests of one shape after the other."""
    return rendered[request.param]


@pytest.fixture
def everything(rendered: Rendered) -> list[Manifest]:
    """The manifests with all options on."""
    return rendered["everything"]
