"""Where and when figures were taken."""

import os
import platform
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from benchmarks.serving.contestants import Contestant, processors, quick_memory
from benchmarks.serving.environments import version_of
from service.allocator import PRELOAD
from service.version import project_version


def facts(contestants: list[Contestant]) -> dict[str, object]:
    """Date, machine and versions."""
    versions = {
        each.name: project_version() if each.ours else version_of(each) for each in contestants
    }
    return {
        "date": datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        "processor": _processor(),
        "processors": processors(),
        "kernel": platform.release(),
        "python": platform.python_version(),
        "torch": version("torch"),
        "allocators": {each.name: _allocator(each) for each in contestants},
        "versions": versions,
        "load_average_before": round(os.getloadavg()[0], 2),
    }


def _allocator(contestant: Contestant) -> str:
    """The library that hands out memory to a server, "" for that of the C library."""
    preloaded = contestant.environment | (quick_memory() if contestant.ours else {})
    return Path(preloaded.get(PRELOAD, "")).name


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.machine()
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()
