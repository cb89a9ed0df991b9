"""An export without the further methods says so, and goes on suggesting words."""

from pathlib import Path

import pytest

from models.export_folder import read_manifest
from service.errors import NotOffered
from service.rows import Arrays, Rows
from service.settings import Settings
from service.tasks.next_word import NextWordTask
from service.tasks.next_word_api import NextWordRequest
from tests.service.harness import client_of, serving
from tests.service.tiny_networks import NextInVocabulary, next_word_draft
from training.export import write_export

pytestmark = pytest.mark.anyio


async def test_an_older_export_is_refused_what_it_cannot_do_and_told_how_it_could(
    tmp_path: Path,
) -> None:
    write_export(NextInVocabulary(), next_word_draft(further_methods=False), tmp_path)
    questions = {
        "/next-word": {"contexts": "aa", "unfinished": True},
        "/next-word/score": {"texts": "aa"},
        "/next-word/neighbours": {"words": "aa"},
        "/next-word/complete": {"prompts": "aa"},
    }
    async with (
        serving(Settings(repository=tmp_path, warmup_max_s=0)) as app,
        client_of(app) as client,
    ):
        suggested = await client.post("/next-word", json={"contexts": "aa"})
        refused = [await client.post(path, json=body) for path, body in questions.items()]
        streamed = await client.post("/next-word/complete", json={"prompts": "aa", "stream": True})

    assert suggested.status_code == 200
    for response in (*refused, streamed):
        problem = response.json()
        assert response.status_code == 422
        assert problem["type"] == "urn:seqserve:problem:not-offered"
        assert "'next-word' version '1'" in problem["detail"]
        assert "seqserve train next-word --resume" in problem["detail"]


def test_only_completions_come_bit_by_bit(tiny_repository: Path) -> None:
    folder = tiny_repository / "next-word" / "1"
    task = NextWordTask(read_manifest(folder), folder)

    async def submit(_: Rows) -> Arrays:
        raise AssertionError("nothing is computed")

    with pytest.raises(NotOffered, match="/next-word does not answer bit by bit"):
        task.stream(NextWordRequest(contexts=["aa"]), submit)
