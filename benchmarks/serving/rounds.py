"""The comparison: rounds in which every server is started, checked, loaded and stopped in turn.

One server runs at a time, so nothing idle takes processor time from the one that is measured. Each
round begins with another server, so that a slow drift of the machine meets all of them alike.
"""

import urllib.request
from collections.abc import Callable
from contextlib import AbstractContextManager, suppress
from dataclasses import asdict, dataclass, field
from http.client import HTTPException
from pathlib import Path
from typing import Any

from benchmarks.serving.answers import OtherAnswer, Reference, difference
from benchmarks.serving.cases import Case, Request, requests_of
from benchmarks.serving.contestants import OURS, Contestant
from benchmarks.serving.generator import Generator
from benchmarks.serving.load import LoadResult
from benchmarks.serving.processes import DidNotStart, RunningServer, running
from benchmarks.serving.roofs import roof
from benchmarks.serving.wrk import WrkFailed

Row = dict[str, Any]
ANSWER_TIMEOUT_S = 30
FAILURES = (DidNotStart, OtherAnswer, WrkFailed, OSError, HTTPException)
# Where the roofline is a target it is measured this often in turn with the server: a machine that
# others use as well is not as fast a minute later.
PAIRED_CONNECTIONS = 64
PAIRS = 3


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
        """Visits of servers, of the roofline, and of both in turn, for a progress bar."""
        return self.rounds * len(self.models()) * (n_contestants + 2)


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
                for contestant in contestants:
                    if contestant.name == OURS.name and contestant.name not in self.results.skipped:
                        self._pairs(contestant, model, number)
                advance()

    def _visit(self, contestant: Contestant, model: str, number: int) -> None:
        self._say(f"round {number + 1}: {contestant.name}, {model}")
        try:
            try:
                self._measure_all(contestant, model, number)
            except DidNotStart as error:  # a port that was free may be taken a moment later
                self._say(f"{contestant.name} once more: {error}")
                self._measure_all(contestant, model, number)
        except FAILURES as error:
            self.results.skipped[contestant.name] = f"{model}: {error}"
            self._say(f"{contestant.name} is left out: {error}")

    def _measure_all(self, contestant: Contestant, model: str, number: int) -> None:
        cases = [case for case in self._plan.cases if case.model == model]
        head = {"server": contestant.name, "model": model, "round": number}
        with self._running(contestant, model) as server:
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

    def _running(self, contestant: Contestant, model: str) -> AbstractContextManager[RunningServer]:
        """The server, once it answers as it should."""
        first = next(self._requests[case][0] for case in self._plan.cases if case.model == model)

        def answers(url: str) -> bool:
            with suppress(
                OSError, HTTPException, ValueError, KeyError
            ):  # not listening, or not ready
                return self._check(contestant, model, url, [first]) >= 0
            return False

        return running(contestant, model, self._plan.repository, answers)

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
        self._warm_up(contestant, case, server)
        for connections in case.connections:
            result, used = self._measure(server, connections)
            row = head | {"items": case.items, "connections": connections, "cpu_s": used}
            self.results.loads.append(row | asdict(result))

    def _warm_up(self, contestant: Contestant, case: Case, server: RunningServer) -> None:
        bodies = [contestant.dialect.body(case.model, each) for each in self._requests[case]]
        self._generator.prepare(bodies)
        self._generator.measure(server.url, connections=max(case.connections), seconds=1)

    def _measure(self, server: RunningServer, connections: int) -> tuple[LoadResult, float]:
        """What it answered, and the processor seconds that it took."""
        server.settle()  # closed connections may have left requests behind
        before = server.cpu_s()
        result = self._generator.measure(
            server.url, connections=connections, seconds=self._plan.seconds
        )
        return result, server.cpu_s() - before

    def _roofs(self, model: str, number: int) -> None:
        self._say(f"round {number + 1}: the roofline, {model}")
        for case in self._plan.cases:
            if case.model == model:
                for connections in case.connections:
                    found = roof(self._plan.repository, case, connections, 1.0)
                    self.results.roofs.append(found | {"round": number})

    def _pairs(self, contestant: Contestant, model: str, number: int) -> None:
        """The roofline in turn with the server, which is idle meanwhile."""
        self._say(f"round {number + 1}: {contestant.name} and the roofline in turn, {model}")
        cases = [case for case in self._plan.cases if case.model == model]
        try:
            with self._running(contestant, model) as server:
                for case in cases:
                    if PAIRED_CONNECTIONS in case.connections:
                        self._warm_up(contestant, case, server)
                        for _ in range(PAIRS):
                            self._pair(contestant, case, server, number)
        except FAILURES as error:
            self._say(f"no roofline in turn: {error}")

    def _pair(self, contestant: Contestant, case: Case, server: RunningServer, number: int) -> None:
        result, used = self._measure(server, PAIRED_CONNECTIONS)
        found = roof(self._plan.repository, case, PAIRED_CONNECTIONS, 1.0)
        share = result.n_requests / used / found["requests_per_cpu_s"]
        self.results.roofs.append(found | {"round": number, "shares": {contestant.name: share}})


def post(url: str, body: bytes) -> bytes:
    """One request, for checks."""
    request = urllib.request.Request(  # noqa: S310 - our own address
        url, body, {"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=ANSWER_TIMEOUT_S) as answer:  # noqa: S310
        found: bytes = answer.read()
        return found
