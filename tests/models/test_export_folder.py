import json
from dataclasses import replace
from pathlib import Path

import pytest

from models.export_folder import active_version, digest_file, read_manifest, versions_of
from models.manifest import Manifest, ManifestError
from tests.models.manifests import MANIFEST


def write_export(repository: Path, manifest: Manifest = MANIFEST) -> Path:
    folder = repository / manifest.name / manifest.version
    folder.mkdir(parents=True)
    for name in ("model.pt", "golden.json"):
        (folder / name).write_text(f"the {name} of {manifest.version}")
    files = {path.name: digest_file(path) for path in folder.iterdir()}
    (folder / "manifest.json").write_text(replace(manifest, files=files).to_json())
    return folder


def test_a_whole_export_is_read(tmp_path: Path) -> None:
    manifest = read_manifest(write_export(tmp_path))
    assert (manifest.name, manifest.version) == ("tiny", "3")
    assert set(manifest.files) == {"model.pt", "golden.json"}


def test_a_changed_byte_is_refused(tmp_path: Path) -> None:
    folder = write_export(tmp_path)
    (folder / "model.pt").write_text("the model.pt of 4")
    with pytest.raises(ManifestError, match=r"model\.pt: differs from the digest"):
        read_manifest(folder)


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    folder = write_export(tmp_path)
    (folder / "golden.json").unlink()
    with pytest.raises(ManifestError, match=r"golden\.json: listed in the manifest but missing"):
        read_manifest(folder)


def test_an_export_without_golden_examples_is_refused(tmp_path: Path) -> None:
    folder = write_export(tmp_path)
    raw = json.loads((folder / "manifest.json").read_text())
    del raw["files"]["golden.json"]
    (folder / "manifest.json").write_text(json.dumps(raw))
    with pytest.raises(ManifestError, match=r"lists no golden\.json"):
        read_manifest(folder)


def test_a_file_outside_the_folder_is_refused(tmp_path: Path) -> None:
    folder = write_export(tmp_path)
    raw = json.loads((folder / "manifest.json").read_text())
    raw["files"]["../model.pt"] = raw["files"]["model.pt"]
    (folder / "manifest.json").write_text(json.dumps(raw))
    with pytest.raises(ManifestError, match="not a plain file name"):
        read_manifest(folder)


def test_a_copied_folder_is_refused_under_another_version(tmp_path: Path) -> None:
    folder = write_export(tmp_path)
    folder.rename(folder.with_name("4"))
    with pytest.raises(ManifestError, match="says 'tiny' version '3'"):
        read_manifest(folder.with_name("4"))


def test_a_missing_manifest_names_the_path(tmp_path: Path) -> None:
    with pytest.raises(ManifestError, match=r"manifest\.json: No such file"):
        read_manifest(tmp_path)


def test_the_newest_version_serves_until_serving_json_says_otherwise(tmp_path: Path) -> None:
    for version in ("2", "10", "9"):
        write_export(tmp_path, replace(MANIFEST, version=version))
    (tmp_path / "tiny" / ".export-half").mkdir()
    assert versions_of(tmp_path / "tiny") == ["2", "9", "10"]
    assert active_version(tmp_path / "tiny") == "10"
    (tmp_path / "tiny" / "serving.json").write_text('{"active": "9", "labels": {}}')
    assert active_version(tmp_path / "tiny") == "9"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("{", "must be a JSON object"),
        ("[]", "must be a JSON object"),
        ('{"active": "7"}', "names version '7'"),
        ('{"active": ["3"]}', "names version"),
    ],
)
def test_a_wrong_serving_json_is_refused(tmp_path: Path, content: str, message: str) -> None:
    folder = write_export(tmp_path)
    folder.with_name("serving.json").write_text(content)
    with pytest.raises(ManifestError, match=message):
        active_version(folder.parent)


def test_a_folder_without_versions_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ManifestError, match="no version with a manifest"):
        active_version(tmp_path)
