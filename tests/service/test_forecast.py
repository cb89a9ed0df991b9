"""POST /forecast, against a network that answers "the last value plus the step"."""

from typing import Any

import httpx
import pytest

from tests.service.harness import ServeWith, service_behind

pytestmark = pytest.mark.anyio


async def ask(client: httpx.AsyncClient, **body: Any) -> dict[str, Any]:
    response = await client.post("/forecast", json=body)
    assert response.status_code == 200, response.text
    answer: dict[str, Any] = response.json()
    return answer


async def refusal(client: httpx.AsyncClient, **body: Any) -> list[dict[str, str]]:
    response = await client.post("/forecast", json=body)
    assert response.status_code == 422, response.text
    errors: list[dict[str, str]] = response.json()["errors"]
    return errors


async def test_every_series_is_continued_in_order(client: httpx.AsyncClient) -> None:
    answer = await ask(client, series=[[1, 2, 10], [5], [7, None, 30, None]], horizon=3)

    assert answer["model"] == {"name": "forecaster", "version": "1"}
    assert [each["mean"] for each in answer["forecasts"]] == [
        [11, 12, 13],
        [6, 7, 8],
        [31, 32, 33],
    ]


async def test_a_bare_series_is_a_list_of_one(client: httpx.AsyncClient) -> None:
    bare = await ask(client, series=[None, 4, 5], horizon=2)

    assert bare == await ask(client, series=[[None, 4, 5]], horizon=2)


async def test_quantiles_of_the_model_are_answered_as_they_are(client: httpx.AsyncClient) -> None:
    answer = await ask(client, series=[100], horizon=2, quantiles=[0.9, 0.25])

    quantiles = answer["forecasts"][0]["quantiles"]
    assert list(quantiles) == ["0.25", "0.9"]
    assert quantiles["0.25"] == pytest.approx([101 - 0.25, 102 - 0.5])
    assert quantiles["0.9"] == pytest.approx([101 + 0.4, 102 + 0.8])


async def test_levels_are_central_intervals(client: httpx.AsyncClient) -> None:
    by_level = await ask(client, series=[100], levels=[80, 95])
    by_quantile = await ask(client, series=[100], quantiles=[0.025, 0.1, 0.9, 0.975])

    assert list(by_level["forecasts"][0]["quantiles"]) == ["0.025", "0.1", "0.9", "0.975"]
    assert by_level == by_quantile


async def test_any_quantile_is_answered_and_they_never_cross(client: httpx.AsyncClient) -> None:
    asked = [1e-9, 0.001, 0.1, 0.13, 0.5, 0.61, 0.9, 0.99, 0.9999999]
    answer = await ask(client, series=[[100], [5, 6]], horizon=11, quantiles=asked)

    for forecast in answer["forecasts"]:
        steps = zip(*forecast["quantiles"].values(), strict=True)
        assert all(list(step) == sorted(step) for step in steps)


async def test_a_far_horizon_goes_on_from_what_was_forecast(
    client: httpx.AsyncClient,
) -> None:
    answer = await ask(client, series=[[3, 10], [70]], horizon=13)

    assert [each["mean"] for each in answer["forecasts"]] == [
        pytest.approx(list(range(11, 24)), rel=1e-5),
        pytest.approx(list(range(71, 84)), rel=1e-5),
    ]


async def test_intervals_widen_beyond_one_shot(client: httpx.AsyncClient) -> None:
    answer = await ask(client, series=[10.0], horizon=11, season_length=1, levels=[80])

    low, high = answer["forecasts"][0]["quantiles"].values()
    half = [(b - a) / 2 for a, b in zip(low, high, strict=True)]
    # Within a chunk the network's half width is 0.4 h. The outer paths start the next one 2 off.
    assert half[:5] == pytest.approx([0.4 * step for step in range(1, 6)], rel=1e-5)
    assert 2.0 < half[5] < 2.0 + 0.4
    assert sorted(half) == half
    assert [a + b for a, b in zip(low, high, strict=True)] == pytest.approx(
        [2 * mean for mean in answer["forecasts"][0]["mean"]], rel=1e-5
    )


async def test_the_longest_horizon_is_answered(client: httpx.AsyncClient) -> None:
    answer = await ask(client, series=[1, 2, 3], horizon=1024)

    assert answer["forecasts"][0]["mean"][-1] == pytest.approx(3 + 1024, rel=1e-4)


@pytest.mark.parametrize(
    ("given", "steps"), [({}, 12), ({"season_length": 24}, 24), ({"season_length": 4}, 12)]
)
async def test_the_default_horizon_is_a_season_and_at_least_12(
    client: httpx.AsyncClient, given: dict[str, int], steps: int
) -> None:
    answer = await ask(client, series=[1, 2, 3], **given)

    assert len(answer["forecasts"][0]["mean"]) == steps


