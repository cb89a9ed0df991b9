"""The allocator that a process gets when it is started."""

import sys
from pathlib import Path

import psutil
import pytest

from service.allocator import in_use, to_preload
from service.errors import StartupError
from tests.service.live_server import LiveServer, live_server

pytestmark = [
    pytest.mark.skipif(sys.platform != "linux", reason="about the loader of Linux"),
    pytest.mark.timeout(180),
]


def install(folder: Path, name: str) -> str:
    folder.mkdir(exist_ok=True)
    (folder / name).touch()
    return str(folder / name)


def test_auto_takes_the_quickest_that_is_installed_wherever_it_is(tmp_path: Path) -> None:
    here, there = tmp_path / "here", tmp_path / "there"
    assert to_preload("auto", {}, [here, there]) is None

    mimalloc = install(here, "libmimalloc.so.2")
    assert to_preload("auto", {}, [here, there]) == mimalloc

    tcmalloc = install(there, "libtcmalloc_minimal.so.4")
    assert to_preload("auto", {}, [here, there]) == tcmalloc


def test_auto_and_system_leave_alone_what_the_operator_preloads(tmp_path: Path) -> None:
    tcmalloc = install(tmp_path, "libtcmalloc_minimal.so.4")

    assert to_preload("auto", {"LD_PRELOAD": "/own.so"}, [tmp_path]) is None
    assert to_preload("system", {}, [tmp_path]) is None
    assert to_preload("auto", {"LD_PRELOAD": ""}, [tmp_path]) == tcmalloc


def test_a_library_that_is_named_comes_first_and_once(tmp_path: Path) -> None:
    own = install(tmp_path, "own.so")

    assert to_preload(own, {}) == own
    assert to_preload(own, {"LD_PRELOAD": "/other.so"}) == f"{own}:/other.so"
    assert to_preload(own, {"LD_PRELOAD": f"/other.so:{own}"}) is None


def test_a_library_that_is_not_there_is_told_in_one_sentence(tmp_path: Path) -> None:
    missing = str(tmp_path / "missing.so")
    with pytest.raises(StartupError) as told:
        to_preload(missing, {})

    assert told.value.detail == (
        f"SEQSERVE_ALLOCATOR: there is no file {missing}; name a shared library, auto or system"
    )


def test_it_has_no_say_on_other_systems(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    install(tmp_path, "libtcmalloc_minimal.so.4")
    monkeypatch.setattr(sys, "platform", "darwin")

    assert to_preload("auto", {}, [tmp_path]) is None


def test_the_allocator_in_use_is_known_by_what_is_mapped(tmp_path: Path) -> None:
    maps = tmp_path / "maps"
    assert in_use(maps) == "system"

    maps.write_text("7f00-7f10 r-xp 00000000 00:01 7 /usr/lib/libc.so.6\n")
    assert in_use(maps) == "system"

    maps.write_text("7f00-7f10 r-xp 00000000 00:01 7 /usr/lib/libjemalloc.so.2\n")
    assert in_use(maps) == "jemalloc"


def spare_library() -> Path:
    """A shared library that every glibc has, and that nothing uses."""
    maps = Path("/proc/self/maps").read_text().splitlines()
    libc = next((line.split()[-1] for line in maps if line.endswith("/libc.so.6")), "/none")
    return Path(libc).with_name("libBrokenLocale.so.1")


def serving(server: LiveServer, workers: int) -> list[psutil.Process]:
    """The processes that serve, as soon as they are there."""
    server.url()
    process = psutil.Process(server.process.pid)
    if workers == 1:
        return [process]
    while len(children := process.children()) < workers:
        assert server.process.poll() is None
    return children


@pytest.mark.skipif(not spare_library().is_file(), reason="needs glibc")
@pytest.mark.parametrize("workers", [1, 2])
def test_every_process_that_serves_gets_it(
    tiny_repository: Path, tmp_path: Path, workers: int
) -> None:
    library = spare_library().resolve()
    arguments = ("--repository", str(tiny_repository), "--workers", str(workers))
    with live_server(tmp_path / "log", *arguments, allocator=library) as server:
        for process in serving(server, workers):
            while str(library) not in Path(f"/proc/{process.pid}/maps").read_text():
                assert server.process.poll() is None  # the loader is not through yet
            assert process.environ()["LD_PRELOAD"] == str(library)


def test_a_missing_library_ends_it_before_it_listens(tiny_repository: Path, tmp_path: Path) -> None:
    arguments = ("--repository", str(tiny_repository))
    with live_server(tmp_path / "log", *arguments, allocator="/no/such.so") as server:
        assert server.process.wait(timeout=60) == 3
        (line,) = server.log()

    assert line["message"].startswith("cannot start: SEQSERVE_ALLOCATOR: there is no file")
