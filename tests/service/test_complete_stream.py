"""Completions as server-sent events: word by word, ended by whoever leaves."""

import asyncio
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from fastapi import FastAPI

from service.asgi import Message
from service.rows import Arrays
from service.settings import Settings
from tests.service.harness import ServeWith, service_behind, serving
from tests.service.live_server import live_server

pytestmark = [pytest.mark.anyio, pytest.mark.timeout(60)]

PATH = "/next-word/complete"


def events_of(text: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Events as a browser reads them."""
    for block in text.split("\n\n"):
        fields = dict(line.split(": ", 1) for line in block.splitlines())
        if fields:
            yield fields["event"], json.loads(fields["data"])


@pytest.mark.parametrize("way", ["field", "header"])
async def test_every_word_is_an_event_and_the_last_one_is_the_whole_answer(
    client: httpx.AsyncClient, way: str
) -> None:
    body: dict[str, Any] = {"prompts": ["aa", "bb"], "seed": 4, "max_words": 6, "stop": ["bd"]}
    whole = (await client.post(PATH, json=body)).json()
    headers = {"Accept": "text/event-stream"} if way == "header" else {}

    response = await client.post(PATH, json={**body, "stream": way == "field"}, headers=headers)

    assert response.headers["content-type"].startswith("text/event-stream")
    assert response.headers["cache-control"] == "no-store"
    *words, (last, done) = events_of(response.text)
    assert (last, done) == ("done", whole)
    assert {name for name, _ in words} == {"word"}
    for at, completion in enumerate(whole["completions"]):
        own = [data for _, data in words if data["prompt"] == at]
        assert "".join(data["text"] for data in own) == completion["text"]
        kept = [{key: data[key] for key in ("word", "probability")} for data in own]
        assert kept == completion["words"]


async def test_what_fails_before_the_first_word_has_a_status(client: httpx.AsyncClient) -> None:
    wrong = await client.post(PATH, json={"prompts": "aa", "stop": ["abc"], "stream": True})
    other = await client.post(PATH, json={"prompts": "aa", "model": "digits", "stream": True})

    assert (wrong.status_code, wrong.json()["title"]) == (422, "Invalid input")
    assert other.json()["type"] == "urn:seqserve:problem:wrong-task"


async def test_what_fails_later_is_an_event_and_the_log_says_why(
    serve_with: ServeWith, caplog: pytest.LogCaptureFixture
) -> None:
    async with serve_with() as client:
        batcher = service_behind(client).registry.find("next-word").batcher
        run = batcher._run

        def fails_at_ac(inputs: Arrays, method: str) -> Arrays:
            if 5 in inputs["contexts"]:
                raise ArithmeticError("secret")
            return run(inputs, method)

        batcher._run = fails_at_ac
        response = await client.post(PATH, json={"prompts": "aa", "temperature": 0, "stream": True})

    assert response.status_code == 200
    (_, first), (_, second), (name, problem) = events_of(response.text)
    assert (first["word"], second["word"], name) == ("ab", "ac", "error")
    assert problem["type"] == "urn:seqserve:problem:internal-error"
    assert problem["request_id"] == response.headers["x-request-id"]
    assert "secret" not in response.text
    assert "secret" in caplog.text


@pytest.mark.parametrize("streams", [True, False])
async def test_the_deadline_holds_for_the_whole_story(serve_with: ServeWith, streams: bool) -> None:
    async with serve_with() as client:
        batcher = service_behind(client).registry.find("next-word").batcher
        run = batcher._run

        def slow_at_ac(inputs: Arrays, method: str) -> Arrays:
            if 5 in inputs["contexts"]:
                time.sleep(0.6)
            return run(inputs, method)

        batcher._run = slow_at_ac
        response = await client.post(
            PATH,
            json={"prompts": "aa", "temperature": 0, "stream": streams},
            headers={"X-Timeout-Ms": "500"},
        )

    if streams:
        *words, (name, problem) = events_of(response.text)
        assert [data["word"] for _, data in words[:2]] == ["ab", "ac"]
        assert len(words) < 20
        assert (response.status_code, name) == (200, "error")
    else:
        problem = response.json()
        assert response.status_code == 504
    assert problem["type"] == "urn:seqserve:problem:deadline-exceeded"


class Reader:
    """Reads events straight from the application, and leaves after some of them."""

    def __init__(self, app: FastAPI, body: dict[str, Any], *, leaves_after: int) -> None:
        self.events: list[bytes] = []
        self._leaves_after = leaves_after
        self._left = asyncio.Event()
        self._body: bytes | None = json.dumps(body).encode()
        scope = {
            "type": "http",
            "method": "POST",
            "path": PATH,
            "raw_path": PATH.encode(),
            "query_string": b"",
            "headers": [],
            "root_path": "",
            "scheme": "http",
            "http_version": "1.1",
            "asgi": {"version": "3.0", "spec_version": "2.3"},
        }
        self.task = asyncio.create_task(app(scope, self._receive, self._send))

    async def _receive(self) -> Message:
        if self._body is not None:
            body, self._body = self._body, None
            return {"type": "http.request", "body": body}
        await self._left.wait()
        return {"type": "http.disconnect"}

    async def _send(self, message: Message) -> None:
        if message.get("body"):
            self.events.append(message["body"])
            if len(self.events) == self._leaves_after:
                self._left.set()


async def test_a_caller_that_leaves_ends_the_work_at_once(tiny_repository: Path) -> None:
    async with serving(Settings(repository=tiny_repository, warmup_max_s=0)) as app:
        batcher = app.state.service.registry.find("next-word").batcher
        body = {"prompts": "aa", "max_words": 500, "no_repeat": 0, "stream": True}
        reader = Reader(app, body, leaves_after=3)
        await reader.task

        assert 3 <= len(reader.events) < 20
        assert batcher.stats.rows < 20
        assert batcher.waiting_rows == 0


async def test_a_real_server_sends_each_word_when_it_comes(
    tiny_repository: Path, tmp_path: Path
) -> None:
    body = {"prompts": "aa", "temperature": 0, "max_words": 3, "stream": True}
    with live_server(tmp_path / "log", repository=tiny_repository) as server:
        url = server.wait_until_ready()
        async with (
            httpx.AsyncClient() as client,
            client.stream("POST", url + PATH, json=body) as response,
        ):
            lines = [line async for line in response.aiter_lines() if line]

    assert lines[::2] == ["event: word"] * 3 + ["event: done"]
    said = [json.loads(line.removeprefix("data: ")) for line in lines[1::2]]
    assert [each["text"] for each in said[:3]] == [" ab", " ac", " ad"]
    assert said[3]["completions"][0]["text"] == " ab ac ad"


def test_uniform_numbers_stay_below_1_in_single_precision() -> None:
    numbers = np.random.default_rng([1, 0]).random(100_000, dtype=np.float32)

    assert float(numbers.max()) < 1
