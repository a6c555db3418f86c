"""Rate, quota and pressure: who is refused before anything of a submission is kept."""

from __future__ import annotations

import pytest

from contract.key_limits import key_digest
from tests.unit.api.fakes import jpeg


def submit(api, key=None, address="203.0.113.5", data=None):
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    return api.client.post(
        "/v1/jobs",
        data=jpeg() if data is None else data,
        content_type="image/jpeg",
        headers=headers,
        environ_overrides={"REMOTE_ADDR": address},
    )


def statuses(api, times, **more):
    return [submit(api, **more).status_code for _ in range(times)]


def test_without_limits_nothing_is_counted_or_told(api):
    assert "RateLimit" not in submit(api).headers


def test_a_rate_holds_per_key_and_says_so(make_api):
    api = make_api(api_keys="anna,bert", rate_per_minute=2)
    assert statuses(api, 3, key="anna") == [202, 202, 429]
    answer = submit(api, key="anna")
    assert answer.json["code"] == "overloaded"
    assert 1 <= int(answer.headers["Retry-After"]) <= 30
    assert answer.headers["RateLimit-Policy"] == '"minute";q=2;w=60'
    assert answer.headers["RateLimit"] == '"minute";r=0'
    # another key has its own, from the same address; and a key's rate follows it everywhere
    assert submit(api, key="bert").status_code == 202
    assert submit(api, key="anna", address="198.51.100.9").status_code == 429
    assert len(api.kept()) == 3


def test_a_key_may_have_limits_of_its_own(make_api):
    own = f"{key_digest('anna')[:12]}=3/1000,{key_digest('bert')[:12]}=0/0"
    api = make_api(api_keys="anna,bert,carl", rate_per_minute=1, key_limits=own)
    assert statuses(api, 4, key="anna") == [202, 202, 202, 429]
    assert (
        submit(api, key="anna").headers["RateLimit-Policy"]
        == '"minute";q=3;w=60, "day";q=1000;w=86400'
    )
    assert statuses(api, 4, key="bert") == [202] * 4
    assert "RateLimit" not in submit(api, key="bert").headers
    assert statuses(api, 2, key="carl") == [202, 429]


def test_a_quota_counts_what_was_accepted(make_api):
    api = make_api(quota_per_day=2)
    assert submit(api, data=b"no picture").status_code == 415
    assert statuses(api, 3) == [202, 202, 429]
    assert submit(api).headers["RateLimit"] == '"day";r=0'


@pytest.mark.parametrize(
    ("first", "second", "together"),
    [
        ("203.0.113.5", "203.0.113.5", True),
        ("203.0.113.5", "203.0.113.6", False),
        ("203.0.113.5", "::ffff:203.0.113.5", True),
        ("2001:db8:1:2::1", "2001:db8:1:2:ffff::9", True),  # one customer's addresses
        ("2001:db8:1:2::1", "2001:db8:1:3::1", False),
    ],
)
def test_without_keys_the_address_counts(make_api, first, second, together):
    api = make_api(rate_per_minute=1)
    assert submit(api, address=first).status_code == 202
    assert submit(api, address=second).status_code == (429 if together else 202)


def test_a_forged_forwarded_address_changes_nothing(make_api):
    api = make_api(rate_per_minute=1)
    for status, forged in ((202, "198.51.100.1"), (429, "198.51.100.2")):
        answer = api.client.post(
            "/v1/jobs",
            data=jpeg(),
            content_type="image/jpeg",
            headers={"X-Forwarded-For": forged, "Forwarded": f"for={forged}"},
            environ_overrides={"REMOTE_ADDR": "203.0.113.5"},
        )
        assert answer.status_code == status


def test_polling_and_deleting_cost_nothing(make_api):
    api = make_api(rate_per_minute=1)
    url = submit(api).headers["Location"]
    assert [api.client.get(url).status_code for _ in range(5)] == [200] * 5
    assert api.client.delete(url).status_code == 204


def test_every_call_that_makes_something_counts(make_api):
    api = make_api(rate_per_minute=1)
    makers = {
        rule.rule
        for rule in api.app.url_map.iter_rules()
        if rule.rule.startswith("/v1/") and "POST" in rule.methods and not rule.arguments
    }
    assert makers >= {"/v1/jobs", "/v1/datasets"}
    assert submit(api).status_code == 202
    for path in makers:
        here = {"REMOTE_ADDR": "203.0.113.5"}
        assert api.client.post(path, environ_overrides=here).status_code == 429


def test_a_redis_that_is_nearly_full_takes_no_more(api, redis):
    assert submit(api).status_code == 202
    before = api.kept()
    redis.config_set("maxmemory", int(redis.info("memory")["used_memory"] * 1.25))
    api.parts.capacity._memory._kept = None  # the check may be half a second old
    for path in ("/v1/jobs", "/v1/datasets"):
        answer = api.client.post(path, data=jpeg(), content_type="image/jpeg")
        assert (answer.status_code, answer.json["code"]) == (503, "storage_unavailable")
        assert int(answer.headers["Retry-After"]) >= 1
    assert api.kept() == before
    # what was accepted can still be followed and removed, and there is room again
    url = f"/v1/jobs/{before[0].split('/')[4]}"
    assert api.client.get(url).status_code == 200
    assert api.client.delete(url).status_code == 204
    redis.config_set("maxmemory", 0)
    api.parts.capacity._memory._kept = None
    assert submit(api).status_code == 202


def test_a_disk_that_is_nearly_full_takes_no_more(make_api, monkeypatch):
    # Given a disk of which any use is too much, and which has less than enough left
    monkeypatch.setattr("storage.objects.disk.ENOUGH_FREE_BYTES", 1 << 62)
    api = make_api(max_disk_share=1e-9)
    # Then nothing new is taken, and readiness says why
    for path in ("/v1/jobs", "/v1/datasets"):
        answer = api.client.post(path, data=jpeg(), content_type="image/jpeg")
        assert (answer.status_code, answer.json["code"]) == (503, "storage_unavailable")
        assert int(answer.headers["Retry-After"]) >= 1
    assert api.kept() == []
    ready = api.client.get("/readyz")
    assert (ready.status_code, ready.json["checks"]["room"]["ok"]) == (503, False)
    assert "full" in ready.json["checks"]["room"]["detail"]
    # When there is room again
    monkeypatch.setattr("storage.objects.disk.ENOUGH_FREE_BYTES", 1)
    api.parts.capacity._disk._kept = None  # the check may be half a second old
    assert submit(api).status_code == 202
    assert api.client.get("/readyz").status_code == 200


def test_a_redis_that_refuses_writes_takes_no_more(api, redis):
    redis.config_set("maxmemory", 1)
    api.parts.capacity._memory._kept = (float("inf"), 0.0)  # as if it had filled up this moment
    assert submit(api).status_code == 503
    assert api.kept() == []


def test_a_store_that_refuses_is_a_503_that_keeps_nothing(api, monkeypatch):
    from contract.errors import StorageUnavailable

    def refuse(*_args, **_more):
        raise StorageUnavailable("S3 answers 507")

    monkeypatch.setattr(api.parts.objects, "put", refuse)
    answer = submit(api)
    assert (answer.status_code, answer.json["code"]) == (503, "storage_unavailable")
    assert "Retry-After" in answer.headers
    assert (api.kept(), api.queued(), api.parts.dispatch.sent) == ([], 0, [])
