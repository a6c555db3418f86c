"""One request to the service, retried until it succeeds, is refused, or the retries end.

What does not wait (`Endpoint`, `rest_s`) is shared with client/wire/async_transport.py.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, TypeVar
from urllib.parse import urlsplit

import httpx2

from client.errors import ServiceUnreachable, UnexpectedAnswer, error_from_problem
from client.wire.call import Call
from client.wire.retries import BUSY, RETRIED_STATUSES, Pauses, RetryPolicy, parse_retry_after
from client.wire.trust import trusted
from contract.errors import InvalidRequest

logger = logging.getLogger(__name__)
CONNECT_TIMEOUT_S = 5.0
T = TypeVar("T")


class Endpoint:
    """A service's address and how to speak to it; what DepthClient and AsyncDepthClient share."""

    def __init__(
        self, base_url: str, api_key: str | None, timeout_s: float, retries: RetryPolicy
    ) -> None:
        local = _hostname(base_url) in ("127.0.0.1", "localhost", "::1")
        if api_key and not api_key.isascii():
            raise InvalidRequest("the API key holds letters that no key can hold")
        self.base_url = base_url.rstrip("/")
        self._timeout_s = timeout_s
        self._retries = retries
        self.http_arguments: dict[str, Any] = {
            "base_url": self.base_url,
            "headers": {"Authorization": f"Bearer {api_key}"} if api_key else {},
            "timeout": self.timeout(),
            # A proxy from the environment must not be used for this machine.
            "trust_env": not local,
            "verify": trusted(trust_env=not local),
        }

    def timeout(self, extra_s: float = 0.0) -> httpx2.Timeout:
        """Return the time-outs of a request that the server may hold for `extra_s` seconds."""
        return httpx2.Timeout(self._timeout_s + extra_s, connect=CONNECT_TIMEOUT_S)

    def pauses(self) -> Pauses:
        """Return the waits of one call that is tried again."""
        return self._retries.pauses()

    def unreachable(self, exc: Exception) -> ServiceUnreachable:
        """Say in one sentence that nothing answers, keeping the cause."""
        reason = str(exc) or type(exc).__name__
        error = ServiceUnreachable(f"no depthq service answers at {self.base_url} ({reason})")
        error.__cause__ = exc
        return error

    def arguments_of(self, call: Call[Any]) -> dict[str, Any]:
        """Return the HTTP library's arguments for `call`, but for its method and URL."""
        arguments: dict[str, Any] = {"timeout": self.timeout(call.held_s)}
        if call.params:
            arguments["params"] = dict(call.params)
        if call.json is not None:
            arguments["json"] = call.json
        if call.content is not None:
            arguments["content"] = call.content
        return arguments


class Transport(Endpoint):
    """Speaks HTTP for DepthClient: retries, Retry-After, problem details. Thread-safe."""

    def __init__(
        self, base_url: str, api_key: str | None, timeout_s: float, retries: RetryPolicy
    ) -> None:
        super().__init__(base_url, api_key, timeout_s, retries)
        self.http = httpx2.Client(**self.http_arguments)

    def call(self, call: Call[T]) -> T:
        """Make an idempotent call and return what its answer means."""
        send = partial(self.http.request, call.method, call.url, **self.arguments_of(call))
        return call.parse(self.attempt(send))

    def attempt(self, send: Callable[[], httpx2.Response]) -> httpx2.Response:
        """Call `send` until it gives an answer below 400; raises contract or client errors."""
        pauses = self.pauses()
        while True:
            response, error = self._try_once(send)
            if response is not None and response.status_code < 400:
                return response
            self._retries.sleep(rest_s(pauses, response, error))

    def _try_once(
        self, send: Callable[[], httpx2.Response]
    ) -> tuple[httpx2.Response | None, ServiceUnreachable | None]:
        try:
            return send(), None
        except httpx2.TransportError as exc:
            return None, self.unreachable(exc)

    def close(self) -> None:
        """Close the kept connections."""
        self.http.close()


def rest_s(
    pauses: Pauses, response: httpx2.Response | None, error: ServiceUnreachable | None
) -> float:
    """Return how long to wait after a try that failed; raises its error if it was the last."""
    busy = response is not None and response.status_code == BUSY
    worth_it = response is None or response.status_code in RETRIED_STATUSES
    wait_s = pauses.next_s(_retry_after(response), counted=not busy) if worth_it else None
    if wait_s is None:
        raise error or error_of(response)
    extra = {"action": "retry", "wait_s": wait_s}
    logger.info("trying again: %s", error or error_of(response), extra=extra)
    return wait_s


def _hostname(url: str) -> str:
    try:
        parts = urlsplit(url)
        if parts.scheme in ("http", "https") and parts.hostname:
            httpx2.URL(url)
            return parts.hostname
    except (ValueError, httpx2.InvalidURL):
        pass  # the sentence below says all there is to say
    raise InvalidRequest(f"{url!r} is not an address like http://127.0.0.1:8000")


def _retry_after(response: httpx2.Response | None) -> float | None:
    return parse_retry_after(response.headers.get("Retry-After")) if response is not None else None


def error_of(response: httpx2.Response | None) -> Exception:
    """Return the exception that an error answer stands for."""
    if response is None:
        return UnexpectedAnswer("no answer")
    return error_from_problem(response.status_code, _problem(response), _retry_after(response))


def _problem(response: httpx2.Response) -> Mapping[str, Any] | None:
    try:
        document = response.json()
    except ValueError:
        return None
    return document if isinstance(document, dict) else None
