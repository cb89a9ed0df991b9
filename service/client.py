"""A client for a running service, for the command line."""

import json
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from service.series_file import Value

MEDIA_TYPES = {".png": "image/png", ".jpg": "image/jpeg", ".jpeg": "image/jpeg"}


class ClientFailure(Exception):
    """The service could not be asked or refused; the message says what to do."""


class Client:
    """Asks the service at ``url``; ``transport`` replaces the network in tests.

    Raises, from every call:
        ClientFailure: nobody listens there, or the answer is a problem document.
    """

    def __init__(
        self, url: str, *, timeout_s: float = 60.0, transport: httpx.BaseTransport | None = None
    ) -> None:
        self._url = url
        self._http = httpx.Client(base_url=url, timeout=timeout_s, transport=transport)

    def forecast(self, series: Sequence[Sequence[Value]], **options: Any) -> dict[str, Any]:
        """Continue each series."""
        return self._ask("/forecast", json={"series": series, **_given(options)})

    def backtest(self, series: Sequence[Sequence[Value]], **options: Any) -> dict[str, Any]:
        """Measure the forecaster on the ends of each series."""
        return self._ask("/forecast/backtest", json={"series": series, **_given(options)})

    def next_word(self, contexts: Sequence[str], **options: Any) -> dict[str, Any]:
        """Suggest the next word of each context."""
        return self._ask("/next-word", json={"contexts": contexts, **_given(options)})

    def complete(self, prompts: Sequence[str], **options: Any) -> dict[str, Any]:
        """Continue each prompt by several words."""
        return self._ask("/next-word/complete", json={"prompts": prompts, **_given(options)})

    def story(self, prompt: str, **options: Any) -> Iterator[str]:
        """Continue a prompt word by word: pieces of text, as they come."""
        body = {"prompts": [prompt], **_given(options), "stream": True}
        with (
            self._reported(),
            self._http.stream("POST", "/next-word/complete", json=body) as response,
        ):
            if not response.is_success:
                response.read()
                raise ClientFailure(_reason(response))
            for name, data in events_of(response.iter_lines()):
                if name == "error":
                    raise ClientFailure(f"{data['title']} ({data['status']}): {data['detail']}")
                if name == "word":
                    yield data["text"]

    def score(self, texts: Sequence[str], **options: Any) -> dict[str, Any]:
        """Say how likely each text is."""
        return self._ask("/next-word/score", json={"texts": texts, **_given(options)})

    def neighbours(self, **question: Any) -> dict[str, Any]:
        """Find the words that are used most alike."""
        return self._ask("/next-word/neighbours", json=_given(question))

    def transduce(self, signals: Sequence[Sequence[Value]], **options: Any) -> dict[str, Any]:
        """Map each signal sample by sample."""
        return self._ask("/transduce", json={"signals": signals, **_given(options)})

    def model(self, name: str) -> dict[str, Any]:
        """What a model says of itself."""
        return self._got(f"/models/{name}")

    def classify(self, pictures: Sequence[Path], **options: Any) -> dict[str, Any]:
        """Name the digit in each PNG or JPEG file."""
        files = [
            ("images", (path.name, path.read_bytes(), MEDIA_TYPES.get(path.suffix.lower())))
            for path in pictures
        ]
        return self._ask("/classify", files=files, params=_given(options))

    def _ask(self, path: str, **body: Any) -> dict[str, Any]:
        with self._reported():
            return _answer_of(self._http.post(path, **body))

    def _got(self, path: str) -> dict[str, Any]:
        with self._reported():
            return _answer_of(self._http.get(path))

    @contextmanager
    def _reported(self) -> Iterator[None]:
        """Tell failures of the network as a person may act on them."""
        try:
            yield
        except httpx.ConnectError as error:
            raise ClientFailure(
                f"nobody answers at {self._url}: start the service with `make serve` or "
                "`seqserve serve`, or name another one with --url"
            ) from error
        except httpx.HTTPError as error:
            raise ClientFailure(f"{self._url}: {error or type(error).__name__}") from error


def events_of(lines: Iterable[str]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Server-sent events as the service writes them: a name and a line of JSON each."""
    name = ""
    for line in lines:
        field, _, value = line.partition(": ")
        if field == "event":
            name = value
        elif field == "data":
            yield name, json.loads(value)


def _given(options: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in options.items() if value is not None}


def _answer_of(response: httpx.Response) -> dict[str, Any]:
    if response.is_success:
        answer: dict[str, Any] = response.json()
        return answer
    raise ClientFailure(_reason(response))


def _reason(response: httpx.Response) -> str:
    try:
        problem = response.json()
        return f"{problem['title']} ({response.status_code}): {problem['detail']}"
    except (ValueError, KeyError, TypeError):
        return f"the service answered {response.status_code}: {response.text[:200]}"
