"""What the chart hands to its pods makes a service that works."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from contract.errors import Unauthorized
from contract.settings import Settings
from depthq import DepthClient
from storage.objects.open import open_object_store
from tests.conftest import new_bucket
from tests.photographs import crops
from tests.services.chart import Chart, Manifest, of_kind, pods, secret_variables, variables
from tests.services.depthq import ROOT, OurProcess
from tests.services.s3server import S3Server
from tests.services.valkey import ValkeyServer

KEY = "of-this-test-only"


class Container(OurProcess):
    """A pod's command with the pod's variables; only the port is the test's own."""

    def __init__(self, manifests: list[Manifest], component: str, folder: Path) -> None:
        super().__init__(Settings(), folder)
        (self._container,) = pods(manifests)[component]["containers"]
        self._secrets = of_kind(manifests, "Secret")
        self._port_variable = "DEPTHQ_PORT" if component == "api" else "DEPTHQ_METRICS_PORT"

    def command(self) -> list[str]:
        """Return the pod's command, with this interpreter."""
        python, *rest = self._container["command"]
        assert python == "python"
        return [sys.executable, *rest]

    def environment(self) -> Mapping[str, str]:
        """Return what the kubelet would set."""
        secret = {
            name: self._secrets[reference["name"]]["stringData"][reference["key"]]
            for name, reference in secret_variables(self._container).items()
        }
        own = {self._port_variable: str(self.port), "PYTHONPATH": str(ROOT)}
        return {**variables(self._container), **secret, **own}


def settled(s3: S3Server) -> Settings:
    """Settings of the operator, who makes the bucket."""
    settings = s3.settings(new_bucket())
    open_object_store(settings).check()
    return settings


def test_pods_of_the_chart_serve_who_has_the_key(
    chart: Chart, valkey: ValkeyServer, s3: S3Server, tmp_path: Path
) -> None:
    # Given a bucket, a Redis, and the chart with nothing but what a user has to give
    store = {
        "bucket": settled(s3).s3_bucket,
        "endpointUrl": s3.endpoint_url,
        "accessKeyId": s3.access_key,
        "secretAccessKey": s3.secret_key,
    }
    values = {"redis": {"url": valkey.url}, "s3": store, "auth": {"apiKeys": [KEY]}}
    manifests = chart.render(values)

    with contextlib.ExitStack() as running:
        # When its API and its interactive worker run
        for component in ("api", "worker"):
            process = Container(manifests, component, tmp_path / component)
            running.callback(process.stop)
            process.start()
            if component == "api":
                url = process.url

        # Then a picture becomes a depth map for the holder of the key, and for no other caller
        (picture,) = crops(1)
        with DepthClient(url, KEY) as client:
            job = client.submit(picture, size="model", wait=60)
        assert job.state == "succeeded"
        with DepthClient(url) as stranger, pytest.raises(Unauthorized):
            stranger.submit(picture)
