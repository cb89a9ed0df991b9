"""How a next word is drawn from scores, so that every row of a batch has settings of its own.

Axis letters: B batch, V vocabulary, K largest ``top_k``.
"""

import torch
from torch import Tensor


def draw(
    scores: Tensor,
    most_top_k: int,
    temperatures: Tensor,
    top_ks: Tensor,
    top_ps: Tensor,
    uniforms: Tensor,
) -> Tensor:
    """A word for each row: the likeliest at temperature 0, else one by its probability.

    Words are walked through in the order of their ids, not of their probabilities, so that
    near-ties, which another batch may round to another order, change nothing.

    Shape:
        scores: (B, V) float32, minus infinity for what must not come.
        temperatures: (B,) float32, 0 for the likeliest word.
        top_ks: (B,) int64, words to draw from, at most ``most_top_k``; 0 for all.
        top_ps: (B,) float32, share of the probability to draw from; 1 for all.
        uniforms: (B,) float32 from 0 to 1.
        returns: (B,) int64.

    Source: nucleus sampling (``top_ps``): Holtzman et al. 2020, arXiv:1904.09751.
    """
    heat = temperatures.clamp(min=1e-3).unsqueeze(1)
    shares = torch.softmax(scores / heat, dim=-1)  # (B, V)
    if bool((top_ks > 0).any()):
        shares = _keep_top_k(shares, top_ks, most_top_k)
    if bool((top_ps < 1).any()):
        shares = _keep_top_p(shares, top_ps)
    reached = shares.cumsum(dim=-1)  # (B, V)
    # Above 0 and at most the sum: what is found has a share, however it was rounded.
    wanted = uniforms.clamp(min=1e-7, max=1.0).unsqueeze(1) * reached[:, -1:]
    drawn = torch.searchsorted(reached, wanted).squeeze(1)
    return torch.where(temperatures > 0, drawn, scores.argmax(dim=-1))


def _keep_top_k(shares: Tensor, top_ks: Tensor, most_top_k: int) -> Tensor:
    """Without the words beyond the likeliest ``top_ks``; all that tie with the last one stay."""
    best = torch.topk(shares, most_top_k, dim=-1).values  # (B, K)
    last = best.gather(1, top_ks.clamp(min=1, max=most_top_k).unsqueeze(1) - 1)
    kept = (shares >= last) | (top_ks < 1).unsqueeze(1)
    return shares * kept


def _keep_top_p(
    shares: Tensor, top_ps: Tensor, least_exponent: float = -32.0, halvings: int = 16
) -> Tensor:
    """Only the likeliest words, as few as hold ``top_ps`` of the probability.

    The threshold is searched for by halving the range of its exponent, which takes a small part
    of the time of sorting. It is found to 2 ** (-32 / 2**16): words within 0.04 % of it are ties.
    """
    goal = top_ps.unsqueeze(1) * shares.sum(dim=-1, keepdim=True)
    low = torch.full_like(goal, least_exponent)  # what is kept from there on is enough
    high = torch.zeros_like(goal)
    likely = torch.empty_like(shares)  # written again and again: new memory takes longer
    for _ in range(halvings):
        middle = (low + high) / 2
        torch.ge(shares, torch.exp2(middle), out=likely)
        torch.mul(shares, likely, out=likely)
        kept = likely.sum(dim=-1, keepdim=True)
        low = torch.where(kept >= goal, middle, low)
        high = torch.where(kept >= goal, high, middle)
    return shares * ((shares >= torch.exp2(low)) | (top_ps >= 1).unsqueeze(1))
