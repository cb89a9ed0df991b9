"""Write the exact versions of what is installed here to ``constraints/``; `make lock` calls it."""

import platform
from collections.abc import Iterable
from importlib.metadata import distribution
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).parents[1]
PROJECT = "seqserve"
EXTRAS = ("train", "dev")
# CUDA builds of torch pin these themselves, and CPU builds do without them.
CUDA_PREFIXES = ("nvidia-", "cuda-", "triton")
HEADER = "# Exact versions of {what}, written by `make lock` under Python {python}.\n"


def needed(name: str, extras: Iterable[str]) -> list[Requirement]:
    """What an installed distribution needs on this machine, with those of its extras."""
    requirements = [Requirement(line) for line in distribution(name).requires or []]
    environments = [{"extra": extra} for extra in ("", *extras)]
    return [
        each
        for each in requirements
        if each.marker is None or any(each.marker.evaluate(one) for one in environments)
    ]


def closure(extras: Iterable[str]) -> dict[str, str]:
    """Name and version of everything the project needs, directly or not."""
    versions: dict[str, str] = {}
    seen: set[tuple[str, frozenset[str]]] = set()
    waiting = needed(PROJECT, extras)
    while waiting:
        requirement = waiting.pop()
        name = canonicalize_name(requirement.name)
        key = (name, frozenset(requirement.extras))
        if key in seen or name.startswith(CUDA_PREFIXES):
            continue
        seen.add(key)
        # "2.13.0+cpu" is one build of 2.13.0: the lock must fit the others too.
        versions[name] = Version(distribution(name).version).public
        waiting += needed(name, requirement.extras)
    return versions


def write(path: Path, what: str, versions: dict[str, str]) -> None:
    """Write one file of ``name==version`` lines, sorted by name."""
    header = HEADER.format(what=what, python=".".join(platform.python_version_tuple()[:2]))
    lines = [f"{name}=={version}\n" for name, version in sorted(versions.items())]
    path.write_text(header + "".join(lines), encoding="utf-8")
    print(f"{path.relative_to(ROOT)}: {len(lines)} versions")  # noqa: T201 - its whole answer


if __name__ == "__main__":
    write(ROOT / "constraints/runtime.txt", "what serving needs", closure(()))
    write(ROOT / "constraints/dev.txt", "what serving, training and tests need", closure(EXTRAS))
