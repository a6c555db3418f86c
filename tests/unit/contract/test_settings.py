"""Settings can be shown: no representation and no error of theirs holds a secret."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from contract.settings import GROUPS, Settings

SECRET = "hunter2hunter2"


def test_the_representation_shows_no_secret():
    settings = Settings(
        redis_url=f"redis://user:{SECRET}@example.org/0",
        api_keys=SECRET,
        s3_access_key_id=SECRET,
        s3_secret_access_key=SECRET,
        webhook_secret=SECRET,
        api_key=SECRET,
    )
    assert SECRET not in repr(settings)
    assert SECRET not in str(settings)
    assert SECRET in settings.redis_url, "it is there for those who connect"


@pytest.mark.parametrize("name", sorted(Settings.model_fields))
def test_no_error_shows_the_value_it_complains_of(name):
    with pytest.raises(ValidationError) as refused:
        Settings(**{name: {"url": SECRET}})
    assert name in str(refused.value)
    assert SECRET not in str(refused.value)
    assert SECRET not in repr(refused.value)


def test_places_that_webhooks_may_go_to_are_read_from_one_line():
    places = Settings(webhook_allow="10.0.0.0/8, Receiver:8080,[fd00::/8]:81").webhook_places
    assert [(str(place.target), place.port) for place in places] == [
        ("10.0.0.0/8", None),
        ("receiver", 8080),
        ("fd00::/8", 81),
    ]


@pytest.mark.parametrize("entry", ["10.0.0.1/8", "http://receiver/", "receiver:0", "*"])
def test_a_place_that_cannot_be_read_stops_the_start(entry):
    with pytest.raises(ValidationError, match="webhook_allow"):
        Settings(webhook_allow=entry)


def test_an_engine_that_only_pretends_needs_a_switch_that_says_so(monkeypatch):
    monkeypatch.delenv("DEPTHQ_SIMULATION")
    with pytest.raises(ValidationError, match="DEPTHQ_SIMULATION=true"):
        Settings(engine="simulated")
    assert Settings(engine="simulated", simulation=True).engine == "simulated"


def test_the_groups_hold_every_setting_once_in_the_order_of_the_document():
    names = [name for group in GROUPS for name in group.model_fields]
    assert names == list(Settings.model_fields)
    assert len(names) == len(set(names))
