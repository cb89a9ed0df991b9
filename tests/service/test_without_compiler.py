"""Where nothing could be compiled at installation everything is answered, only more slowly."""

from pathlib import Path

import httpx
import pytest

from tests.service.live_server import LiveServer
from tests.service.wire import PLAIN

COMPILED = (
    "service.front._front",
    "service.numbers",
    "service.passes._digits",
    "service.passes._forecast",
)


@pytest.mark.timeout(120)
def test_a_server_without_any_compiled_part_answers(
    tiny_repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    missing = f"import sys\nsys.modules.update(dict.fromkeys({COMPILED!r}))\n"
    (tmp_path / "sitecustomize.py").write_text(missing)  # every Python that starts runs it
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    variables = {"repository": tiny_repository, "warmup_max_s": 0, "workers": 1}
    server = LiveServer(tmp_path / "log", [], **variables)
    url = server.wait_until_ready()

    assert [line["front"] for line in server.lines_with("front", 1)] == ["uvicorn"]
    assert [line["numbers"] for line in server.lines_with("numbers", 1)] == ["simdjson"]
    for plain in PLAIN:
        assert httpx.post(url + plain.path, content=plain.body).status_code == 200
    assert server.stop() == 0
