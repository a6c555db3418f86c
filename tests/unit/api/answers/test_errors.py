"""Errors and their answers."""

from __future__ import annotations

from api.answers.errors import STATUS
from contract.errors import ERROR_CODES


def test_every_code_has_a_status_and_no_status_lacks_a_code():
    assert set(STATUS) == set(ERROR_CODES)


def test_what_is_the_clients_fault_is_a_4xx():
    ours = {"internal", "not_installed", "storage_refused", "storage_unavailable"}
    ours |= {"deadline_exceeded", "model_not_served", "not_in_time", "worker_lost"}
    assert {code for code, status in STATUS.items() if status >= 500} == ours
