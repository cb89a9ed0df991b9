"""``python -m benchmarks.overhead``: what a request costs besides the forward pass, per path.

Drives the application in this process, without sockets, on the shipped models. Forward passes are
answered from memory, so what is left is parsing, layers and encoding. Fast and full path take
turns; compare their ratio only.
"""

import asyncio
import time
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import orjson
import typer
import uvloop
from fastapi import FastAPI
from rich.console import Console
from rich.table import Table

from service.app import create_app
from service.asgi import Message, Scope
from service.batch import Answer
from service.lifecycle import Service
from service.rows import Rows
from service.settings import Settings

ROUNDS = 6


def bodies() -> dict[str, tuple[str, str, bytes]]:
    """Task, path and JSON body by a name."""
    random = np.random.default_rng(0)
    images = random.integers(0, 256, size=(32, 28, 28)).tolist()
    series = np.round(random.normal(100, 10, size=(64, 256)), 3).tolist()
    seasonal = {"horizon": 12, "season_length": 12}
    words = "it was the best of times"
    return {
        "classify, 1 image": ("classify", "/classify", orjson.dumps({"images": images[:1]})),
        "classify, 32 images": ("classify", "/classify", orjson.dumps({"images": images})),
        "forecast, 1 series of 256": (
            "forecast",
            "/forecast",
            orjson.dumps({"series": series[:1], **seasonal}),
        ),
        "forecast, 64 series of 256": (
            "forecast",
            "/forecast",
            orjson.dumps({"series": series, **seasonal}),
        ),
        "next-word, 1 context": ("next-word", "/next-word", orjson.dumps({"contexts": [words]})),
    }


def main(
    repository: Annotated[Path, typer.Option(help="Exports to serve.")] = Path("models/repository"),
    requests: Annotated[int, typer.Option(help="Requests of each measurement.")] = 200,
) -> None:
    """Print the median microseconds of a request on the fast and on the full path."""
    uvloop.run(_measure_all(Settings(repository=repository, access_log=False), requests))


async def _measure_all(settings: Settings, requests: int) -> None:
    services = [Service(settings, abort=lambda: None) for _ in range(2)]
    fast, full = create_app(services[0]), create_app(services[1], fast_path=False)
    table = Table("request", "fast path, us", "full path, us", "ratio")
    async with services[0].running(), services[1].running():
        for service in services:
            await service.ready()
        for name, (task, path, body) in bodies().items():
            for service in services:
                _remember(service.registry.find(task).batcher)
            rounds = [
                (
                    await _median_us(fast, path, body, requests),
                    await _median_us(full, path, body, requests),
                )
                for _ in range(ROUNDS)
            ]
            quick, slow = np.array(rounds).min(axis=0)
            table.add_row(name, f"{quick:.0f}", f"{slow:.0f}", f"{slow / quick:.1f}")
    Console().print(table)


def _remember(batcher: Any) -> None:
    """Let ``batcher`` compute each number of rows once, and answer from memory from then on."""
    submit, known = batcher.submit, dict[int, Answer]()

    async def answer(rows: Rows, *, deadline_s: float | None = None) -> Answer:
        if len(rows) not in known:
            known[len(rows)] = await submit(rows, deadline_s=deadline_s)
        return known[len(rows)]

    batcher.submit = answer


async def _median_us(app: FastAPI, path: str, body: bytes, requests: int) -> float:
    stays, took = asyncio.Event(), []
    headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]

    async def send(message: Message) -> None:
        if message.get("status", 200) != 200:
            raise RuntimeError(f"{path} answered {message['status']}")

    for _ in range(requests):
        waiting: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

        async def receive(waiting: list[Message] = waiting) -> Message:
            if not waiting:
                await stays.wait()
            return waiting.pop()

        scope: Scope = {
            "type": "http",
            "method": "POST",
            "path": path,
            "raw_path": path.encode(),
            "query_string": b"",
            "headers": headers,
            "root_path": "",
            "scheme": "http",
        }
        started_s = time.perf_counter()
        await app(scope, receive, send)
        took.append(time.perf_counter() - started_s)
    return float(np.median(took) * 1e6)


if __name__ == "__main__":
    typer.run(main)