async def test_the_season_used_is_answered_given_or_detected(client: httpx.AsyncClient) -> None:
    given = await ask(client, series=[[1], [2]], season_length=4, horizon=9)
    detected = await ask(client, series=[[1], [2]], horizon=9)

    assert [each["season_length"] for each in given["forecasts"]] == [4, 4]
    assert [each["season_length"] for each in detected["forecasts"]] == [7, 7]


async def test_only_the_end_of_a_long_series_is_read(client: httpx.AsyncClient) -> None:
    answer = await ask(client, series=[[float(at) for at in range(10_000)]], horizon=1)

    assert answer["forecasts"][0]["mean"] == [10_000]


async def test_huge_values_stay_finite(client: httpx.AsyncClient) -> None:
    answer = await ask(client, series=[1e30], horizon=1024, quantiles=[1e-300, 0.9999999999])

    assert answer["forecasts"][0]["mean"][-1] == pytest.approx(1e30)


async def test_the_place_of_a_wrong_value_is_named(client: httpx.AsyncClient) -> None:
    series: list[list[Any]] = [[1.0] * 20 for _ in range(5)]
    series[3][17] = "x"
    series[4][2] = True

    assert [each["location"] for each in await refusal(client, series=series)] == [
        "series.3.17",
        "series.4.2",
    ]


@pytest.mark.parametrize(
    ("body", "location"),
    [
        pytest.param({}, "series", id="nothing"),
        pytest.param({"series": []}, "series", id="no series"),
        pytest.param({"series": [[1], []]}, "series.1", id="an empty series"),
        pytest.param({"series": [[1], [None, None]]}, "series.1", id="all missing"),
        pytest.param({"series": [1e31]}, "series.0.0", id="too large a value"),
        pytest.param({"series": [[1] * 10_001]}, "series.0", id="too long a series"),
        pytest.param({"series": [[[1]]]}, "series.0.0", id="too deep"),
        pytest.param({"series": [[1], 2]}, "series.1", id="a number among series"),
        pytest.param({"series": "1 2 3"}, "series", id="text"),
        pytest.param({"series": [1], "horizon": 0}, "horizon", id="horizon 0"),
        pytest.param({"series": [1], "horizon": -3}, "horizon", id="negative horizon"),
        pytest.param({"series": [1], "horizon": 1025}, "horizon", id="horizon too far"),
        pytest.param({"series": [1], "horizon": "5"}, "horizon", id="horizon as text"),
        pytest.param({"series": [1], "horizon": 2.5}, "horizon", id="broken horizon"),
        pytest.param({"series": [1], "horizon": True}, "horizon", id="true horizon"),
        pytest.param({"series": [1], "season_length": 0}, "season_length", id="season 0"),
        pytest.param({"series": [1], "quantiles": [0.5, 1]}, "quantiles.1", id="quantile 1"),
        pytest.param({"series": [1], "quantiles": []}, "quantiles", id="no quantile"),
        pytest.param({"series": [1], "levels": [100]}, "levels.0", id="level 100"),
        pytest.param({"series": [1], "levels": [80], "quantiles": [0.5]}, "body", id="both"),
        pytest.param({"series": [1], "horizn": 5}, "horizn", id="unknown field"),
        pytest.param({"series": [1], "model": 5}, "model", id="model as number"),
        pytest.param({"series": [1], "model": "digits"}, "model", id="a model of another task"),
    ],
)
async def test_bad_input_is_refused_with_its_place(
    client: httpx.AsyncClient, body: dict[str, Any], location: str
) -> None:
    assert (await refusal(client, **body))[0]["location"] == location


async def test_a_whole_number_may_be_written_with_a_point(client: httpx.AsyncClient) -> None:
    response = await client.post("/forecast", content=b'{"series": [1], "horizon": 2.0}')

    assert len(response.json()["forecasts"][0]["mean"]) == 2


async def test_an_answer_too_large_to_give_is_refused(client: httpx.AsyncClient) -> None:
    errors = await refusal(client, series=[[1.0]] * 4000, horizon=1000)

    assert errors[0]["location"] == "series"
    assert "16,000,000 numbers, at most 2,000,000" in errors[0]["message"]


async def test_what_is_known_only_before_the_models_memory_is_refused(
    client: httpx.AsyncClient,
) -> None:
    errors = await refusal(client, series=[[1.0], [1.0, *[None] * 64]])

    assert errors == [
        {
            "location": "series.1",
            "message": "Every value is missing among the last 64, all the model reads",
        }
    ]


async def test_an_invalid_item_is_reported_and_nothing_is_computed(serve_with: ServeWith) -> None:
    async with serve_with() as client:
        await refusal(client, series=[[1.0], [None]])
        await ask(client, series=[[1.0]], horizon=1)
        stats = service_behind(client).registry.find("forecast").batcher.stats

        assert (stats.batches, stats.rows) == (1, 1)
