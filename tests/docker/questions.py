"""One question for each endpoint, with a check of the answer that a person can follow."""

import json
import math
from http.client import HTTPConnection
from typing import Any

JSON = {"Content-Type": "application/json"}
# Twelve up, twelve down: a season that nobody can miss.
SERIES = [100.0 + 10 * math.sin(month * math.pi / 6) for month in range(72)]
# An upright stroke, bright on black: a one.
STROKE = [[255 if 4 <= row < 24 and 13 <= column < 16 else 0 for column in range(28)]
          for row in range(28)]  # fmt: skip


def ask(port: int, method: str, path: str, body: object = None) -> tuple[int, Any]:
    """Status and JSON body of one request to a service on the loopback."""
    connection = HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        connection.request(method, path, None if body is None else json.dumps(body), JSON)
        response = connection.getresponse()
        return response.status, json.loads(response.read())
    finally:
        connection.close()


def answer(port: int, path: str, body: object = None) -> Any:
    """The answer to a question that must succeed (POST when there is a body)."""
    status, found = ask(port, "GET" if body is None else "POST", path, body)
    assert status == 200, f"{path}: {status} {found}"
    return found


def ask_each_endpoint(port: int) -> None:
    """Check an answer of every family of the shipped models."""
    answer(port, "/healthz/ready")
    names = {model["name"] for model in answer(port, "/models")["models"]}
    assert names == {"forecaster", "digits", "next-word", "transducer"}

    forecast = answer(port, "/forecast", {"series": [SERIES], "horizon": 12})["forecasts"][0]
    errors = [abs(mean - truth) for mean, truth in zip(forecast["mean"], SERIES[:12], strict=True)]
    assert max(errors) < 6, f"the season is missed: {forecast['mean']}"

    digit = answer(port, "/classify", {"images": [STROKE]})["predictions"][0]
    assert digit["digit"] == 1

    question = {"contexts": ["it was one of the"], "top_k": 5}
    words = answer(port, "/next-word", question)["predictions"][0]["candidates"]
    assert len(words) == 5
    assert words[0]["probability"] >= words[-1]["probability"] > 0

    sine = [math.sin(0.1 * sample) for sample in range(200)]
    cosine = answer(port, "/transduce", {"signals": [sine]})["outputs"][0]
    # The first samples do not say how fast the sine is.
    assert max(abs(cosine[at] - math.cos(0.1 * at)) for at in range(100, 200)) < 0.3
