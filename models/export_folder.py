"""The export contract on disk: what a folder ``<name>/<version>/`` holds and how it is checked.

Standard library only, like ``models.manifest``.
"""

import hashlib
import json
from pathlib import Path

from models.manifest import FileDigest, Manifest, ManifestError

MANIFEST_FILE = "manifest.json"
MODEL_FILE = "model.pt"
GOLDEN_FILE = "golden.json"
REPORT_FILE = "report.html"
SERVING_FILE = "serving.json"


def digest_file(path: Path) -> FileDigest:
    """SHA-256 and size of a file."""
    with path.open("rb") as stream:
        return FileDigest(hashlib.file_digest(stream, "sha256").hexdigest(), path.stat().st_size)


def read_manifest(folder: Path) -> Manifest:
    """Read and verify the manifest of the export in ``folder``.

    Raises:
        ManifestError: the manifest is missing or wrong, it names another name or version than its
            folders do, or a file is missing or differs from its digest.
    """
    try:
        manifest = Manifest.from_json((folder / MANIFEST_FILE).read_bytes())
    except OSError as error:
        raise ManifestError(f"{folder / MANIFEST_FILE}: {error.strerror}") from error
    if (manifest.name, manifest.version) != (folder.parent.name, folder.name):
        raise ManifestError(
            f"{folder}: the manifest says {manifest.name!r} version {manifest.version!r}"
        )
    verify_files(folder, manifest)
    return manifest


def verify_files(folder: Path, manifest: Manifest) -> None:
    """Compare every file that the manifest lists with its digest.

    Raises:
        ManifestError: a file is missing, escapes the folder, or differs; model.pt or golden.json
            is not listed.
    """
    for required in (MODEL_FILE, GOLDEN_FILE):
        if required not in manifest.files:
            raise ManifestError(f"{folder}: the manifest lists no {required}")
    for name, expected in manifest.files.items():
        if Path(name).name != name:
            raise ManifestError(f"{folder}: {name!r} is not a plain file name")
        path = folder / name
        if not path.is_file():
            raise ManifestError(f"{path}: listed in the manifest but missing")
        if digest_file(path) != expected:
            raise ManifestError(f"{path}: differs from the digest in the manifest")


def versions_of(model_folder: Path) -> list[str]:
    """Versions below ``<repository>/<name>/``, oldest first; versions are whole numbers."""
    found = [path.name for path in model_folder.iterdir() if (path / MANIFEST_FILE).is_file()]
    return sorted((name for name in found if name.isdecimal()), key=int)


def active_version(model_folder: Path) -> str:
    """The version to serve: what serving.json names, else the newest.

    Raises:
        ManifestError: there is no version, or serving.json is unreadable or names none of them.
    """
    versions = versions_of(model_folder)
    if not versions:
        raise ManifestError(f"{model_folder}: no version with a {MANIFEST_FILE}")
    serving = model_folder / SERVING_FILE
    if not serving.is_file():
        return versions[-1]
    try:
        active = json.loads(serving.read_bytes())["active"]
    except (ValueError, KeyError, TypeError) as error:
        raise ManifestError(f"{serving}: must be a JSON object with 'active'") from error
    if active not in versions:
        raise ManifestError(f"{serving}: names version {active!r}, but there is {versions}")
    return str(active)
