"""Which model answers: the loaded versions, by name, and the default of every task."""

from collections.abc import Mapping, Sequence

from service.errors import Fault, ModelNotFound, WrongTask
from service.served_model import ServedModel


class Registry:
    """The models that serve. ``defaults`` names the one of each task that a request may omit."""

    def __init__(self, models: Sequence[ServedModel], defaults: Mapping[str, str]) -> None:
        self.models = {model.name: model for model in models}
        self._defaults = {task: self._default(task, name) for task, name in defaults.items()}

    def _default(self, task: str, preferred: str) -> str | None:
        """The preferred model if it serves the task, else the only one that does."""
        able = [name for name, model in self.models.items() if model.task.name == task]
        if preferred in able:
            return preferred
        return able[0] if len(able) == 1 else None

    def default_of(self, task: str) -> str | None:
        """Name of the model that answers when a request names none; None if none can."""
        return self._defaults.get(task)

    def find(self, task: str, name: str | None = None, version: str | None = None) -> ServedModel:
        """The model that shall answer.

        Raises:
            ModelNotFound: no such model, or not in that version, serves.
            WrongTask: the model serves another endpoint.
        """
        wanted = name or self.default_of(task)
        if wanted is None:
            raise ModelNotFound(
                f"No default model for this endpoint; name one of: {self._able(task) or 'none'}."
            )
        model = self.by_name(wanted)
        if model.task.name != task:
            message = f"Model {wanted!r} answers {model.task.endpoint}"
            raise WrongTask([Fault(("model",), message)])
        if version not in (None, model.version):
            raise ModelNotFound(
                f"Version {version!r} of {wanted!r} does not serve; version {model.version!r} does."
            )
        return model

    def by_name(self, name: str) -> ServedModel:
        """The model of that name.

        Raises:
            ModelNotFound: none of that name serves.
        """
        if name not in self.models:
            raise ModelNotFound(f"No model {name!r} serves here; {', '.join(self.models)} do.")
        return self.models[name]

    def _able(self, task: str) -> str:
        return ", ".join(name for name, model in self.models.items() if model.task.name == task)
