"""Messages between the lanes of one machine."""

from __future__ import annotations

from contract.settings import Settings
from storage.fleet.presence import Presence
from storage.ledger.connection import open_redis


def test_a_message_arrives_on_the_same_machine_and_on_no_other(redis_url):
    with open_redis(Settings(redis_url=redis_url)) as client:
        here, there = Presence(client, "m1"), Presence(client, "m2")
        with here.messages() as words, there.messages() as others:
            assert (next(words), next(others)) == ("", "")  # subscribed
            here.publish()
            assert next(word for word in words if word) == "here"
            assert next(others) == ""
