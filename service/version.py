"""The version of this project, as its installation says."""

from importlib import metadata


def project_version() -> str:
    """The version in pyproject.toml; "unknown" where the checkout was never installed."""
    try:
        return metadata.version("seqserve")
    except metadata.PackageNotFoundError:
        return "unknown"
