"""What the Celery application promises about a broker that is away."""

from __future__ import annotations

import pytest
from kombu.utils import functional

from contract.settings import Settings
from tests.services.process import free_port
from worker.process.app import make_celery


class EnoughError(Exception):
    """Ends the test's waiting."""


def test_a_broker_that_is_away_is_looked_for_every_second_however_long(monkeypatch):
    slept, pauses = [], []
    monkeypatch.setattr(functional, "sleep", slept.append)

    def note(exc, pause):
        pauses.append(pause)
        if len(pauses) == 20:
            raise EnoughError

    app = make_celery(Settings(redis_url=f"redis://127.0.0.1:{free_port()}/0"))
    with app.connection_for_read() as connection, pytest.raises(EnoughError):
        connection.ensure_connection(note, None)
    assert set(pauses) == {1}
    assert sum(slept) == 19
