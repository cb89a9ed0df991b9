"""A trained row classifier whose products are of bytes, for processors that multiply bytes.

Axis letters as in ``models.row_classifier``, F features of a step, H hidden units of a direction.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional

from models.image_views import mean_over_views, views_of
from models.int8_conversion import convolutions_of, gates_of, known_parts, layers_of, level_sizes
from models.row_classifier import RowClassifier, RowProbabilities


class Int8Reader(nn.Module):
    """What a ``RowClassifier`` says, computed in eight bits.

    Both directions of the sweep are one product. Of candidates the tanh is never computed:
    tanh(x) is 2 sigmoid(2 x) - 1, states are weighted means of candidates, so sigmoids take their
    place and the head undoes the rest. The service computes the sizes that ship in C as well
    (``service/passes/digits``): whoever changes this changes that.

    ``images`` are typical ones; responses larger than any they cause are cut.

    Shape:
        images: (B, R, W) float32, 0..255; fractions of a grey level are rounded.
        returns: (B, C) float32 logits.

    Raises:
        ValueError: the classifier is not of the kind that ships (``known_parts``).

    Source: Jacob et al. 2018, arXiv:1712.05877 (integer arithmetic of trained networks).
    """

    def __init__(self, classifier: RowClassifier, images: Tensor) -> None:
        super().__init__()
        bands, sweeps = known_parts(classifier, images.size(2))
        sizes = level_sizes(bands, images)
        self.first, self.others = convolutions_of(bands, sizes, (images.size(1), images.size(2)))
        n_filters = layers_of(bands)[-1].filters.out_channels
        self.gates = gates_of(sweeps, n_filters, level_size=sizes[-1])
        head = classifier.head
        self.head = nn.Linear(head.in_features, head.out_features).requires_grad_(False)
        self.head.weight.copy_(2.0 * head.weight.detach())
        self.head.bias.copy_(head.bias.detach() - head.weight.detach().sum(dim=1))

    def forward(self, images: Tensor) -> Tensor:
        """Logits of every class."""
        n_images, n_rows = images.size(0), images.size(1)
        levels = images.round().clamp(0.0, 255.0).to(torch.uint8)
        blocks = levels.reshape(n_images, n_rows, -1, 4).permute(0, 3, 1, 2)
        pairs = self.first(blocks).permute(0, 2, 3, 1)  # (B, R / 2, W / 4, 2 * F)
        places = pairs.reshape(n_images, pairs.size(1), 2 * pairs.size(2), -1)
        responses = places.permute(0, 3, 1, 2)
        for layer in self.others:
            responses = layer(responses)
        steps = responses.permute(0, 2, 3, 1).flatten(2)  # (B, S, W/4 * F), as it lies in memory
        gates = self.gates(steps.flatten(0, 1)).sigmoid_()
        features = self._swept(gates.view(n_images, steps.size(1), -1))
        return functional.linear(features, self.head.weight, self.head.bias)

    def _swept(self, gates: Tensor) -> Tensor:
        """The last state of both directions, and the largest along the way: (B, 4 * H)."""
        parts = [part.unbind(1) for part in gates.chunk(4, dim=2)]  # each (B, H), step by step
        gates_down, gates_up, candidates_down, candidates_up = parts
        down = up = torch.full_like(gates_down[0], 0.5)  # a tanh of 0
        downs: list[Tensor] = []
        ups: list[Tensor] = []
        for number in range(len(gates_down)):
            down = torch.lerp(down, candidates_down[number], gates_down[number])
            up = torch.lerp(up, candidates_up[-1 - number], gates_up[-1 - number])
            downs.append(down)
            ups.append(up)
        return torch.cat([down, up, _largest(downs), _largest(ups)], dim=1)


class RowProbabilitiesEitherWay(RowProbabilities):
    """What is exported where bytes can be multiplied: ``RowProbabilities``, and the same in int8.

    While ``multiplies_int8`` is unset it computes in float32. Whoever loads an export sets it
    where the processor multiplies bytes.

    Shape:
        images: (B, R, W) float32, 0..255; returns: (B, C) float32, rows sum to one.
    """

    multiplies_int8: bool

    def __init__(
        self,
        classifier: nn.Module,
        in_bytes: Int8Reader,
        *,
        temperature: float = 1.0,
        n_views: int = 1,
    ) -> None:
        super().__init__(classifier, temperature=temperature, n_views=n_views)
        self.multiplies_int8 = False
        self.in_bytes = in_bytes

    def forward(self, images: Tensor) -> Tensor:
        """Probabilities of every class."""
        views = views_of(images, self.n_views)
        logits = self.in_bytes(views) if self.multiplies_int8 else self.classifier(views)
        return mean_over_views(torch.softmax(logits / self.temperature, dim=1), self.n_views)


def _largest(states: list[Tensor]) -> Tensor:
    largest = states[0]
    for state in states[1:]:
        largest = torch.maximum(largest, state)
    return largest
