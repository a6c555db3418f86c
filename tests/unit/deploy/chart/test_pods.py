"""Every pod of the chart is hardened, bounded, and stopped with patience."""

from __future__ import annotations

from typing import Any

from contract.settings import MIB, Settings
from tests.services.chart import Manifest, containers, of_kind, pods, variables

UNITS = {"Mi": MIB, "Gi": 1024 * MIB}


def in_bytes(size: str) -> int:
    return int(size[:-2]) * UNITS[size[-2:]]


def in_seconds(period: str) -> int:
    return int(period.removesuffix("s"))


def scratch(pod: Manifest) -> int:
    """How much a pod may write into /tmp."""
    volumes = {volume["name"]: volume for volume in pod["volumes"]}
    assert {"name": "tmp", "mountPath": "/tmp"} in pod["containers"][0]["volumeMounts"]
    return in_bytes(volumes["tmp"]["emptyDir"]["sizeLimit"])


def test_no_pod_has_rights(manifests: list[Manifest]) -> None:
    for name, pod in pods(manifests).items():
        assert pod["automountServiceAccountToken"] is False, name
        assert pod["securityContext"]["runAsNonRoot"] is True, name
        assert pod["securityContext"]["runAsUser"] > 0, name
        assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}, name
        assert not {"hostNetwork", "hostPID", "hostIPC"} & set(pod), name
        assert not any("hostPath" in volume for volume in pod["volumes"]), name


def test_orphaned_processes_are_waited_for(manifests: list[Manifest]) -> None:
    # as with `init: true`: process 1 of a pod that shares its processes is Kubernetes' own
    assert all(pod["shareProcessNamespace"] is True for pod in pods(manifests).values())


def test_no_container_can_gain_rights_or_change_its_image(manifests: list[Manifest]) -> None:
    for name, container in containers(manifests):
        assert container["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }, name


def test_the_account_mounts_no_token_and_has_no_role(manifests: list[Manifest]) -> None:
    (account,) = of_kind(manifests, "ServiceAccount").values()
    assert account["automountServiceAccountToken"] is False
    assert not any("Role" in manifest["kind"] for manifest in manifests)
    assert {pod["serviceAccountName"] for pod in pods(manifests).values()} == {
        account["metadata"]["name"]
    }


def test_no_service_of_the_namespace_can_set_our_variables(manifests: list[Manifest]) -> None:
    # A Service named depthq would set DEPTHQ_PORT=tcp://…, which no worker and no API survives.
    assert all(pod["enableServiceLinks"] is False for pod in pods(manifests).values())


def test_every_container_and_every_scratch_volume_is_bounded(manifests: list[Manifest]) -> None:
    for name, container in containers(manifests):
        assert container["resources"]["limits"]["memory"], name
        assert container["resources"]["requests"].keys() >= {"cpu", "memory"}, name
    for name, pod in pods(manifests).items():
        for volume in pod["volumes"]:
            assert "emptyDir" not in volume or in_bytes(volume["emptyDir"]["sizeLimit"]), name


def test_workers_are_told_how_many_cores_they_have(manifests: list[Manifest]) -> None:
    for name, container in containers(manifests):
        if name.startswith("worker"):
            assert container["resources"]["limits"]["cpu"], name


def test_what_the_settings_let_in_fits_into_tmp(manifests: list[Manifest]) -> None:
    # Beyond the limit a pod is evicted; the service itself must refuse first.
    everyone = pods(manifests)
    archive = int(variables(everyone["api"]["containers"][0])["DEPTHQ_MAX_ARCHIVE_BYTES"])
    assert scratch(everyone["api"]) > Settings().max_uploads_bytes + 2 * archive
    assert scratch(everyone["worker-bulk"]) > archive
    assert scratch(everyone["worker"]) >= 256 * MIB


def test_a_stop_takes_as_long_as_in_the_compose_file(
    manifests: list[Manifest], compose: dict[str, Any]
) -> None:
    for name, pod in pods(manifests).items():
        before = pod["containers"][0].get("lifecycle", {}).get("preStop", {})
        pause_s = int(before["exec"]["command"][-1]) if before else 0
        patience_s = in_seconds(compose["services"][name]["stop_grace_period"])
        assert pod["terminationGracePeriodSeconds"] == patience_s + pause_s, name


def test_the_api_goes_on_until_no_client_is_sent_to_it(everything: list[Manifest]) -> None:
    api = pods(everything)["api"]["containers"][0]
    assert api["lifecycle"]["preStop"]["exec"]["command"][0] == "sleep"


def test_replicas_may_be_evicted_one_at_a_time(manifests: list[Manifest]) -> None:
    budgets = of_kind(manifests, "PodDisruptionBudget").values()
    chosen = {b["spec"]["selector"]["matchLabels"]["app.kubernetes.io/component"] for b in budgets}
    assert chosen == {"api", "worker", "worker-bulk"}
    assert all(budget["spec"]["maxUnavailable"] == 1 for budget in budgets)
