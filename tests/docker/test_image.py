import json
import os
from collections.abc import Iterator

import pytest

from tests.docker.conftest import ROOT
from tests.docker.container import Container, free_port, serving
from tests.docker.engine import Engine
from tests.docker.questions import ask_each_endpoint

pytestmark = pytest.mark.docker

LARGEST_BYTES = 950_000_000
NOT_FOR_RUNNING = ("cc", "gcc", "g++", "clang", "ld", "make", "pip", "git", "curl")
LIST_PACKAGES = """
import json, importlib.metadata as m
print(json.dumps({d.name.lower().replace("_", "-"): d.version.split("+")[0]
                  for d in m.distributions(path=[__import__("sysconfig").get_path("purelib")])}))
"""


@pytest.fixture(scope="module")
def container(engine: Engine, image: str) -> Iterator[Container]:
    with serving(engine, image) as one:
        one.wait_until_healthy()
        yield one


def inside(engine: Engine, image: str, program: str, *arguments: str) -> str:
    """Output of a program of the image, run instead of the service."""
    options = ("--rm", "--network=none", f"--entrypoint={program}")
    return engine.docker("run", *options, image, *arguments)


def test_the_image_is_slim(engine: Engine, image: str) -> None:
    size = int(engine.docker("image", "inspect", "--format", "{{.Size}}", image))

    assert size < LARGEST_BYTES


def test_the_image_runs_as_a_fixed_user_that_is_not_root(engine: Engine, image: str) -> None:
    assert engine.docker("image", "inspect", "--format", "{{.Config.User}}", image) == "10001:10001"
    assert inside(engine, image, "id", "-u") == "10001"


def test_no_compiler_and_no_installer_is_in_the_image(engine: Engine, image: str) -> None:
    search = f"for name in {' '.join(NOT_FOR_RUNNING)}; do command -v $name || true; done"

    assert inside(engine, image, "sh", "-c", search) == ""


needs_builder = pytest.mark.skipif(
    "SEQSERVE_TEST_BASE" in os.environ and "SEQSERVE_TEST_BUILDER" not in os.environ,
    reason="name an image with gcc and libtcmalloc-minimal4 in SEQSERVE_TEST_BUILDER",
)


@needs_builder
def test_numbers_are_read_by_the_part_in_c(engine: Engine, image: str) -> None:
    program = "from service.numbers import lists; print(lists(b'{\"a\":[1]}', 'a', 9)[0][1])"

    assert inside(engine, image, "python", "-c", program) == "[1]"


@needs_builder
def test_the_front_is_compiled(engine: Engine, image: str) -> None:
    program = "from service.front.sockets import COMPILED; print(COMPILED)"

    assert inside(engine, image, "python", "-c", program) == "True"


@needs_builder
def test_passes_are_compiled(engine: Engine, image: str) -> None:
    program = "from service.passes import _digits, _forecast; print('both')"

    assert inside(engine, image, "python", "-c", program) == "both"


@needs_builder
def test_every_worker_uses_the_quicker_allocator(engine: Engine, image: str) -> None:
    for workers in (1, 2):
        with serving(engine, image, f"--env=SEQSERVE_WORKERS={workers}") as one:
            one.wait_until_healthy()

            assert one.logs().count('"allocator":"tcmalloc"') == workers


def test_the_image_holds_the_pinned_packages_and_no_other(engine: Engine, image: str) -> None:
    lines = (ROOT / "constraints/runtime.txt").read_text().splitlines()
    pinned = dict(line.split("==") for line in lines if not line.startswith("#"))
    del pinned["setuptools"]  # torch names it, but only to compile extensions

    assert json.loads(inside(engine, image, "python", "-c", LIST_PACKAGES)) == pinned


def test_the_command_answers_without_the_training_packages(engine: Engine, image: str) -> None:
    assert "serve" in inside(engine, image, "seqserve", "--help")
    assert "SEQSERVE_REPOSITORY" in inside(engine, image, "seqserve", "settings")


def test_the_health_check_fails_where_nothing_listens(engine: Engine, image: str) -> None:
    script = f"from healthcheck import is_ready; print(is_ready({free_port()}))"

    assert inside(engine, image, "python", "-c", script) == "False"


def test_each_endpoint_answers_from_a_read_only_root(container: Container) -> None:
    assert container.inspect()["HostConfig"]["ReadonlyRootfs"] is True

    ask_each_endpoint(container.port)


def test_sigterm_ends_the_service_with_success(engine: Engine, image: str) -> None:
    with serving(engine, image) as one:
        one.wait_until_healthy()

        assert one.stop() == 0, one.logs()


def test_sigterm_ends_two_workers_with_success(engine: Engine, image: str) -> None:
    with serving(engine, image, "--env=SEQSERVE_WORKERS=2") as one:
        one.wait_until_healthy()
        ask_each_endpoint(one.port)

        assert one.stop() == 0, one.logs()
