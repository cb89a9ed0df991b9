"""The pins in constraints/ fit what pyproject.toml asks for."""

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
PIN = re.compile(r"([a-z0-9-]+)==([0-9a-z.]+)")  # no address, no build of one machine


def pins(name: str) -> dict[str, str]:
    lines = (ROOT / "constraints" / name).read_text(encoding="utf-8").splitlines()
    matches = [PIN.fullmatch(line) for line in lines if not line.startswith("#")]
    assert all(matches), f"{name}: each line must be name==version"
    return {match[1]: match[2] for match in matches if match}


def unmet(requirements: list[str], versions: dict[str, str]) -> list[str]:
    wanted = [Requirement(line) for line in requirements]
    return [
        str(each)
        for each in wanted
        if not each.specifier.contains(versions.get(canonicalize_name(each.name), "0.dev0"))
    ]


def test_the_runtime_pins_meet_every_dependency() -> None:
    assert unmet(PROJECT["dependencies"], pins("runtime.txt")) == []


@pytest.mark.parametrize("extra", ["train", "dev"])
def test_the_development_pins_meet_every_extra(extra: str) -> None:
    assert unmet(PROJECT["optional-dependencies"][extra], pins("dev.txt")) == []


def test_serving_runs_on_the_versions_that_the_tests_ran_on() -> None:
    assert pins("runtime.txt").items() <= pins("dev.txt").items()


def test_training_packages_stay_out_of_the_image() -> None:
    only_training = {
        canonicalize_name(Requirement(line).name)
        for line in PROJECT["optional-dependencies"]["train"]
    }
    allowed = {"jinja2"}  # torch needs it too

    assert pins("runtime.txt").keys() & only_training <= allowed
