"""Memory: kept between passes, given back after loading."""

import ctypes
import gc
import subprocess
import sys

import pytest

from service.memory import keep_memory, tidy_memory

# Four blocks of 4 MB live at a time, twenty times: the pages that the process gets for it.
PASSES = """
import resource
from service.memory import keep_memory
{call}
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(20):
    blocks = [b"x" * 2**22 for _ in range(4)]
    del blocks
pages = resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before
print(pages * resource.getpagesize() / 2**24)
"""


def rounds_of_new_pages(call: str) -> float:
    """In a process of its own: what this one has asked for before changes the answer."""
    command = [sys.executable, "-c", PASSES.format(call=call)]
    return float(subprocess.run(command, capture_output=True, check=True, text=True).stdout)


@pytest.mark.skipif(sys.platform != "linux", reason="about the C library of Linux")
def test_passes_find_the_memory_of_those_before_them() -> None:
    assert rounds_of_new_pages("keep_memory()") < 2
    assert rounds_of_new_pages("") > 10


def test_without_the_calls_of_the_c_library_nothing_happens(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(ctypes, "CDLL", lambda _: object())
    try:
        keep_memory()
        tidy_memory()
    finally:
        gc.unfreeze()


def test_what_loading_left_free_is_given_back_whoever_hands_it_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    told: list[str] = []

    class Library:
        def malloc_trim(self, _: int) -> None:
            told.append("C library")

        def MallocExtension_ReleaseFreeMemory(self) -> None:  # noqa: N802 - its name
            told.append("tcmalloc")

    monkeypatch.setattr(ctypes, "CDLL", lambda _: Library())
    try:
        tidy_memory()
    finally:
        gc.unfreeze()

    assert told == ["C library", "tcmalloc"]
