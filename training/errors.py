"""Why a training can fail. The command turns each into one sentence and an exit code.

TrainingError
  DataError         the data or the settings make no sense as given    exit code 2
  CheckpointError   --resume cannot continue what it found             exit code 2
  ExportError       the exported graph does not keep the contract      exit code 1
  NotRecommended    an adapted model is no better; nothing was written exit code 3
  Interrupted       Ctrl-C or SIGTERM; a checkpoint was written        exit code 130
"""


class TrainingError(Exception):
    """Base of everything that this package raises on purpose."""

    exit_code = 1


class DataError(TrainingError):
    """The user's data or settings make no sense; the message says what to change."""

    exit_code = 2


class CheckpointError(TrainingError):
    """There is no checkpoint to resume, or it belongs to other settings."""

    exit_code = 2


class ExportError(TrainingError):
    """The scripted graph differs from the network that it was made of."""


class NotRecommended(TrainingError):
    """What ``--from`` made is no better than what was there; ``--anyway`` exports it."""

    exit_code = 3


class Interrupted(TrainingError):
    """The user stopped the training; it can be resumed."""

    exit_code = 130
