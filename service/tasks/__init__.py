"""The families that the service can serve, by the name of their task."""

from typing import Any

from service.tasks.classify import ClassifyTask
from service.tasks.contract import Task
from service.tasks.forecast import ForecastTask
from service.tasks.next_word import NextWordTask
from service.tasks.transduce import TransduceTask

TASKS: dict[str, type[Task[Any]]] = {
    task.name: task for task in (ForecastTask, ClassifyTask, NextWordTask, TransduceTask)
}
