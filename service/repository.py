"""The folder of exports: the single source of truth for what is served."""

from dataclasses import dataclass
from pathlib import Path

from models.export_folder import MANIFEST_FILE, active_version, read_manifest, versions_of
from models.manifest import Manifest, ManifestError
from service.errors import ExportBroken, ModelNotFound, StartupError


@dataclass(frozen=True, slots=True)
class Export:
    """A verified export: every file has the digest that its manifest states."""

    manifest: Manifest
    folder: Path


class Repository:
    """Exports under ``<root>/<name>/<version>/``.

    Raises, when constructed:
        StartupError: there is no such folder.
    """

    def __init__(self, root: Path) -> None:
        if not root.is_dir():
            raise StartupError(
                f"there is no model repository at {root.absolute()}; set SEQSERVE_REPOSITORY or "
                "--repository to a folder of exports"
            )
        self.root = root

    def names(self) -> list[str]:
        """Models with at least one version, in the order of their names."""
        return sorted(
            path.name
            for path in self.root.iterdir()
            if path.is_dir() and not path.name.startswith(".") and versions_of(path)
        )

    def versions(self, name: str) -> list[str]:
        """Versions of a model, oldest first.

        Raises:
            ModelNotFound: there is no model of that name.
        """
        if name not in self.names():
            raise ModelNotFound(f"There is no model {name!r}. There is: {', '.join(self.names())}.")
        return versions_of(self.root / name)

    def active(self, name: str) -> str:
        """The version to serve.

        Raises:
            ModelNotFound: there is no model of that name.
            ExportBroken: serving.json is unreadable, or names a version that does not exist.
        """
        self.versions(name)
        try:
            return active_version(self.root / name)
        except ManifestError as error:
            raise ExportBroken(str(error)) from error

    def verified(self, name: str, version: str) -> Export:
        """An export whose digests were compared.

        Raises:
            ExportBroken: the export breaks the contract; the message names the file.
        """
        folder = self.root / name / version
        try:
            return Export(read_manifest(folder), folder)
        except ManifestError as error:
            raise ExportBroken(str(error)) from error

    def active_exports(self) -> list[Export]:
        """The active version of every model, verified.

        Raises:
            StartupError: there is none.
            ExportBroken: one of them breaks the contract.
        """
        names = self.names()
        if not names:
            raise StartupError(
                f"the model repository {self.root.absolute()} holds no export; train one with "
                "`seqserve train`"
            )
        return [self.verified(name, self.active(name)) for name in names]

    def manifest(self, name: str, version: str) -> Manifest:
        """The manifest of any version on disk, its files not compared.

        Raises:
            ModelNotFound: there is no such model or version.
            ExportBroken: the manifest cannot be read.
        """
        versions = self.versions(name)
        if version not in versions:
            raise ModelNotFound(
                f"Model {name!r} has no version {version!r}. It has: {', '.join(versions)}."
            )
        try:
            return Manifest.from_json((self.root / name / version / MANIFEST_FILE).read_bytes())
        except (ManifestError, OSError) as error:
            raise ExportBroken(f"{self.root / name / version}: {error}") from error
