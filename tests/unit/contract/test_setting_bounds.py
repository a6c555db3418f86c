"""Every setting has bounds: an operator's mistake stops a program, and is never run with."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import pytest
from pydantic import ValidationError

from contract.settings import Settings
from contract.startup import WRONG_SETTINGS, wrong_settings
from tests.tiers import thorough
from tests.waits import PATIENT_S

ROOT = Path(__file__).parents[3]
ALL = sorted(Settings.model_fields)
LISTS_THAT_MAY_BE_BLANK = {
    "allowed_hosts",
    "dataset_buckets",
    "dataset_output_buckets",
    "extra_formats",
    "key_limits",
    "webhook_allow",
}


def kind(name: str) -> Any:
    """Return the type of a setting, without None and without its checks."""
    annotation = Settings.model_fields[name].annotation
    if get_origin(annotation) in (Union, UnionType):
        (annotation,) = (each for each in get_args(annotation) if each is not type(None))
    return get_args(annotation)[0] if get_origin(annotation) is Annotated else annotation


def is_number(name: str) -> bool:
    return kind(name) in (int, float)


NUMBERS = [name for name in ALL if is_number(name)]


def refused(monkeypatch: pytest.MonkeyPatch, **variables: str) -> str:
    """Return what is said of the wrong settings, which no value may be part of."""
    for name, value in variables.items():
        monkeypatch.setenv(f"DEPTHQ_{name.upper()}", value)
    with pytest.raises(ValidationError) as error:
        Settings()
    return wrong_settings(error.value)


def named(said: str) -> list[str]:
    """Return the settings that are said to be wrong, in order."""
    return sorted(name.lower() for name in re.findall(r"(?:^|; )DEPTHQ_(\w+): ", said))


# All settings at once: each is looked at alone, whatever the others are, and all are named.
@pytest.mark.parametrize("value", ["-1", "1" + 40 * "0", "nan", "inf", "-inf"])
def test_every_number_has_a_least_and_a_largest_value(monkeypatch, value):
    assert named(refused(monkeypatch, **dict.fromkeys(NUMBERS, value))) == NUMBERS


@pytest.mark.parametrize("value", ["a\nb", "\x1b[31mred", "a\tb", "\u202ekey"])
def test_no_setting_takes_control_characters(monkeypatch, value):
    said = refused(monkeypatch, **dict.fromkeys(ALL, value))
    assert named(said) == ALL
    assert value not in said
    assert "\n" not in said


@pytest.mark.parametrize("blank", ["", "   "])
def test_no_setting_is_blank_but_lists_that_may_be_empty(monkeypatch, blank):
    settings = sorted(set(ALL) - LISTS_THAT_MAY_BE_BLANK)
    assert named(refused(monkeypatch, **dict.fromkeys(settings, blank))) == settings


@pytest.mark.parametrize("name", sorted(LISTS_THAT_MAY_BE_BLANK))
def test_a_blank_list_is_an_empty_one(monkeypatch, name):
    monkeypatch.setenv(f"DEPTHQ_{name.upper()}", " ")
    assert getattr(Settings(), name) == ()


def test_every_setting_is_of_a_kind_that_these_tests_know():
    known = (bool, int, float, str, Path)
    for name in ALL:
        found = kind(name)
        closed = get_origin(found) in (Literal, tuple) or found in known
        assert closed or found.__name__ == "SecretStr", name


def test_every_text_has_a_pattern_or_a_check_of_its_own():
    for name, field in Settings.model_fields.items():
        if kind(name) in (str, Path) or "Secret" in str(kind(name)):
            own = field.metadata or "Annotated" in str(field.annotation)
            assert own, f"{name}: give it a kind of contract/setting_kinds.py"


@pytest.mark.parametrize("keys", [",", "", " ", " , ,", ",,,"])
def test_keys_that_are_none_do_not_open_the_service(monkeypatch, keys):
    said = refused(monkeypatch, api_keys=keys)
    assert said.startswith("DEPTHQ_API_KEYS: is set and names nothing")


def test_keys_that_are_some_are_taken(monkeypatch):
    monkeypatch.setenv("DEPTHQ_API_KEYS", " one, ,two ,")
    assert [key.get_secret_value() for key in Settings().api_keys] == ["one", "two"]


@pytest.mark.parametrize(
    "value",
    [
        "javascript:alert(1)",
        "minio:9000",
        "//minio:9000",
        "http://",
        "ftp://minio",
        "http://user:pa55word@minio",
        "http://minio:port",
        "http://minio/?a=b",
        "https://exa mple.org",
    ],
)
def test_addresses_are_those_of_http_servers(monkeypatch, value):
    settings = ["public_url", "s3_endpoint_url", "s3_public_endpoint_url", "url"]
    said = refused(monkeypatch, **dict.fromkeys(settings, value))
    assert named(said) == settings
    assert "pa55word" not in said


@pytest.mark.parametrize(
    "value",
    [
        "sentinel://a:26379",
        "redis+sentinel://a:26379/0",
        "redis-cluster://a:6379",
        "unix:///run/redis.sock",
        "a:6379",
        "redis://",
        "redis://a:6379/0?ssl_cert_reqs=none",
        "redis://a:6379/zero",
        "redis://a,b,c:6379/0",
    ],
)
def test_a_redis_that_is_not_one_server_is_refused_in_one_line(monkeypatch, value):
    said = refused(monkeypatch, redis_url=value)
    assert said.startswith("DEPTHQ_REDIS_URL: ")
    assert len(said.splitlines()) == 1


@pytest.mark.parametrize("scheme", ["sentinel", "redis+sentinel", "redis-cluster"])
def test_what_is_not_supported_is_said_to_be_that(monkeypatch, scheme):
    said = refused(monkeypatch, redis_url=f"{scheme}://a:26379/0")
    assert "sentinels, clusters and sockets are not supported" in said


@pytest.mark.parametrize(
    "settings",
    [
        {"s3_access_key_id": "id"},
        {"s3_secret_access_key": "secret"},
        {"s3_session_token": "token"},
        {"s3_path_style": "false", "s3_endpoint_url": "http://10.0.0.7:9000"},
        {
            "s3_path_style": "false",
            "s3_endpoint_url": "https://s3.example.org",
            "s3_bucket": "a.b",
        },
    ],
)
def test_settings_of_s3_that_do_not_fit_together_are_refused(monkeypatch, settings):
    assert refused(monkeypatch, **settings).startswith("settings: DEPTHQ_S3_")


@pytest.mark.parametrize("name", ["s3_ca_file", "redis_ca_file"])
def test_a_ca_file_is_there_and_holds_a_certificate(monkeypatch, tmp_path, name):
    assert "cannot be read" in refused(monkeypatch, **{name: str(tmp_path / "none.pem")})
    (tmp_path / "no.pem").write_text("nothing")
    assert "no certificate" in refused(monkeypatch, **{name: str(tmp_path / "no.pem")})


@pytest.mark.parametrize("module", ["api", "worker", thorough("worker.reconcile")])
def test_a_program_says_a_wrong_setting_in_one_line_and_ends_for_good(module):
    ran = subprocess.run(
        [sys.executable, "-m", module],
        env={**os.environ, "DEPTHQ_S3_ENDPOINT_URL": "minio:9000", "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENT_S,
    )
    assert ran.returncode == WRONG_SETTINGS
    (line,) = ran.stderr.splitlines()
    assert "DEPTHQ_S3_ENDPOINT_URL: must begin with http:// or https://" in line
