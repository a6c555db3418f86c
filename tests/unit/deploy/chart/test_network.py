"""Pods of the chart are reached by whom they serve, and reach what they need."""

from __future__ import annotations

import ipaddress
from typing import Any

from contract.settings import Settings
from tests.services.chart import Chart, Manifest, of_kind, pods, variables
from tests.unit.deploy.chart.conftest import EVERYTHING, PLAIN, Rendered

METADATA = ipaddress.ip_address("169.254.169.254")  # where clouds tell a node its secrets


def policies(manifests: list[Manifest]) -> dict[str, Any]:
    return {name: m["spec"] for name, m in of_kind(manifests, "NetworkPolicy").items()}


def ports(rules: list[dict[str, Any]]) -> list[list[int]]:
    return [sorted({port["port"] for port in rule["ports"]}) for rule in rules]


def reaches(rule: dict[str, Any], address: str) -> bool:
    """Whether an address block of the rule contains `address`."""
    wanted = ipaddress.ip_address(address)
    blocks = [peer["ipBlock"] for peer in rule["to"] if "ipBlock" in peer]
    return any(
        wanted in ipaddress.ip_network(block["cidr"])
        and not any(wanted in ipaddress.ip_network(hole) for hole in block.get("except", []))
        for block in blocks
    )


def test_every_pod_has_a_policy_for_both_directions(manifests: list[Manifest]) -> None:
    for owner in manifests:
        if owner["kind"] in {"Deployment", "StatefulSet"}:
            labels = owner["spec"]["template"]["metadata"]["labels"]
            (policy,) = (p for p in policies(manifests).values() if chooses(p, labels))
            assert policy["policyTypes"] == ["Ingress", "Egress"]


def chooses(policy: Manifest, labels: dict[str, str]) -> bool:
    """Whether a policy is about the pods with these labels."""
    selector = policy["podSelector"]
    expressions = selector.get("matchExpressions", [])
    assert all(expression["operator"] == "Exists" for expression in expressions)
    return selector["matchLabels"].items() <= labels.items() and all(
        expression["key"] in labels for expression in expressions
    )


def test_workers_reach_dns_redis_and_the_store_only(chart: Chart) -> None:
    manifests = chart.render({**PLAIN, "webhooks": {}})
    assert ports(policies(manifests)["depthq-workers"]["egress"]) == [[53], [6380], [9000]]


def test_ports_of_the_stores_follow_from_their_urls(rendered: Rendered) -> None:
    # Given AWS, and a Redis that only a foreign secret knows
    egress = policies(rendered["foreign"])["depthq-workers"]["egress"]
    assert ports(egress) == [[53], [6379], [443]]


def test_named_peers_are_the_only_ones(chart: Chart) -> None:
    peers = {"to": [{"ipBlock": {"cidr": "10.1.2.3/32"}}]}
    given = {**PLAIN, "webhooks": {}, "networkPolicy": {"redis": peers, "store": peers}}
    egress = policies(chart.render(given))["depthq-workers"]["egress"]
    assert [rule["to"] for rule in egress[1:]] == [peers["to"], peers["to"]]


def test_no_pod_reaches_the_secrets_of_the_node(manifests: list[Manifest]) -> None:
    for name, policy in policies(manifests).items():
        for rule in policy.get("egress", []):
            assert not reaches(rule, str(METADATA)), name


def test_the_way_out_opens_for_what_asks_for_it_and_leads_to_public_addresses(
    everything: list[Manifest], chart: Chart
) -> None:
    closed = policies(chart.render({**EVERYTHING, "settings": {}, "webhooks": {}}))
    for name in ("depthq-api", "depthq-workers"):
        way_out = policies(everything)[name]["egress"][-1]
        assert ports([way_out]) == [[80, 443]]
        assert reaches(way_out, "93.184.215.14")
        for private in ("10.0.0.1", "172.20.0.1", "192.168.1.1", "127.0.0.1", "fd00::1"):
            assert not reaches(way_out, private)
        assert way_out not in closed[name]["egress"]


def test_redis_is_reached_by_our_pods_and_reaches_none(everything: list[Manifest]) -> None:
    policy = policies(everything)["depthq-redis"]
    assert "egress" not in policy
    assert ports(policy["ingress"]) == [[6379]]
    assert all("podSelector" in peer and len(peer) == 1 for peer in policy["ingress"][0]["from"])


def test_only_prometheus_reaches_workers(manifests: list[Manifest]) -> None:
    (rule,) = policies(manifests)["depthq-workers"]["ingress"]
    assert ports([rule]) == [[9101]]
    assert rule["from"]


def test_the_word_of_a_proxy_counts_only_where_none_but_named_peers_come(
    everything: list[Manifest], chart: Chart
) -> None:
    def trusted(manifests: list[Manifest]) -> str | None:
        return variables(pods(manifests)["api"]["containers"][0]).get("DEPTHQ_TRUSTED_PROXY")

    assert trusted(everything) == "*"
    assert trusted(chart.render({**EVERYTHING, "networkPolicy": {}})) is None
    assert Settings().trusted_proxy is None


def test_links_begin_with_the_address_that_clients_use(everything: list[Manifest]) -> None:
    api = variables(pods(everything)["api"]["containers"][0])
    assert api["DEPTHQ_PUBLIC_URL"] == "https://depth.example"
    assert api["DEPTHQ_S3_PUBLIC_ENDPOINT_URL"] == "https://files.example"


def test_services_lead_to_ports_that_exist(everything: list[Manifest]) -> None:
    for service in of_kind(everything, "Service").values():
        component = service["spec"]["selector"]["app.kubernetes.io/component"]
        names = {port["name"] for port in pods(everything)[component]["containers"][0]["ports"]}
        assert {port["targetPort"] for port in service["spec"]["ports"]} <= names
