"""The comparison: rounds in which every server is started, checked, loaded and stopped in turn.

One server runs at a time, so nothing idle takes processor time from the one that is measured. Each
round begins with another server, so that a slow drift of the machine meets all of them alike.
"""

import urllib.request
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from http.client import HTTPException
from pathlib import Path
from typing import Any

from benchmarks.serving.answers import OtherAnswer, Reference, difference
from benchmarks.serving.cases import Case, Request, requests_of
from benchmarks.serving.contestants import Contestant
from benchmarks.serving.generator import Generator
from benchmarks.serving.processes import DidNotStart, RunningServer, running
from benchmarks.serving.roofs import roof
from benchmarks.serving.wrk import WrkFailed

Row = dict[str, Any]
ANSWER_TIMEOUT_S = 30


@dataclass(frozen=True)
class Plan:
    """What is measured, and for how long."""

    repository: Path
    cases: tuple[Case, ...]
    seconds: int
    rounds: int

    def models(self) -> list[str]:
        """The models of the cases."""
        return list(dict.fromkeys(case.model for case in self.cases))

    def steps(self, n_contestants: int) -> int:
        """Visits of servers and of the roofline, for a progress bar."""
        return self.rounds * len(self.models()) * (n_contestants + 1)


@dataclass
class Results:
    """Everything measured so far, one row for each measurement of each round."""

    loads: list[Row] = field(default_factory=list)
    visits: list[Row] = field(default_factory=list)
    roofs: list[Row] = field(default_factory=list)
    skipped: dict[str, str] = field(default_factory=dict)


class Comparison:
    """Visits servers, and gathers the results."""

    def __init__(self, plan: Plan, generator: Generator, say: Callable[[str], None]) -> None:
        self.results = Results()
        self._plan = plan
        self._generator = generator
        self._say = say
        self._reference = Reference(plan.repository)
        self._requests = {case: requests_of(case, plan.repository) for case in plan.cases}

    def run(self, contestants: list[Contestant], advance: Callable[[], None]) -> None:
        """All rounds; ``advance`` is called after every step."""
        for number in range(self._plan.rounds):
            shift = number * 3 % len(contestants)
            for model in self._plan.models():
                for contestant in contestants[shift:] + contestants[:shift]:
                    if contestant.name not in self.results.skipped:
                        self._visit(contestant, model, number)
                    advance()
                self._roofs(model, number)
                advance()

    def _visit(self, contestant: Contestant, model: str, number: int) -> None:
        self._say(f"round {number + 1}: {contestant.name}, {model}")
        cases = [case for case in self._plan.cases if case.model == model]
        first = self._requests[cases[0]][0]

        def answers(url: str) -> bool:
            with suppress(
                OSError, HTTPException, ValueError, KeyError
            ):  # not listening, or not ready
                return self._check(contestant, model, url, [first]) >= 0
            return False

        head = {"server": contestant.name, "model": model, "round": number}
        try:
            with running(contestant, model, self._plan.repository, answers) as server:
                every = [each for case in cases for each in self._requests[case][:4]]
                apart = self._check(contestant, model, server.url, every)
                for case in cases:
                    self._load(contestant, case, server, head)
                proportional, resident = server.memory_bytes()
                self.results.visits.append(
                    head
                    | {"start_s": server.start_s, "pss_bytes": proportional}
                    | {"rss_bytes": resident, "largest_difference": apart}
                )
        except (DidNotStart, OtherAnswer, WrkFailed, OSError, HTTPException) as error:
            self.results.skipped[contestant.name] = f"{model}: {error}"
            self._say(f"{contestant.name} is left out: {error}")

    def _check(
        self, contestant: Contestant, model: str, url: str, requests: list[Request]
    ) -> float:
        """The largest difference from the export; raises what is wrong."""
        apart = []
        tolerance = self._reference.tolerance(model, ours=contestant.ours)
        for request in requests:
            body = contestant.dialect.body(model, request)
            given = contestant.dialect.numbers(model, post(url, body))
            right = self._reference.numbers(model, request)
            apart.append(difference(model, right, given, tolerance))
        return max(apart)

    def _load(self, contestant: Contestant, case: Case, server: RunningServer, head: Row) -> None:
        bodies = [contestant.dialect.body(case.model, each) for each in self._requests[case]]
        self._generator.prepare(bodies)
        self._generator.measure(server.url, connections=max(case.connections), seconds=1)
        for connections in case.connections:
            server.settle()  # closed connections may have left requests behind
            before = server.cpu_s()
            result = self._generator.measure(
                server.url, connections=connections, seconds=self._plan.seconds
            )
            used = server.cpu_s() - before
            row = head | {"items": case.items, "connections": connections, "cpu_s": used}
            self.results.loads.append(row | asdict(result))

    def _roofs(self, model: str, number: int) -> None:
        self._say(f"round {number + 1}: the roofline, {model}")
        for case in self._plan.cases:
            if case.model == model:
                for connections in case.connections:
                    found = roof(self._plan.repository, case, connections, 1.0)
                    self.results.roofs.append(found | {"round": number})


def post(url: str, body: bytes) -> bytes:
    """One request, for checks."""
    request = urllib.request.Request(  # noqa: S310 - our own address
        url, body, {"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=ANSWER_TIMEOUT_S) as answer:  # noqa: S310
        found: bytes = answer.read()
        return found
