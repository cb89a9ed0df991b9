"""The README is executed: its commands run, its answers are the service's, its targets exist."""

import itertools
import json
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from benchmarks.running_service import running_service
from tests.readme_blocks import Block, blocks_of

ROOT = Path(__file__).resolve().parent.parent
README = ROOT / "README.md"
BLOCKS = blocks_of(README)
SHELL = [command for block in BLOCKS if block.language == "sh" for command in block.commands()]
ASKED = [
    (asked, answer)
    for asked, answer in itertools.pairwise(BLOCKS)
    if asked.language == "sh" and answer.language == "json"
]


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with running_service(ROOT / "models/repository") as service:
        yield service.url


def shell(command: str, folder: Path = ROOT) -> str:
    path = f"{Path(sys.executable).parent}:/usr/local/bin:/usr/bin:/bin"
    done = subprocess.run(
        ["bash", "-euc", command],
        cwd=folder,
        env={"PATH": path, "HOME": str(folder), "COLUMNS": "100", "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def commands(prefix: str) -> list[str]:
    return [command for command in SHELL if command.startswith(prefix)]


def assert_alike(shown: object, answered: object) -> None:
    """Equal, but for numbers, which may differ in what another processor rounds."""
    if isinstance(shown, dict):
        assert isinstance(answered, dict)
        assert shown.keys() == answered.keys()
        for key, value in shown.items():
            assert_alike(value, answered[key])
    elif isinstance(shown, list):
        assert isinstance(answered, list)
        assert len(shown) == len(answered)
        for one, other in zip(shown, answered, strict=True):
            assert_alike(one, other)
    elif isinstance(shown, float):
        assert answered == pytest.approx(shown, rel=1e-3, abs=1e-4)
    else:
        assert answered == shown


def test_every_shell_command_is_of_a_kind_that_is_tested() -> None:
    known = ("make ", "curl ", "seqserve ", "source ", "docker compose up")
    assert [command for command in SHELL if not command.startswith(known)] == []


@pytest.mark.parametrize("asked", ASKED, ids=lambda pair: pair[0].text.split("\n")[0][:40])
def test_the_service_answers_as_the_readme_shows(asked: tuple[Block, Block], url: str) -> None:
    question, answer = asked
    said = shell(question.text.replace("localhost:8000", url.removeprefix("http://")))
    assert_alike(json.loads(answer.text), json.loads(said))


def test_each_endpoint_is_asked() -> None:
    asked = {path for question, _ in ASKED for path in re.findall(r"8000(/[a-z-]+)", question.text)}
    assert asked == {"/forecast", "/classify", "/next-word"}


@pytest.mark.parametrize("block", [block for block in BLOCKS if block.language == "python"])
def test_the_python_code_runs(block: Block, url: str, capsys: pytest.CaptureFixture[str]) -> None:
    exec(compile(block.text.replace("http://localhost:8000", url), "README.md", "exec"), {})  # noqa: S102
    assert capsys.readouterr().out.strip()


@pytest.mark.parametrize("command", commands("seqserve predict"))
def test_predict_prints_an_answer(command: str, url: str) -> None:
    assert shell(f"{command} --url {url}").strip()


@pytest.mark.parametrize("command", commands("make "))
def test_make_targets_exist(command: str) -> None:
    target = command.split()[1]
    assert re.search(rf"^{target}:.*## ", (ROOT / "Makefile").read_text(), re.MULTILINE)


@pytest.fixture
def own_data(tmp_path: Path) -> Path:
    """The files that the README's training commands name."""
    random = np.random.default_rng(0)
    days = np.datetime64("2025-01-01") + np.arange(200)
    sales = 50 + 10 * np.sin(np.arange(200) * 2 * np.pi / 7) + random.normal(size=200)
    rows = [f"shop,{day},{sale:.2f}" for day, sale in zip(days, sales, strict=True)]
    (tmp_path / "sales.csv").write_text("\n".join(["unique_id,ds,y", *rows]) + "\n")
    for label in "AB":
        (tmp_path / "letters" / label).mkdir(parents=True)
        for number in range(20):
            pixels = random.integers(0, 60, (28, 28)).astype(np.uint8)
            pixels[5:23, 8:12] = 255
            pixels[12:16, 8 : 20 if label == "A" else 12] = 255
            Image.fromarray(pixels).save(tmp_path / "letters" / label / f"{number}.png")
    sentences = ["the cat sat on the mat.", "the dog lay on the rug.", "a bird sang in the tree."]
    (tmp_path / "mail.txt").write_text("\n\n".join(sentences * 200))
    return tmp_path


@pytest.mark.parametrize("command", commands("seqserve train"))
def test_training_on_own_data_writes_an_export(command: str, own_data: Path) -> None:
    shell(f"{command} --smoke --threads 1", own_data)
    name = command.split("--name ")[1]
    assert (own_data / "build/smoke" / name / "1" / "manifest.json").is_file()


def test_the_python_versions_are_those_of_the_project() -> None:
    wanted = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["requires-python"]
    assert wanted == ">=3.11,<3.14"
    assert "Python 3.11, 3.12 or 3.13" in README.read_text()


def test_links_lead_somewhere() -> None:
    pages = [README, ROOT / "CONTRIBUTING.md", *(ROOT / "docs").rglob("*.md")]
    broken = [
        f"{page.name}: {target}"
        for page in pages
        for target in re.findall(r"\]\(([^)#]+)", page.read_text())
        if "://" not in target and not (page.parent / target).exists()
    ]
    assert broken == []


def test_the_changelog_s_head_is_the_version() -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    head = re.search(r"^## \[([^]]+)\]", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)
    assert head is not None
    assert head.group(1) == version
