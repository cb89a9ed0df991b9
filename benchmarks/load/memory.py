"""What the service takes while something else happens: memory, file descriptors, processors."""

import asyncio
import os
from contextlib import suppress
from time import perf_counter

import psutil

from benchmarks.running_service import RunningService


def workers_of(service: RunningService) -> list[psutil.Process]:
    """The processes that serve: the children of a supervisor, or the only process."""
    children: list[psutil.Process] = service.process.children()
    return children or [service.process]


def open_files(service: RunningService) -> int:
    """File descriptors of all workers."""
    return sum(int(worker.num_fds()) for worker in workers_of(service))


class Processors:
    """How many processors the service and the generator keep busy, from its making on."""

    def __init__(self, service: RunningService) -> None:
        self._service = service
        self._before = self._now()

    def _now(self) -> tuple[float, float, float]:
        times = [worker.cpu_times() for worker in workers_of(self._service)]
        served_s = sum(float(each.user + each.system) for each in times)
        # Of this process and of children that ended, as the generator in C has.
        return perf_counter(), served_s, sum(os.times()[:4])

    def busy(self) -> dict[str, float]:
        """Processors of the workers, and of the generator, on average."""
        spent = [now - before for before, now in zip(self._before, self._now(), strict=True)]
        return {
            "service_processors": round(spent[1] / spent[0], 2),
            "generator_processors": round(spent[2] / spent[0], 2),
        }


class MemoryWatch:
    """``async with MemoryWatch(service) as watch`` samples until the block ends."""

    def __init__(self, service: RunningService, every_s: float = 0.5) -> None:
        self.samples: list[tuple[float, int]] = []
        self._service = service
        self._every_s = every_s
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> "MemoryWatch":
        """Begin."""
        self._task = asyncio.create_task(self._watch())
        return self

    async def __aexit__(self, *_: object) -> None:
        """End."""
        assert self._task  # noqa: S101 - set on entering
        self._task.cancel()
        with suppress(asyncio.CancelledError):
            await self._task

    @property
    def peak_mb(self) -> float:
        """The most that was seen."""
        return max(amount for _, amount in self.samples) / 1e6

    async def _watch(self) -> None:
        started_s = perf_counter()
        while True:
            self.samples.append((perf_counter() - started_s, self._service.resident_bytes()))
            await asyncio.sleep(self._every_s)
