"""The front in a real server, and ten thousand requests that it answers as the full path does."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from random import Random

import httpx
import pytest

from service.front.sockets import COMPILED
from service.settings import Settings
from tests.service.direct import ask
from tests.service.generated_bodies import PATHS, broken_body, valid_body
from tests.service.harness import serving
from tests.service.live_server import LiveServer
from tests.service.wire import PLAIN, post, read_answer, wired

pytestmark = [
    pytest.mark.timeout(120),
    pytest.mark.skipif(not COMPILED, reason="installed without a compiler"),
]


def test_a_server_says_whether_it_has_a_front_and_answers_alike(
    tiny_repository: Path, tmp_path: Path
) -> None:
    """Both at once: plain requests, others on the same connection, a stop."""
    kinds = {"auto": "compiled", "uvicorn": "uvicorn"}
    variables = {"repository": tiny_repository, "warmup_max_s": 0, "workers": 1}
    servers = [LiveServer(tmp_path / name, [], front=name, **variables) for name in kinds]
    answers = []
    for server, kind in zip(servers, kinds.values(), strict=True):
        url = server.wait_until_ready()
        assert [line["front"] for line in server.lines_with("front", 1)] == [kind]
        with httpx.Client(base_url=url) as client, ThreadPoolExecutor(8) as threads:
            asked = [plain for plain in PLAIN for _ in range(10)]
            urls, bodies = [url + each.path for each in asked], [each.body for each in asked]
            found = list(threads.map(lambda to, body: httpx.post(to, content=body), urls, bodies))
            found += [client.post(PLAIN[0].path, content=PLAIN[0].body), client.get("/models")]
            found += [client.post(PLAIN[0].path, content=body) for body in (b"{", PLAIN[0].body)]
        answers.append([(each.status_code, each.text) for each in found[:-2]])
        assert [each.status_code for each in found[-2:]] == [400, 200]
        assert server.stop() == 0

    assert answers[0] == answers[1]


async def compared(repository: Path, *, broken: bool, n: int) -> tuple[int, int]:
    """Ask for generated bodies on one connection after the other: refused, and sent."""
    random = Random(3 + broken)  # noqa: S311 - no secret
    quiet = Settings(repository=repository, warmup_max_s=0, access_log=False)
    refused = sent = 0
    async with (
        serving(quiet) as app,
        serving(quiet, fast_path=False) as full,
        wired(app, with_front=True) as wire,
    ):
        reader, writer = await wire.connect()
        while (refused if broken else sent) < n:
            path = PATHS[sent % len(PATHS)]
            body = (broken_body if broken else valid_body)(random, path)
            strangers = len(wire.strangers)
            writer.write(post(path, body))
            found, expected = await read_answer(reader), await ask(full, path, body)
            assert found.status == expected.status, body
            assert found.comparable() == expected.comparable(), body
            assert broken or (found.status, found.body) == (200, expected.body), body
            refused += found.status != 200
            sent += 1
            if len(wire.strangers) > strangers:  # the next one shall meet the front again
                writer.close()
                reader, writer = await wire.connect()
        writer.close()
        return len(wire.strangers), sent


@pytest.mark.slow
@pytest.mark.anyio
@pytest.mark.timeout(1800)
async def test_ten_thousand_valid_requests_get_the_answers_of_the_full_path(
    tiny_repository: Path,
) -> None:
    strangers, sent = await compared(tiny_repository, broken=False, n=10_000)

    assert strangers < 0.4 * sent  # not equal because both took the full path


@pytest.mark.slow
@pytest.mark.anyio
@pytest.mark.timeout(1800)
async def test_ten_thousand_broken_requests_get_the_answers_of_the_full_path(
    tiny_repository: Path,
) -> None:
    strangers, sent = await compared(tiny_repository, broken=True, n=10_000)

    assert strangers <= sent < 15_000
