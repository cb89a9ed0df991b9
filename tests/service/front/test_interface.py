"""Sockets that were compiled from other sources than those of Python are not used."""

import logging
import runpy
import sys
from pathlib import Path
from types import ModuleType

import pytest

import service.front
from service import lifecycle
from service.front import sockets
from service.settings import Settings
from tests.service.harness import serving


def loaded_with(monkeypatch: pytest.MonkeyPatch, interface: int | None) -> dict[str, object]:
    """What ``sockets`` says beside a compiled part of an interface."""
    compiled = ModuleType("service.front._front")
    compiled.Front = object  # type: ignore[attr-defined]
    if interface is not None:
        compiled.INTERFACE = interface  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, compiled.__name__, compiled)
    monkeypatch.setattr(service.front, "_front", compiled, raising=False)
    return runpy.run_path(sockets.__file__)


@pytest.mark.parametrize("interface", [None, sockets.INTERFACE - 1, sockets.INTERFACE + 1])
def test_another_interface_is_not_used(
    interface: int | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = loaded_with(monkeypatch, interface)

    assert (found["COMPILED"], found["STALE"]) == (False, True)


def test_the_same_interface_is(monkeypatch: pytest.MonkeyPatch) -> None:
    found = loaded_with(monkeypatch, sockets.INTERFACE)

    assert (found["COMPILED"], found["STALE"]) == (True, False)


@pytest.mark.anyio
async def test_who_starts_the_service_learns_it(
    tiny_repository: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(lifecycle, "FRONT_STALE", True)
    with caplog.at_level(logging.WARNING, "seqserve"):
        async with serving(Settings(repository=tiny_repository, warmup_max_s=0)):
            pass

    assert "install again" in caplog.text
