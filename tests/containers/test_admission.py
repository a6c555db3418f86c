"""A real API server takes what the chart makes, under the strictest pod security there is.

Half an hour where the server is not built yet: `make chart-admission`.
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
import subprocess
from collections.abc import Iterator

import pytest

from tests.conftest import missing
from tests.containers.cluster import ApiServer, Etcd
from tests.services.chart import CHART, Chart, Manifest, Values, component_of
from tests.services.toolchain import KUBE_APISERVER, ToolMissingError, find_tool
from tests.unit.deploy.chart.conftest import EVERYTHING, FOREIGN, PLAIN

pytestmark = [pytest.mark.slow, pytest.mark.timeout(7200)]

# Monitors and KEDA's scalers are kinds that others bring; the rest is all there.
WITHOUT_OTHERS: Values = {
    **EVERYTHING,
    "monitoring": {"enabled": False},
    "workers": {"interactive": {"autoscaling": {"kind": "hpa"}}},
    "rollout": {"maxSurge": "25%", "maxUnavailable": 1},
}
SHAPES = {"plain": PLAIN, "everything": WITHOUT_OTHERS, "foreign": FOREIGN}
PODS = {"plain": 3, "everything": 4, "foreign": 3}
LABEL = "pod-security.kubernetes.io"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ApiServer]:
    if shutil.which("etcd") is None:
        missing("no etcd (make setup-containers)")
    try:
        binary = find_tool(KUBE_APISERVER)
    except ToolMissingError as exc:
        missing(str(exc))
        raise
    folder = tmp_path_factory.mktemp("cluster")
    etcd = Etcd(folder / "etcd")
    (folder / "apiserver").mkdir()
    server = ApiServer(binary, etcd, folder / "apiserver")
    etcd.start()
    try:
        server.start()
        yield server
    finally:
        server.stop()
        etcd.stop()


@pytest.fixture
def namespace(server: ApiServer) -> str:
    """A namespace that refuses pods which are not restricted, and warns of what would make some."""
    name = f"pictures-{secrets.token_hex(4)}"
    labels = {f"{LABEL}/{mode}": "restricted" for mode in ("enforce", "warn", "audit")}
    labels |= {f"{LABEL}/{mode}-version": "latest" for mode in ("enforce", "warn", "audit")}
    document = {"apiVersion": "v1", "kind": "Namespace"}
    status, answer = server.ask(
        "POST", "/api/v1/namespaces", {**document, "metadata": {"name": name, "labels": labels}}
    )
    assert status == 201, answer
    return name


def helm(chart: Chart, server: ApiServer, values: Values, *words: str) -> str:
    """Return all that helm says."""
    done = subprocess.run(
        [str(chart.helm), *words, "--values", "-", "--kubeconfig", str(server.kubeconfig())],
        input=json.dumps(values),
        env={**os.environ, "HOME": str(chart.home)},
        text=True,
        check=False,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    assert done.returncode == 0, done.stdout
    return done.stdout


def deployed(server: ApiServer, namespace: str) -> dict[str, Manifest]:
    """What would make pods, as the server has it, by component."""
    path = f"/apis/apps/v1/namespaces/{namespace}"
    kinds = [server.ask("GET", f"{path}/{kind}")[1] for kind in ("deployments", "statefulsets")]
    return {component_of(item): item for kind in kinds for item in kind["items"]}


def pod_of(owner: Manifest) -> Manifest:
    """What its controller would make a pod of."""
    pod = owner["spec"]["template"]
    for claim in owner["spec"].get("volumeClaimTemplates", []):
        name = claim["metadata"]["name"]
        volume = {"name": name, "persistentVolumeClaim": {"claimName": f"{name}-0"}}
        pod["spec"].setdefault("volumes", []).append(volume)
    return pod


def try_pod(server: ApiServer, namespace: str, pod: Manifest) -> tuple[int, str]:
    """Return whether the server would take a pod (201), and what it says otherwise."""
    document = {"apiVersion": "v1", "kind": "Pod", **pod}
    document["metadata"] = {**pod["metadata"], "name": "one"}
    path = f"/api/v1/namespaces/{namespace}/pods?dryRun=All"
    status, answer = server.ask("POST", path, document)
    return status, answer.get("message", "")


@pytest.mark.parametrize("shape", SHAPES)
def test_the_server_takes_a_release_its_pods_and_its_upgrade(
    chart: Chart, server: ApiServer, shape: str, namespace: str
) -> None:
    # When the chart is installed
    words = ("depthq", str(CHART), "--namespace", namespace)
    said = helm(chart, server, SHAPES[shape], "install", *words)

    # Then nothing was warned of, and every pod that its controllers would make is let in
    assert "would violate PodSecurity" not in said
    assert "STATUS: deployed" in said
    owners = deployed(server, namespace)
    assert len(owners) == PODS[shape]
    for component, owner in owners.items():
        assert try_pod(server, namespace, pod_of(owner)) == (201, ""), component

    # And the next version may be put over it
    other = {**SHAPES[shape], "image": {"tag": "0.2.0"}}
    assert "REVISION: 2" in helm(chart, server, other, "upgrade", *words)
    images = [
        container["image"]
        for component, owner in deployed(server, namespace).items()
        for container in owner["spec"]["template"]["spec"]["containers"]
        if component != "redis"
    ]
    assert {image.rpartition(":")[2] for image in images} == {"0.2.0"}


def test_the_namespace_would_refuse_a_pod_with_more_rights(
    chart: Chart, server: ApiServer, namespace: str
) -> None:
    # Given an account, and the API's pod but for one line
    account = {"metadata": {"name": "depthq"}}
    server.ask("POST", f"/api/v1/namespaces/{namespace}/serviceaccounts", account)
    (pod,) = [
        manifest["spec"]["template"]
        for manifest in chart.render(PLAIN)
        if manifest["kind"] == "Deployment" and component_of(manifest) == "api"
    ]
    assert pod["spec"]["serviceAccountName"] == "depthq"
    del pod["spec"]["securityContext"]["seccompProfile"]

    # When it is tried
    status, said = try_pod(server, namespace, pod)

    # Then it is refused for that, so that the test above says something
    assert status == 403
    assert "seccompProfile" in said
