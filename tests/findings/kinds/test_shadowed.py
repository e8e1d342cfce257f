"""`shadowed`: what hides what, and only remedies that work."""

from __future__ import annotations

from pathlib import Path

import pytest

from conda_pip_interop.environment.snapshot import read_snapshot
from conda_pip_interop.findings.base import Finding
from conda_pip_interop.findings.registry import find_all, find_asked
from tests.support.builders import PrefixBuilder

_OFF = ("conda", "env", "config", "vars", "set", "PYTHONNOUSERSITE=1")
_UNINSTALL = ("conda", "run", "python", "-m", "pip", "uninstall", "-y")


@pytest.fixture
def built(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> PrefixBuilder:
    monkeypatch.delenv("PYTHONNOUSERSITE", raising=False)
    monkeypatch.delenv("PYTHONUSERBASE", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    builder = PrefixBuilder(root=tmp_path / "env", python="3.11")
    builder.conda_package("six", "1.16", files={"six.py": ""})
    builder.pip_package("app", "1.0", files={"app.py": ""})
    return builder


def write_users(built: PrefixBuilder, metadata: str, *files: str) -> Path:
    folder = built.root.parent / "home" / ".local" / "lib" / "python3.11" / "site-packages"
    for file in files:
        (folder / metadata).mkdir(parents=True, exist_ok=True)
        (folder / metadata / file).write_text("")
    return folder / metadata


def find(built: PrefixBuilder) -> tuple[Finding, ...]:
    return find_asked(read_snapshot(built.root))


def test_each_hidden_distribution_is_told_with_both_paths(built: PrefixBuilder) -> None:
    by = write_users(built, "six-2.0.dist-info", "METADATA", "RECORD")
    (finding,) = find(built)
    assert (finding.conda_name, finding.project, finding.pip_version) == ("six", "six", None)
    assert finding.summary.startswith("conda's six 1.16 is hidden by six 2.0, in the user's site-")
    assert [one.path for one in finding.evidence] == [
        f"{built.site_packages}/six-1.16.dist-info",
        str(by),
    ]
    assert finding.remedy == (_OFF,)  # without pip
    assert finding.key == f"finding:shadowed:six:six::{by}"
    assert finding.details == {
        "hidden": {"version": "1.16", "path": f"{built.site_packages}/six-1.16.dist-info"},
        "by": {
            "version": "2.0",
            "path": str(by),
            "source": "user-site",
            "file": None,
            "line": None,
        },
    }
    assert find_all(read_snapshot(built.root)) == ()


@pytest.mark.parametrize(
    ("metadata", "file", "works"),
    [
        ("app-2.0.dist-info", "RECORD", True),
        ("app-2.0.dist-info", "METADATA", False),
        ("app-2.0-py3.11.egg-info", "installed-files.txt", True),
        ("app-2.0-py3.11.egg-info", "PKG-INFO", False),
    ],
)
def test_what_pip_cannot_uninstall_is_only_switched_off(
    built: PrefixBuilder,
    metadata: str,
    file: str,
    works: bool,
) -> None:
    built.pip_package("pip", "25.3", files={"pip.py": ""})
    write_users(built, metadata, file)
    (finding,) = find(built)
    assert (finding.project, finding.pip_version) == ("app", "1.0")
    assert finding.remedy == ((_OFF, (*_UNINSTALL, "app")) if works else (_OFF,))


def test_an_editable_project_does_not_hide_itself(built: PrefixBuilder) -> None:
    source = built.root.parent / "src"
    (source / "app.egg-info").mkdir(parents=True)
    built.write(f"{built.site_packages}/app.egg-link", f"{source}\n.\n")
    users = write_users(built, "other-1.dist-info", "METADATA").parent
    (users / "app.pth").write_text(f"{source}\n")
    assert {one.project for one in find(built)} == {"app"}  # app 1.0, which is installed, too


def test_nor_does_one_that_a_file_of_its_own_points_to(built: PrefixBuilder) -> None:
    source = built.root.parent / "src"
    (source / "dev.egg-info").mkdir(parents=True)
    built.pip_package("dev", "1", {"__editable__.dev-1.pth": f"{source}\n"})
    users = write_users(built, "other-1.dist-info", "METADATA").parent
    (users / "dev.pth").write_text(f"{source}\n")
    assert find(built) == ()
    elsewhere = built.root.parent / "elsewhere"
    (elsewhere / "dev.egg-info").mkdir(parents=True)
    (users / "dev.pth").write_text(f"{elsewhere}\n")
    (finding,) = find(built)
    assert [one.found for one in finding.evidence] == ["", "present"]
    assert [one.expected for one in finding.evidence] == ["1", None]
