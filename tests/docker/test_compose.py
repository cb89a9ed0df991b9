import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.docker.conftest import ROOT
from tests.docker.container import Container, free_port
from tests.docker.engine import Engine
from tests.docker.questions import answer, ask_each_endpoint

pytestmark = pytest.mark.docker


class Project:
    """The service of docker-compose.yml on the host's loopback."""

    def __init__(self, engine: Engine, image: str, folder: Path) -> None:
        self.engine = engine
        self.port = free_port()
        self.command = (*compose(engine), "--project-name", f"seqserve{self.port}",
                        "--project-directory", str(ROOT), "--file", str(without_ports(folder)),
                        "--file", str(ROOT / "deploy/compose.host-network.yml"))  # fmt: skip
        self.variables = {"SEQSERVE_IMAGE": image, "SEQSERVE_PORT": str(self.port)}

    def run(self, *arguments: str, **variables: str) -> str:
        """Output of compose with these arguments and variables."""
        assignments = [f"{k}={v}" for k, v in {**self.variables, **variables}.items()]
        return self.engine.run("env", *assignments, *self.command, *arguments)

    def up(self, **variables: str) -> Container:
        """Start the service and wait for its health."""
        self.run("up", "--detach", "--no-build", **variables)
        container = Container(self.engine, self.run("ps", "--quiet"), self.port)
        container.wait_until_healthy()
        return container


def compose(engine: Engine) -> tuple[str, ...]:
    """The compose command of this machine: the plugin, or the older program."""
    if shutil.which("docker-compose"):
        return ("docker-compose",)
    engine.docker("compose", "version")
    return ("docker", "compose")


def without_ports(folder: Path) -> Path:
    """A copy of docker-compose.yml that publishes no port: older compose refuses one on the host's
    network, and no override can take it away there."""
    text = (ROOT / "docker-compose.yml").read_text()
    path = folder / "docker-compose.yml"
    path.write_text(re.sub(r"^    ports:\n(      .*\n)+", "", text, flags=re.MULTILINE))
    return path


@pytest.fixture
def project(engine: Engine, image: str, tmp_path: Path) -> Iterator[Project]:
    one = Project(engine, image, tmp_path)
    yield one
    one.run("down", "--volumes", "--timeout", "40")


def test_compose_serves_each_endpoint_and_stops_with_success(project: Project) -> None:
    container = project.up()

    ask_each_endpoint(project.port)
    project.run("stop")
    assert container.inspect()["State"]["ExitCode"] == 0, container.logs()


def test_compose_limits_and_locks_the_service(project: Project) -> None:
    host = project.up().inspect()["HostConfig"]

    assert host["NanoCpus"] == 2_000_000_000
    assert host["Memory"] == 2 * 1024**3
    assert host["ReadonlyRootfs"] is True
    assert host["CapDrop"] == ["ALL"]
    assert host["SecurityOpt"] == ["no-new-privileges:true"]
    assert host["RestartPolicy"]["Name"] == "unless-stopped"


def test_compose_serves_a_repository_of_the_users_own(project: Project, tmp_path: Path) -> None:
    own = tmp_path / "models"
    shutil.copytree(ROOT / "models/repository/digits", own / "digits")
    own.chmod(0o755)

    project.up(SEQSERVE_MODELS=str(own))

    models = answer(project.port, "/models")["models"]
    assert [model["name"] for model in models] == ["digits"]
