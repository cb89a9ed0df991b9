import random

import numpy as np
import torch

from training.devices import seed_everything


def drawn() -> tuple[float, float, float]:
    return random.random(), float(np.random.rand()), float(torch.rand(()))  # noqa: S311


def test_the_same_seed_and_step_give_the_same_numbers_and_others_give_others() -> None:
    seed_everything(3, 7)
    first = drawn()
    seed_everything(3, 7)
    assert drawn() == first
    for seed, step in ((4, 7), (3, 8)):
        seed_everything(seed, step)
        assert all(a != b for a, b in zip(drawn(), first, strict=True))


def test_torch_draws_what_its_own_seeding_gives() -> None:
    seed_everything(3, 7)
    found = torch.rand(4)
    torch.manual_seed(int(np.random.SeedSequence([3, 7]).generate_state(1)[0]))
    assert torch.equal(found, torch.rand(4))


def test_seeding_every_step_keeps_nothing() -> None:
    before = len(torch.cuda._queued_calls)
    for step in range(5):
        seed_everything(0, step)
    assert len(torch.cuda._queued_calls) == before
