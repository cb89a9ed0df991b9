from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from training.loop import fit
from training.recipes.sonnet import (
    SonnetExperiment,
    SonnetRecipe,
    SonnetTask,
    read_poem,
    recalled,
)

SAYING = "the cat sat on the mat, and the cat ran to the Mat"


def config(folder: Path, **changes: Any) -> SonnetRecipe:
    settings: dict[str, Any] = {"hidden_size": 7, "embedding_size": 3, "steps": 5}
    return SonnetRecipe(runs=folder, **(settings | changes))


def saying(folder: Path, **changes: Any) -> SonnetRecipe:
    path = folder / "saying.txt"
    path.write_text(SAYING)
    return config(folder, data=path, **changes)


def test_the_sonnet_is_whole() -> None:
    poem = read_poem(SonnetRecipe())
    words = poem.vocabulary.words
    assert poem.contexts.shape == (113, 2)
    assert [words[i] for i in poem.contexts[0]] == ["When", "forty"]
    assert words[poem.targets[-1]] == "cold."
    assert poem.ambiguous.sum() == 4


def test_words_are_cut_as_in_the_notes_or_plainly(tmp_path: Path) -> None:
    spaced = read_poem(saying(tmp_path)).vocabulary.words[2:]
    plain = read_poem(saying(tmp_path, plain_words=True)).vocabulary.words[2:]
    assert spaced == ("the", "cat", "sat", "on", "mat,", "and", "ran", "to", "Mat")
    assert plain == ("the", "cat", "sat", "on", "mat", "and", "ran", "to")
    sonnet = read_poem(SonnetRecipe(plain_words=True)).vocabulary.words
    assert {"feel'st", "all-eating", "this", "mine"} <= set(sonnet)


def test_a_context_with_several_followers_is_ambiguous(tmp_path: Path) -> None:
    poem = read_poem(saying(tmp_path))
    words = poem.vocabulary.words
    found = {tuple(words[i] for i in context) for context in poem.contexts[poem.ambiguous]}
    assert found == {("the", "cat")}
    assert poem.ambiguous.sum() == 2


def test_ambiguous_places_do_not_count_as_recalled(tmp_path: Path) -> None:
    poem = read_poem(saying(tmp_path))
    shares = np.eye(len(poem.vocabulary), dtype=np.float32)[poem.targets]
    assert recalled(shares, poem) == 1.0
    shares[poem.ambiguous] = 0.0
    assert recalled(shares, poem) == 1.0
    shares[np.flatnonzero(~poem.ambiguous)[0]] = 0.0
    assert recalled(shares, poem) == pytest.approx(1 - 1 / (~poem.ambiguous).sum())


def test_the_training_is_that_of_a_notebook(tmp_path: Path) -> None:
    """Embedding, hidden layer, log-softmax; SGD with weight decay, a trigram a step, in order."""
    settings = saying(
        tmp_path, optimizer="sgd", learning_rate=0.1, weight_decay=0.01, steps=15, validate_every=15
    )
    task, poem = SonnetTask(read_poem(settings), settings), read_poem(settings)
    size = len(poem.vocabulary)
    embedding, enter, leave = nn.Embedding(size, 3), nn.Linear(6, 7), nn.Linear(7, size)
    with torch.no_grad():
        embedding.weight.copy_(task.plain.words.weight)
        leave.weight.copy_(task.plain.output)
        leave.bias.copy_(task.plain.bias)
    enter.load_state_dict(task.plain.enter.state_dict())
    layers = nn.ModuleList([embedding, enter, leave])
    optimizer = torch.optim.SGD(layers.parameters(), lr=0.1, weight_decay=0.01)
    for step in range(15):
        at = step % len(poem.targets)
        vectors = embedding(torch.from_numpy(poem.contexts[at])).view(1, -1)
        scores = nn.functional.log_softmax(leave(torch.relu(enter(vectors))), dim=1)
        optimizer.zero_grad()
        target = torch.from_numpy(poem.targets[[at]])
        nn.functional.nll_loss(scores, target).backward()  # type: ignore[no-untyped-call]
        optimizer.step()

    fit(task, settings)

    torch.testing.assert_close(task.plain.words.weight, embedding.weight, rtol=1e-4, atol=1e-6)
    torch.testing.assert_close(task.plain.output, leave.weight, rtol=1e-4, atol=1e-6)


def test_a_saying_is_learned_by_heart(tmp_path: Path) -> None:
    settings = saying(tmp_path, learning_rate=0.03, batch_size=4, steps=120, validate_every=60)
    experiment = SonnetExperiment(settings)
    outcome = experiment.outcome(fit(experiment.task, settings))
    assert outcome.figures["recalled"] == 1.0
    assert outcome.figures["trigrams"] == 11.0
    assert set(outcome.methods) == set(outcome.method_golden)
    words = outcome.files["vocabulary.txt"].decode().split()
    assert words[:3] == ["<pad>", "<unk>", "the"]
