"""POST /transduce, against a network whose output is the running sum."""

import asyncio
from typing import Any

import httpx
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from service.tasks.transduce import CHUNK
from tests.service.harness import ServeWith

pytestmark = pytest.mark.anyio


async def ask(client: httpx.AsyncClient, **body: Any) -> tuple[list[list[float]], list[str]]:
    response = await client.post("/transduce", json=body)
    assert response.status_code == 200, response.text
    answer = response.json()
    assert answer["model"] == {"name": "transducer", "version": "1"}
    return answer["outputs"], answer["states"]


async def refusal(client: httpx.AsyncClient, **body: Any) -> list[tuple[str, str]]:
    response = await client.post("/transduce", json=body)
    assert response.status_code == 422, response.text
    return [(each["location"], each["message"]) for each in response.json()["errors"]]


async def test_every_signal_is_answered_sample_by_sample(client: httpx.AsyncClient) -> None:
    outputs, states = await ask(client, signals=[[1, 2, 3], [10], [0.5, -0.5]])

    assert outputs == [[1, 3, 6], [10], [0.5, 0]]
    assert len(set(states)) == 3


async def test_a_bare_signal_is_a_list_of_one(client: httpx.AsyncClient) -> None:
    outputs, (state,) = await ask(client, signals=[1, 2])
    assert outputs == [[1, 3]]

    outputs, _ = await ask(client, signals=[4], states=state)
    assert outputs == [[7]]


async def test_signals_go_on_from_their_own_states_and_null_is_a_fresh_start(
    client: httpx.AsyncClient,
) -> None:
    _, (one, two) = await ask(client, signals=[[1], [2, 2]])

    outputs, _ = await ask(client, signals=[[10, 10], [10], [10]], states=[two, None, one])

    assert outputs == [[14, 24], [10], [11]]


async def test_a_token_may_be_used_again(client: httpx.AsyncClient) -> None:
    _, (state,) = await ask(client, signals=[5])

    assert await ask(client, signals=[1], states=state) == await ask(
        client, signals=[1], states=[state]
    )


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(lengths=st.lists(st.integers(1, 3 * CHUNK), min_size=1, max_size=4), seed=st.integers(0, 99))
async def test_signals_of_any_length_are_answered_whole(
    client: httpx.AsyncClient, lengths: list[int], seed: int
) -> None:
    generator = np.random.default_rng(seed)
    signals = [generator.integers(-9, 9, length).tolist() for length in lengths]

    outputs, states = await ask(client, signals=signals)
    more, _ = await ask(client, signals=[[0]] * len(signals), states=states)

    assert outputs == [np.cumsum(signal).tolist() for signal in signals]
    assert more == [[sum(signal)] for signal in signals]


async def test_requests_at_the_same_time_share_passes(serve_with: ServeWith) -> None:
    async with serve_with() as client:
        answers = await asyncio.gather(
            *(ask(client, signals=[[n] * (n + 1), [n]]) for n in range(20))
        )
        metrics = (await client.get("/metrics")).text

    assert [outputs for outputs, _ in answers] == [
        [[n * step for step in range(1, n + 2)], [n]] for n in range(20)
    ]
    batches = next(
        line for line in metrics.splitlines() if "batches_total{" in line and "transducer" in line
    )
    assert float(batches.split()[-1]) < 20


async def test_an_altered_token_is_refused_where_it_stands(client: httpx.AsyncClient) -> None:
    _, (state,) = await ask(client, signals=[5])
    altered = state[:40] + ("A" if state[40] != "A" else "B") + state[41:]

    ((place, message),) = await refusal(
        client, signals=[[1], [1], [1]], states=[state, altered, None]
    )

    assert place == "states.1"
    assert "altered" in message


@pytest.mark.parametrize("token", ["hello", "====", "é", "AAAA", "x" * 100_000])
async def test_what_is_no_token_is_refused(client: httpx.AsyncClient, token: str) -> None:
    ((place, message),) = await refusal(client, signals=[[1]], states=[token])

    assert place == "states.0"
    assert "is no state token" in message


async def test_tokens_of_a_service_with_another_secret_are_refused(serve_with: ServeWith) -> None:
    ours = {"state_secret": "one secret of many"}
    async with serve_with(**ours) as client:
        _, states = await ask(client, signals=[1])
    async with serve_with(**ours) as client:
        assert (await ask(client, signals=[1], states=states))[0] == [[2]]
    async with serve_with() as client:
        ((place, message),) = await refusal(client, signals=[1], states=states)

    assert place == "states.0"
    assert "another state_secret" in message


@pytest.mark.parametrize(
    ("body", "place"),
    [
        ({"signals": []}, "signals"),
        ({"signals": [[]]}, "signals.0"),
        ({"signals": [[1, None, 3]]}, "signals.0.1"),
        ({"signals": [[1], ["2"]]}, "signals.1.0"),
        ({"signals": [[1], [True]]}, "signals.1.0"),
        ({"signals": [[1e31]]}, "signals.0.0"),
        ({"signals": [[1]], "states": []}, "states"),
        ({"signals": [[1]], "states": [3]}, "states.0"),
        ({"signals": [[1]], "states": [None, None]}, "body"),
        ({"signals": [[1]], "horizon": 3}, "horizon"),
    ],
)
async def test_bad_input_is_refused_where_it_stands(
    client: httpx.AsyncClient, body: dict[str, Any], place: str
) -> None:
    assert (await refusal(client, **body))[0][0] == place


async def test_another_task_s_model_is_refused(client: httpx.AsyncClient) -> None:
    assert (await refusal(client, signals=[1], model="digits"))[0][0] == "model"
