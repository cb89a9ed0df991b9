"""Base images made here from Debian's packages, for machines that can pull no image."""

import shutil
import subprocess
import tempfile
from pathlib import Path

from tests.docker.engine import Engine, require

NAME = "seqserve-test-base"
SUITE = "bookworm"  # its python3 is 3.11, the Python of the Dockerfile's default base
PACKAGES = "python3,python3-venv,ca-certificates"
BUILDING = "gcc,libc6-dev,python3-dev,libtcmalloc-minimal4"
# Left out, as in official slim images: what an image never reads.
LEFT_OUT = (
    "./var/cache/apt/*",
    "./var/lib/apt/lists/*",
    "./var/log/*",
    "./usr/share/doc/*",
    "./usr/share/locale/*",
    "./usr/share/man/*",
)


def import_base(engine: Engine, cache: Path) -> str:
    """Name of the base image in this engine, imported from ``cache`` (made there if absent)."""
    return _imported(engine, cache / f"debian-{SUITE}-python.tar", NAME, PACKAGES)


def import_builder(engine: Engine, cache: Path) -> str:
    """The same with what the first stage would otherwise fetch."""
    archive = cache / f"debian-{SUITE}-python-builder.tar"
    return _imported(engine, archive, f"{NAME}-builder", f"{PACKAGES},{BUILDING}")


def _imported(engine: Engine, archive: Path, name: str, packages: str) -> str:
    if not archive.exists():
        _make(engine, archive, packages)
    engine.docker("import", "--change", 'CMD ["python3"]', archive, name)
    return name


def _make(engine: Engine, archive: Path, packages: str) -> None:
    require("debootstrap", "tar")
    archive.parent.mkdir(parents=True, exist_ok=True)
    root = Path(tempfile.mkdtemp(prefix="seqserve-base-"))
    partial = archive.with_suffix(".partial")
    try:
        engine.run("debootstrap", "--variant=minbase", f"--include={packages}", SUITE, root)
        excludes = [f"--exclude={pattern}" for pattern in LEFT_OUT]
        subprocess.run(["tar", "-C", root, *excludes, "-cf", partial, "."], check=True)
    finally:
        shutil.rmtree(root)
    partial.rename(archive)
