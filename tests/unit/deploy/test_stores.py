"""Front, Redis and MinIO are set up as the code and the reliability rules need them."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from contract.ids import new_id
from contract.names.object_keys import FILES_PREFIX, OWN_PREFIXES, input_object
from contract.settings import Settings


@pytest.fixture(scope="module")
def redis_conf(root: Path) -> dict[str, str]:
    lines = (root / "deploy/redis/redis.conf").read_text().splitlines()
    return dict(line.split(None, 1) for line in lines if line and not line.startswith("#"))


@pytest.fixture(scope="module")
def front(root: Path) -> str:
    return (root / "deploy/front/nginx.conf").read_text()


def test_redis_keeps_what_it_has_and_never_evicts(
    redis_conf: dict[str, str], compose: dict[str, Any]
) -> None:
    assert redis_conf["appendonly"] == "yes"
    assert redis_conf["appendfsync"] == "everysec"
    assert redis_conf["maxmemory-policy"] == "noeviction"
    assert compose["services"]["redis"]["mem_limit"] == "1g"
    assert redis_conf["maxmemory"] == "512mb"  # half the limit: a rewrite may copy every page


def test_redis_demands_a_password(compose: dict[str, Any]) -> None:
    assert "--requirepass" in compose["services"]["redis"]["command"][-1]
    assert "${REDIS_PASSWORD:?" in compose["services"]["api"]["environment"]["DEPTHQ_REDIS_URL"]


def test_the_user_of_the_store_may_touch_our_objects_only(root: Path) -> None:
    policy = json.loads((root / "deploy/minio/policy.json").read_text())
    actions = {action for s in policy["Statement"] for action in s["Action"]}
    resources = {resource for s in policy["Statement"] for resource in s["Resource"]}
    assert not any("*" in action for action in actions)
    prefixes = (*OWN_PREFIXES, FILES_PREFIX)
    assert resources == {"arn:aws:s3:::BUCKET"} | {f"arn:aws:s3:::BUCKET/{p}*" for p in prefixes}


def test_the_front_lets_through_what_the_api_accepts(front: str) -> None:
    size = re.search(r"client_max_body_size (\d+)m;", front)
    assert size
    assert int(size[1]) * 1024 * 1024 > Settings().max_upload_bytes


def test_the_front_outlives_the_longest_poll(front: str) -> None:
    timeouts = [int(seconds) for seconds in re.findall(r"proxy_read_timeout (\d+)s", front)]
    assert timeouts
    assert min(timeouts) > 60


def test_the_front_shows_results_and_nothing_else_of_the_store(
    front: str, compose: dict[str, Any]
) -> None:
    bucket = compose["services"]["api"]["environment"]["DEPTHQ_S3_BUCKET"]
    assert rf"location ~ ^/{bucket}/(jobs|datasets|files)/" in front
    assert "limit_except GET { deny all; }" in front


def test_the_front_starts_fewer_processes_than_it_may_on_any_machine(
    front: str, compose: dict[str, Any]
) -> None:
    # `auto` is one for each core of the machine, whatever the container is given
    workers = re.search(r"(?m)^worker_processes (\d+);", front)
    assert workers
    assert int(workers[1]) + 2 < compose["services"]["front"]["pids_limit"] // 2


def test_no_part_of_the_front_drops_the_headers_that_all_requests_need(front: str) -> None:
    # signatures cover the host name, so it must arrive as the client sent it; one proxy_set_header
    # in a location would switch off those of the level above
    http, server = front.split("server {")
    assert "proxy_set_header Host $http_host;" in http
    assert "proxy_set_header" not in server


def test_the_bucket_expires_jobs_only_after_the_service_did(root: Path) -> None:
    rules = json.loads((root / "deploy/minio/lifecycle.json").read_text())["Rules"]
    days = {rule["Expiration"]["Days"] for rule in rules if "Expiration" in rule}
    assert days == {Settings().retention_s // 86_400 + 1}
    assert all(input_object(new_id()).startswith(rule["Filter"]["Prefix"]) for rule in rules)
