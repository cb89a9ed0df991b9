"""``python -m benchmarks.words``: what the questions beyond the next word cost.

Server and client share the machine's cores, so compare figures of one run only.
"""

import asyncio
import json
from pathlib import Path
from typing import Annotated, Any

import httpx
import typer
from rich.console import Console
from rich.table import Table

from benchmarks.running_service import RunningService, running_service
from benchmarks.serving.load import measure

TEXT = "it was the best of times, it was the worst of times, it was the age of wisdom"
MAX_WORDS = 20
QUESTIONS: dict[str, tuple[str, dict[str, Any]]] = {
    "next-word, 1 context": ("/next-word", {"contexts": [TEXT]}),
    "neighbours, 1 word": ("/next-word/neighbours", {"words": ["king"]}),
    "score, 1 text of 20 words": ("/next-word/score", {"texts": [TEXT]}),
    "complete, 1 word": ("/next-word/complete", {"prompts": [TEXT], "max_words": 1}),
}
STORIES: dict[str, tuple[int, int, dict[str, Any]]] = {
    "1 prompt": (1, 1, {}),
    "1 prompt, top_p 0.9": (1, 1, {"top_p": 0.9}),
    "1 prompt, top_k 40": (1, 1, {"top_k": 40}),
    "16 prompts in a request": (16, 1, {}),
    "16 prompts in a request, top_p 0.9": (16, 1, {"top_p": 0.9}),
    "16 requests at once": (1, 16, {}),
}


def main(
    repository: Annotated[Path, typer.Option(help="Exports to serve.")] = Path("models/repository"),
    seconds: Annotated[float, typer.Option(help="Length of each measurement.")] = 5.0,
) -> None:
    """Latency of each question alone, and words a second of stories."""
    with running_service(repository, "--workers", "1") as service:
        asyncio.run(_measure_all(service, seconds))


async def _measure_all(service: RunningService, seconds: float) -> None:
    latencies = Table("question, one at a time", "p50 ms", "p99 ms", "requests/s")
    for name, (path, body) in QUESTIONS.items():
        content = json.dumps(body).encode()
        await measure(service.url + path, [content], connections=1, seconds=seconds / 5)
        found = await measure(service.url + path, [content], connections=1, seconds=seconds)
        figures = (f"{found.p50_ms:.2f}", f"{found.p99_ms:.2f}", f"{found.requests_per_s:,.0f}")
        latencies.add_row(name, *figures)
    Console().print(latencies)
    stories = Table(f"complete, {MAX_WORDS} words each", "words/s", "p50 ms a story")
    for name, (n_prompts, connections, options) in STORIES.items():
        body = {"prompts": [TEXT] * n_prompts, "max_words": MAX_WORDS, "seed": 1, **options}
        url, content = service.url + "/next-word/complete", json.dumps(body).encode()
        found = await measure(url, [content], connections=connections, seconds=seconds)
        words_per_s = found.requests_per_s * n_prompts * MAX_WORDS
        stories.add_row(name, f"{words_per_s:,.0f}", f"{found.p50_ms:.0f}")
    Console().print(stories)
    Console().print(f"first word of a streamed story after {await _first_word_ms(service):.1f} ms")


async def _first_word_ms(service: RunningService) -> float:
    """Median of thirty: from the request to the first event."""
    body = {"prompts": TEXT, "stream": True, "max_words": 5}
    times = []
    async with httpx.AsyncClient(base_url=service.url) as client:
        for _ in range(30):
            loop = asyncio.get_running_loop()
            started = loop.time()
            async with client.stream("POST", "/next-word/complete", json=body) as response:
                async for _ in response.aiter_lines():
                    break
            times.append((loop.time() - started) * 1e3)
    return sorted(times)[len(times) // 2]


if __name__ == "__main__":
    typer.run(main)
