"""The plainest recurrent classifier of images: read them in steps, decide after the last.

Axis letters as in ``models.cells``, and R rows, W pixels in a row, S steps, C classes.
"""

from torch import Tensor, nn

from models.cells import recurrent


class LastStepClassifier(nn.Module):
    """Cut an image into steps of ``step_size`` grey levels; the last output names the class.

    With the image's width as ``step_size`` a step is a row; with all of its pixels the image is
    read in a single step.

    Shape:
        images: (B, R, W) float32, 0..255; R * W must be a multiple of ``step_size``.
        returns: (B, C) float32 logits.

    Raises:
        ValueError: for an unknown cell.
    """

    def __init__(self, cell: str, *, step_size: int, hidden_size: int, n_classes: int) -> None:
        super().__init__()
        self.step_size = step_size
        self.cell = recurrent(cell, step_size, hidden_size)
        self.head = nn.Linear(hidden_size, n_classes)

    def forward(self, images: Tensor) -> Tensor:
        """Logits of every class."""
        steps = (images / 255.0).reshape(images.size(0), -1, self.step_size)  # (B, S, step)
        outputs, _ = self.cell(steps)
        logits: Tensor = self.head(outputs[:, -1])
        return logits
