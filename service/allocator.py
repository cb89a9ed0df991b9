"""Which library hands out memory to the processes that serve.

A pass of a small model asks for memory some hundred times, aligned to 64 bytes, as torch wants it.
That is what the C library of many systems is slowest at; tcmalloc took a quarter off the pass of a
lone image (docs/decisions/0038-allocator.md). A process gets such a library when it is started,
and keeps it.
"""

import os
import sys
import sysconfig
from collections.abc import Mapping, Sequence
from pathlib import Path

from service.errors import StartupError

PRELOAD = "LD_PRELOAD"
AUTO, SYSTEM = "auto", "system"
# The quickest one first.
KNOWN = {
    "tcmalloc": "libtcmalloc_minimal.so.4",
    "jemalloc": "libjemalloc.so.2",
    "mimalloc": "libmimalloc.so.2",
}
FOLDERS = tuple(
    Path(folder)
    for folder in (
        "/usr/local/lib",
        f"/usr/lib/{sysconfig.get_config_var('MULTIARCH') or ''}",
        "/usr/lib64",
        "/usr/lib",
    )
)
MAPS_OF_PROCESS = Path("/proc/self/maps")


def to_preload(
    allocator: str,
    environment: Mapping[str, str] = os.environ,
    folders: Sequence[Path] = FOLDERS,
) -> str | None:
    """The library that a process to be started shall get; None if it is fine as it is.

    ``allocator`` is ``auto`` for the first of ``KNOWN`` that is installed, ``system`` for that of
    the C library, or the path of one. What the operator preloads himself stays as it is.

    Raises:
        StartupError: there is no such file.
    """
    if allocator == SYSTEM or sys.platform != "linux":
        return None
    preloaded = environment.get(PRELOAD, "")
    if allocator == AUTO:
        return None if preloaded else _installed(folders)
    if not Path(allocator).is_file():
        raise StartupError(
            f"SEQSERVE_ALLOCATOR: there is no file {allocator}; name a shared library, "
            f"{AUTO} or {SYSTEM}"
        )
    path = str(Path(allocator).resolve())
    return None if path in preloaded.split(":") else ":".join(filter(None, (path, preloaded)))


def in_use(maps: Path = MAPS_OF_PROCESS) -> str:
    """The name of the allocator of this process."""
    try:
        text = maps.read_text()
    except OSError:  # not Linux
        return SYSTEM
    return next((name for name in KNOWN if f"lib{name}" in text), SYSTEM)


def restart_with(library: str) -> None:
    """Begin this process anew, with the same arguments; it does not return."""
    os.execve(sys.executable, sys.orig_argv, {**os.environ, PRELOAD: library})  # noqa: S606 - itself


def _installed(folders: Sequence[Path]) -> str | None:
    places = (folder / file for file in KNOWN.values() for folder in folders)
    return next((str(place) for place in places if place.is_file()), None)
