"""`damaged`: what is seen of an override, and of an editable install."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

import pytest

from conda_pip_interop.environment.snapshot import read_snapshot
from conda_pip_interop.findings.registry import find_all, find_asked
from tests.support.builders import PrefixBuilder
from tests.support.reconciling import reconcile

if TYPE_CHECKING:
    from pathlib import Path


def test_compiled_files_that_are_listed_may_be_there_or_not(tmp_path: Path) -> None:
    """pip lists them; Python writes and removes them as it likes."""
    built = PrefixBuilder(root=tmp_path / "env")
    compiled = "app/__pycache__/app.cpython-311.pyc"
    built.pip_package("app", "1.0", {"app/app.py": "x", compiled: "c"})
    assert find_all(read_snapshot(built.root)) == ()
    (built.root / built.place(compiled)).unlink()
    assert find_all(read_snapshot(built.root)) == ()


def test_condas_content_in_the_place_of_an_overrides_is_damage_and_an_edit_is_none(
    tmp_path: Path,
) -> None:
    built = PrefixBuilder(root=tmp_path / "env")
    built.conda_package("app", "1.0", {"app.py": "conda", "same.py": "same"})
    built.pip_upgrade("app", "1.0", "2.0", {"app.py": "pip", "same.py": "same"})
    reconcile(built.root)
    assert find_all(read_snapshot(built.root)) == ()
    module = built.root / built.site_packages / "app.py"
    module.write_text("mine")
    assert find_all(read_snapshot(built.root)) == ()
    module.write_text("conda")
    (found,) = find_all(read_snapshot(built.root))
    assert (found.kind, found.project) == ("damaged", "app")
    assert found.summary == "pip's app 2.0 is damaged: 1 of its files is overwritten."
    assert [one.path for one in found.evidence] == [f"{built.site_packages}/app.py"]


def test_an_editable_install_of_a_folder_that_is_gone_is_damaged(tmp_path: Path) -> None:
    built = PrefixBuilder(root=tmp_path / "env")
    source = tmp_path / "source"
    source.mkdir()
    url = {"url": source.as_uri(), "dir_info": {"editable": True}}
    built.pip_package("app", "1.0", {"__editable__.app-1.0.pth": f"{source}\n"}, direct_url=url)
    assert find_asked(read_snapshot(built.root)) == ()
    source.rmdir()
    (found,) = find_asked(read_snapshot(built.root))
    assert (found.kind, found.remedy) == ("damaged", (("conda", "pip", "uninstall", "app"),))
    assert found.summary.endswith(f"editable install of {source}, which does not exist.")
    assert find_all(read_snapshot(built.root)) == ()


@pytest.mark.parametrize(
    ("file", "content", "told"),
    [
        (
            "METADATA",
            b"Name: app\nVersion: 1.0\nAuthor: J\xe9\n",
            "cannot be read: METADATA is not",
        ),
        ("METADATA", b"", "cannot be read: METADATA has no Name and Version"),
        ("RECORD", b"", "does not say which files are its own: RECORD lists no files"),
    ],
)
def test_metadata_of_condas_that_pip_cannot_use_is_damage(
    tmp_path: Path, file: str, content: bytes, told: str
) -> None:
    built = PrefixBuilder(root=tmp_path / "env")
    built.conda_package("py-app", "1.0", {"app.py": "1"}, distribution="app")
    path = f"{built.dist_info('app', '1.0')}/{file}"
    built.write(f"{built.dist_info('app', '1.0')}/RECORD", "app.py,,\n")
    listed = tuple(one.path for one in read_snapshot(built.root).records[0].files)
    paths = (*listed, *([] if path in listed else [path]))
    built.conda_record("py-app", "1.0", paths)
    assert find_all(read_snapshot(built.root)) == ()
    built.write(path, content)
    (found,) = find_all(read_snapshot(built.root))
    assert found.summary.startswith(f"conda's py-app 1.0 {told}")
    assert found.remedy == (("conda", "pip", "repair", "py-app"),)
    assert [one.path for one in found.evidence] == [path]
    built.conda_record("py-app", "1.0", paths)
    assert find_all(read_snapshot(built.root)) == (), "the package itself is like this"


def test_a_folder_in_the_place_of_condas_file_is_damage_that_nobody_repairs_unasked(
    tmp_path: Path,
) -> None:
    built = PrefixBuilder(root=tmp_path / "env")
    built.conda_package("app", "1.0", {"app.py": "1", "other.py": "1"})
    module = built.root / built.site_packages / "app.py"
    module.unlink()
    module.mkdir()
    (built.root / built.site_packages / "other.py").unlink()
    (found,) = find_all(read_snapshot(built.root))
    assert (found.kind, found.repairable) == ("damaged", False)
    assert found.summary.startswith(f"conda's app 1.0 is damaged: {module} is a folder")
    assert [one.found for one in found.evidence] == ["folder", "absent"]
    assert found.render_commands(lambda *words: shlex.join(words)) == [
        f"mv {module} {module}.moved && conda pip repair app"
    ]


@pytest.mark.parametrize("installer", ["pip", "uv", "apt", ""])
def test_only_installers_that_write_a_record_always_need_it(tmp_path: Path, installer: str) -> None:
    built = PrefixBuilder(root=tmp_path / "env")
    built.conda_package("one", "1.0", {"one.py": "1"})
    built.pip_package("app", "1.0", {"app.py": "1"})
    folder = built.dist_info("app", "1.0")
    built.write(f"{folder}/INSTALLER", installer)
    (built.root / folder / "RECORD").unlink()
    found = find_all(read_snapshot(built.root))
    if installer not in ("pip", "uv"):
        assert found == ()
        return
    (finding,) = found
    assert finding.summary == (
        "pip's app 1.0 does not say which files are its own: RECORD is missing."
    )
    assert [(one.path, one.found) for one in finding.evidence] == [(f"{folder}/RECORD", "absent")]
    assert finding.remedy == (("conda", "pip", "repair", "app"),)
