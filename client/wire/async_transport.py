"""One request to the service for AsyncDepthClient: the same decisions as transport.py, awaited."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import aclosing
from pathlib import Path
from typing import Any, TypeVar

import httpx2

from client.errors import ServiceUnreachable, UnexpectedAnswer
from client.wire.call import Call
from client.wire.downloads import beside, is_whole
from client.wire.events import SILENCE_S, Snapshot, document_of
from client.wire.retries import RetryPolicy
from client.wire.transport import Endpoint, error_of, rest_s

T = TypeVar("T")


class AsyncTransport(Endpoint):
    """Speaks HTTP for AsyncDepthClient, within one event loop. A canceled call leaves nothing."""

    def __init__(
        self, base_url: str, api_key: str | None, timeout_s: float, retries: RetryPolicy
    ) -> None:
        super().__init__(base_url, api_key, timeout_s, retries)
        self.http = httpx2.AsyncClient(**self.http_arguments)

    async def call(self, call: Call[T]) -> T:
        """Make an idempotent call and return what its answer means."""
        arguments = self.arguments_of(call)
        return call.parse(
            await self.attempt(lambda: self.http.request(call.method, call.url, **arguments))
        )

    async def attempt(self, send: Callable[[], Awaitable[httpx2.Response]]) -> httpx2.Response:
        """Await `send()` until it gives an answer below 400; raises contract or client errors."""
        pauses = self.pauses()
        while True:
            response: httpx2.Response | None = None
            error: ServiceUnreachable | None = None
            try:
                response = await send()
            except httpx2.TransportError as exc:
                error = self.unreachable(exc)
            if response is not None and response.status_code < 400:
                return response
            await asyncio.sleep(rest_s(pauses, response, error))

    async def download(self, url: str, target: Path, announced: Mapping[str, Any]) -> Path:
        """Download `url` to `target`, whole or not at all: see client.wire.downloads."""
        with beside(target) as temporary:
            for last_try in (False, True):
                await self.attempt(lambda: self._fetch(url, temporary))
                if is_whole(temporary, announced, target, last_try=last_try):
                    break
        return target

    async def _fetch(self, url: str, temporary: Path) -> httpx2.Response:
        async with self.http.stream("GET", url, follow_redirects=True) as response:
            if response.status_code >= 400:
                await response.aread()
                return response
            with temporary.open("wb") as file:
                async for chunk in response.aiter_bytes():
                    file.write(chunk)
            return response

    async def follow(
        self, url: str, parse: Callable[[Any], Snapshot]
    ) -> AsyncGenerator[Snapshot, None]:
        """Yield what `parse` makes of every event until it has ended: see client.wire.events."""
        last_id = ""
        pauses = self.pauses()
        while True:
            problem: Exception = UnexpectedAnswer("the event stream ended before its end")
            try:
                async with aclosing(self._events(url, last_id)) as events:
                    async for event in events:
                        last_id = event.id or last_id
                        pauses = self.pauses()
                        document = document_of(event)
                        if document is None:
                            continue
                        snapshot = parse(document)
                        yield snapshot
                        if snapshot.terminal:
                            return
            except httpx2.TransportError as exc:
                problem = self.unreachable(exc)
            wait_s = pauses.next_s(None)
            if wait_s is None:
                raise problem
            await asyncio.sleep(wait_s)

    async def _events(self, url: str, last_id: str) -> AsyncGenerator[httpx2.ServerSentEvent, None]:
        headers = {"Last-Event-ID": last_id} if last_id else {}
        async with self.http.sse(url, headers=headers, timeout=self.timeout(SILENCE_S)) as source:
            if source.response.status_code >= 400:
                await source.response.aread()
                raise error_of(source.response)
            async for event in source:
                yield event

    async def lines(self, url: str) -> AsyncGenerator[str, None]:
        """Yield the lines of an answer. What has come is passed over after a lost connection."""
        seen, pauses = 0, self.pauses()
        while True:
            try:
                async with aclosing(self._lines(url)) as lines:
                    number = 0
                    async for line in lines:
                        number += 1
                        if number > seen:
                            seen, pauses = number, self.pauses()
                            yield line
                return
            except httpx2.TransportError as exc:
                wait_s = pauses.next_s(None)
                if wait_s is None:
                    raise self.unreachable(exc) from exc
            await asyncio.sleep(wait_s)

    async def _lines(self, url: str) -> AsyncGenerator[str, None]:
        async with self.http.stream("GET", url, timeout=self.timeout(60)) as answer:
            if answer.status_code >= 400:
                await answer.aread()
                raise error_of(answer)
            async for line in answer.aiter_lines():
                if line:
                    yield line

    async def close(self) -> None:
        """Close the kept connections."""
        await self.http.aclose()
