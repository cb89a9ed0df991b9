"""A base image made here from Debian's packages, for machines that can pull no image."""

import shutil
import subprocess
import tempfile
from pathlib import Path

from tests.docker.engine import Engine, require

NAME = "seqserve-test-base"
SUITE = "bookworm"  # its python3 is 3.11, the Python of the Dockerfile's default base
PACKAGES = "python3,python3-venv,ca-certificates"
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
    archive = cache / f"debian-{SUITE}-python.tar"
    if not archive.exists():
        _make(engine, archive)
    engine.docker("import", "--change", 'CMD ["python3"]', archive, NAME)
    return NAME


def _make(engine: Engine, archive: Path) -> None:
    require("debootstrap", "tar")
    archive.parent.mkdir(parents=True, exist_ok=True)
    root = Path(tempfile.mkdtemp(prefix="seqserve-base-"))
    partial = archive.with_suffix(".partial")
    try:
        engine.run("debootstrap", "--variant=minbase", f"--include={PACKAGES}", SUITE, root)
        excludes = [f"--exclude={pattern}" for pattern in LEFT_OUT]
        subprocess.run(["tar", "-C", root, *excludes, "-cf", partial, "."], check=True)
    finally:
        shutil.rmtree(root)
    partial.rename(archive)
