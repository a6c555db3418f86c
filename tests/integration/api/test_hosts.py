"""Foreign host names and pages are refused where there are no keys."""

from __future__ import annotations

import io
import socket

import pytest

from tests.unit.api.fakes import jpeg

OWN = [
    "localhost", "localhost:8000", "LOCALHOST", "localhost.", "depthq.localhost:8000",
    "127.0.0.1", "127.0.0.1:8000", "127.8.8.8", "[::1]", "[::1]:8000", "192.168.1.5:8000",
    "[fe80::1]:8000", "8.8.8.8", "mybox", "mybox.local:8000", "api", "api.depthq.svc.cluster.local",
    "vm.internal", "nas.home.arpa", socket.gethostname(),
]  # fmt: skip
FOREIGN = [
    "evil.example", "evil.example:8000", "localhost.evil.example", "127.0.0.1.evil.example",
    "evil-localhost.com", "local.evil.example", "evil.example.", "[::1].evil.example", "a@b.c",
    "user@localhost", "localhost/x", "localhost:80:80", "127.1", "2130706433.example",
]  # fmt: skip


def get(api, host: str, path: str = "/version") -> int:
    return api.client.get(path, headers={"Host": host}).status_code


@pytest.mark.parametrize("host", OWN)
def test_names_that_others_cannot_register_are_ours(api, host: str) -> None:
    assert get(api, host) == 200


@pytest.mark.parametrize("host", FOREIGN)
def test_a_foreign_name_is_refused(api, host: str) -> None:
    answer = api.client.get("/v1/jobs/x", headers={"Host": host})
    assert (answer.status_code, answer.json["code"]) == (403, "invalid_request")
    assert "DEPTHQ_ALLOWED_HOSTS" in answer.json["detail"]
    assert answer.headers["X-Request-Id"]
    assert host not in answer.json["detail"]


def test_the_page_and_results_are_not_shown_under_a_foreign_name(api) -> None:
    assert [get(api, "evil.example", path) for path in ("/", "/metrics", "/docs")] == [403] * 3


def test_probes_may_use_any_name(api) -> None:
    assert [get(api, "evil.example", path) for path in ("/healthz", "/readyz")] == [200, 200]


def test_names_are_added_by_the_settings(make_api) -> None:
    api = make_api(
        public_url="https://depth.example.org:8443/x",
        allowed_hosts="a.example.org, .b.example.org",
        host="bound.example.net",
    )
    known = ["depth.example.org", "A.example.org:81", "x.b.example.org", "y.x.b.example.org:1"]
    assert [get(api, host) for host in [*known, "bound.example.net", "localhost"]] == [200] * 6
    unknown = ["example.org", "x.a.example.org", "ab.example.org", "evil.example"]
    assert [get(api, host) for host in unknown] == [403] * 4


@pytest.mark.parametrize(
    ("settings", "status"),
    [
        ({"api_keys": ("k",)}, 200),  # a strange page has no key
        ({"api_keys": ("k",), "allowed_hosts": "a.example"}, 403),
        ({"allowed_hosts": "*"}, 200),
    ],
)
def test_with_keys_every_name_is_fine_unless_names_are_set(make_api, settings, status) -> None:
    assert get(make_api(**settings), "evil.example") == status


PAGES = [
    ({}, 202),  # a program
    ({"Sec-Fetch-Site": "same-origin", "Origin": "http://localhost:8000"}, 202),
    ({"Sec-Fetch-Site": "none"}, 202),
    ({"Sec-Fetch-Site": "cross-site", "Origin": "http://evil.example"}, 403),
    ({"Sec-Fetch-Site": "same-site", "Origin": "http://localhost:3000"}, 403),
    ({"Sec-Fetch-Site": "cross-site"}, 403),
    ({"Sec-Fetch-Site": "cross-site", "Origin": "http://localhost:8000"}, 403),
    ({"Origin": "http://localhost:8000"}, 202),  # plain http and no localhost: no Sec-Fetch-Site
    ({"Origin": "http://localhost"}, 403),
    ({"Origin": "http://localhost:3000"}, 403),
    ({"Origin": "http://127.0.0.1:3000"}, 403),
    ({"Origin": "http://evil.example"}, 403),
    ({"Origin": "null"}, 403),
    ({"Origin": "https://depth.example.org"}, 202),  # a proxy hid our name
    ({"Sec-Fetch-Site": "cross-site", "Origin": "https://depth.example.org"}, 202),
    ({"Origin": "https://depth.example.org.evil.example"}, 403),
]


@pytest.mark.parametrize(("headers", "status"), PAGES)
def test_only_our_own_page_may_write(make_api, headers, status: int) -> None:
    api = make_api(public_url="https://depth.example.org")
    sent = {"Host": "localhost:8000", **headers}
    answer = api.client.post("/v1/jobs", data=jpeg(), content_type="image/jpeg", headers=sent)
    assert answer.status_code == status
    assert (len(api.kept()) > 0) == (status == 202)
    assert api.client.delete("/v1/jobs/x", headers=sent).status_code == {202: 404}.get(status, 403)


@pytest.mark.parametrize(
    ("host", "origin"), [("d.local", "http://d.local:80"), ("d.local:443", "https://d.local")]
)
def test_a_schemes_own_port_may_be_left_out(api, host: str, origin: str) -> None:
    sent = {"Host": host, "Origin": origin}
    assert api.client.delete("/v1/jobs/x", headers=sent).status_code == 404


def test_a_page_may_read_and_link_but_a_form_of_another_site_is_refused(api) -> None:
    foreign = {"Sec-Fetch-Site": "cross-site", "Origin": "http://evil.example"}
    assert api.client.get("/version", headers=foreign).status_code == 200
    form = {"image": (io.BytesIO(jpeg()), "a.jpg")}
    assert api.client.post("/v1/jobs", data=form, headers=foreign).status_code == 403
    assert api.client.post("/v1/datasets", json={}, headers=foreign).status_code == 403
