import numpy as np
import torch

from models.tokenizer import PADDING, UNKNOWN, Vocabulary
from training.next_word.batches import TextRows

# Ids from 3 on count up along the text; every tenth is a full stop (id 2).
VOCABULARY = Vocabulary([PADDING, UNKNOWN, ".", *(f"w{n}" for n in range(3, 1000))])
STREAM = np.where(np.arange(1000) % 10 == 9, 2, np.arange(1000))
N, T = 4, 7


def rows(stream: np.ndarray = STREAM) -> TextRows:
    return TextRows(stream, VOCABULARY, context_length=N, length=T)


def test_targets_follow_their_windows() -> None:
    batch = rows().batch(0, seed=1, n_rows=5, truncated_share=0.0)

    assert batch.words.shape == (5, N - 1 + T)
    assert batch.targets.shape == (5, T)
    torch.testing.assert_close(batch.words[:, N:], batch.targets[:, :-1])


def test_a_batch_is_the_same_again_for_its_seed_and_step_only() -> None:
    def words(step: int, seed: int) -> list[list[int]]:
        batch = rows().batch(step, seed=seed, n_rows=5, truncated_share=0.5)
        return batch.words.tolist()

    assert words(3, 1) == words(3, 1)
    assert words(3, 1) != words(4, 1)
    assert words(3, 1) != words(3, 2)


def test_an_epoch_reads_every_word_once() -> None:
    text = rows(np.arange(3, 3 + N + 10 * T))
    steps = [text.batch(step, seed=0, n_rows=2, truncated_share=0.0) for step in range(5)]

    seen = torch.cat([batch.targets.flatten() for batch in steps])
    assert len(seen) == 10 * T
    assert len(set(seen.tolist())) >= 9 * T  # the last row may be moved back into the text


def test_truncated_rows_begin_with_padding_and_keep_their_targets() -> None:
    batch = rows().batch(0, seed=1, n_rows=64, truncated_share=1.0)

    padded = batch.words == 0
    lengths = padded.sum(dim=1)
    assert int(lengths.min()) >= 1
    assert int(lengths.max()) == N
    assert bool((padded[:, :-1].int() >= padded[:, 1:].int()).all())  # on the left only
    torch.testing.assert_close(batch.words[:, N:], batch.targets[:, :-1])


def test_half_of_the_truncated_rows_begin_a_sentence() -> None:
    batch = rows().batch(0, seed=1, n_rows=400, truncated_share=1.0)

    no_context = (batch.words[:, :N] == 0).all(dim=1)
    starts = batch.targets[no_context, 0] % 10 == 0
    assert 0.4 < no_context.float().mean() < 0.8
    assert starts.float().mean() > 0.7


def test_text_without_sentences_is_cut_anywhere() -> None:
    batch = rows(np.arange(3, 500)).batch(0, seed=1, n_rows=8, truncated_share=1.0)

    assert bool((batch.words[:, 0] == 0).all())


def test_a_text_shorter_than_a_row_gives_shorter_rows() -> None:
    batch = rows(np.arange(3, 3 + N + 5)).batch(0, seed=1, n_rows=2, truncated_share=0.0)

    assert batch.targets.shape[1] < T
