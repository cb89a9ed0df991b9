"""What Dockerfile and compose files say agrees with the code, without building anything."""

import re
import shlex
from pathlib import Path

import pytest

from service.settings import ENV_PREFIX, Settings

ROOT = Path(__file__).parents[2]
DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8")
COMPOSE = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")


def set_in(path: str) -> set[str]:
    text = (ROOT / path).read_text(encoding="utf-8")
    return set(re.findall(rf"^\s+({ENV_PREFIX}[A-Z_]+)(?:=|: )", text, flags=re.MULTILINE))


@pytest.mark.parametrize(
    "path", ["Dockerfile", "docker-compose.yml", "deploy/compose.host-network.yml"]
)
def test_each_variable_that_is_set_is_a_setting(path: str) -> None:
    known = {ENV_PREFIX + name.upper() for name in Settings.model_fields}

    assert set_in(path)
    assert set_in(path) <= known


def copied() -> list[str]:
    lines = [line for line in DOCKERFILE.splitlines() if line.startswith("COPY")]
    here = [shlex.split(line)[1:-1] for line in lines if "--from" not in line]
    return [source for sources in here for source in sources]


@pytest.mark.parametrize("source", copied())
def test_each_source_of_the_image_is_let_through_to_the_build(source: str) -> None:
    let_through = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()

    plain = Path(source.rstrip("*"))  # a folder that is let through lets through what is in it
    assert {f"!{path}" for path in (plain, *plain.parents)} & set(let_through)
    assert source.endswith("*") or any(ROOT.glob(source))


def test_compose_waits_longer_than_the_service_takes_to_stop() -> None:
    grace = re.search(r"stop_grace_period: (\d+)s", COMPOSE)

    assert grace
    assert int(grace[1]) > Settings().graceful_stop_s
