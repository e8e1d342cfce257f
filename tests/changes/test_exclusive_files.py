"""The files of a distribution that nothing else lists."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pytest
from packaging.utils import canonicalize_name

from conda_pip_interop.changes.exclusive_files import (
    build_removals,
    drop_path_lines,
    exclusive_files,
    find_edited,
    find_linked_out,
    plan_stash,
)
from conda_pip_interop.changes.plan import RemoveFile, WriteFile
from conda_pip_interop.environment.snapshot import Snapshot, read_snapshot
from tests.support.builders import PrefixBuilder

SITE = "lib/python3.11/site-packages"


@pytest.fixture
def snapshot(tmp_path: Path) -> Snapshot:
    built = PrefixBuilder(root=tmp_path / "env")
    built.conda_package("base", "1.0", {"both/conda.py": "1"}, dist_info=False)
    built.pip_package("app", "1.0", {"app.py": "", "both/pip.py": "2", "both/conda.py": "1"})
    built.pip_package("other", "1.0", {"both/pip.py": "2"})
    return read_snapshot(built.root)


def find_modules(snapshot: Snapshot, *, records: bool = False, names: bool = False) -> set[str]:
    (app,) = (one for one in snapshot.distributions if one.name == "app")
    paths = exclusive_files(
        app,
        snapshot,
        records=[one for one in snapshot.records if records and one.name == "base"],
        names=[canonicalize_name("other")] if names else (),
    )
    return {path.removeprefix(f"{SITE}/") for path in paths if "dist-info" not in path}


def test_a_file_that_a_record_or_another_distribution_lists_is_not_exclusive(
    snapshot: Snapshot,
) -> None:
    assert find_modules(snapshot) == {"app.py"}


def test_records_and_names_that_are_removed_too_do_not_count(snapshot: Snapshot) -> None:
    assert find_modules(snapshot, records=True) == {"app.py", "both/conda.py"}
    assert find_modules(snapshot, names=True) == {"app.py", "both/pip.py"}


PROGRAM = """#!{python}
# -*- coding: utf-8 -*-
import re
import sys
from app import main
if __name__ == '__main__':
    sys.argv[0] = re.sub(r'(-script\\.pyw|\\.exe)?$', '', sys.argv[0])
    sys.exit(main())
"""


def test_a_program_that_names_another_place_is_not_edited_and_one_with_other_code_is(
    tmp_path: Path,
) -> None:
    built = PrefixBuilder(root=tmp_path / "env")
    old, new = (PROGRAM.format(python=f"/{one}/python") for one in ("old", "new"))
    built.pip_package("app", "1.0", {"../../../bin/app": old})
    (app,) = read_snapshot(built.root).distributions
    program, entry_points = built.root / "bin/app", built.root / app.metadata / "entry_points.txt"
    assert find_edited(app, built.root) == ()
    program.write_text(new)
    assert find_edited(app, built.root) == ("bin/app",)  # it may be anything
    entry_points.write_text("[console_scripts]\napp = app:main\n")
    assert find_edited(app, built.root) == ()
    for edit in ("import os\n", "    sys.exit(main(1))\n", "print()\n"):
        program.write_text(new + edit)
        assert find_edited(app, built.root) == ("bin/app",)


@pytest.fixture
def built(tmp_path: Path) -> PrefixBuilder:
    """pip's app, one of whose files was edited, one is gone, and one lies behind a link."""
    built = PrefixBuilder(root=tmp_path / "env")
    built.conda_package("base", "1.0", {"both/conda.py": "1"}, dist_info=False)
    files = {"app.py": "a", "edited.py": "b", "gone.py": "c", "linked/d.py": "d", "data": "e"}
    built.pip_package("app", "1.0", {**files, "both/conda.py": "1"})
    built.write(built.place("__pycache__/app.cpython-311.pyc"), "")
    built.write(built.place("edited.py"), "mine")
    (built.root / built.place("gone.py")).unlink()
    (built.root / built.place("linked")).rename(tmp_path / "elsewhere")
    (built.root / built.place("linked")).symlink_to(tmp_path / "elsewhere")
    return built


def local(built: PrefixBuilder, paths: Iterable[str]) -> set[str]:
    info = built.dist_info("app", "1.0")
    return {one.removeprefix(f"{SITE}/") for one in paths if not one.startswith(info)}


def test_what_is_removed_is_as_it_was_installed_and_nobody_elses(built: PrefixBuilder) -> None:
    snapshot = read_snapshot(built.root)
    (app,) = snapshot.distributions
    removals = [one.path for one in build_removals(app, snapshot, "why")]
    assert local(built, removals) == {"app.py", "__pycache__/app.cpython-311.pyc", "data"}
    assert f"{built.dist_info('app', '1.0')}/RECORD" in removals
    assert local(built, find_edited(app, built.root)) == {"edited.py"}
    assert local(built, find_linked_out(app, built.root)) == {"linked/d.py"}
    own = exclusive_files(app, snapshot)
    assert local(built, own) == {"app.py", "edited.py", "__pycache__/app.cpython-311.pyc", "data"}


def test_a_link_of_the_environment_itself_leads_nowhere_else(
    built: PrefixBuilder, tmp_path: Path
) -> None:
    (tmp_path / "link").symlink_to(built.root)
    (app,) = read_snapshot(tmp_path / "link").distributions
    assert local(built, find_linked_out(app, tmp_path / "link")) == {"linked/d.py"}


def test_what_conda_replaces_is_stashed_and_what_is_condas_is_left_to_it(
    built: PrefixBuilder,
) -> None:
    built.conda_package("click", "8.0")
    built.pip_package("other", "1")
    snapshot = read_snapshot(built.root)
    coming = {canonicalize_name(name): f"{name} 2.0" for name in ("app", "click", "absent")}
    stash = plan_stash(snapshot, coming)
    assert [(one.name, package) for one, package in stash.distributions] == [("app", "app 2.0")]
    paths = local(built, (one.path for one in stash.removals))
    assert paths == {"app.py", "__pycache__/app.cpython-311.pyc", "data"}
    assert {one.reason for one in stash.removals} == {"conda installs app 2.0"}
    assert plan_stash(snapshot, {}).removals == ()


def test_lines_of_development_installs_that_stay_are_kept(built: PrefixBuilder) -> None:
    both, mine = built.root.parent / "both", built.root.parent / "mine"
    for name, source in (("one", both), ("two", both), ("three", mine)):
        info = source / f"{name}.egg-info" / "PKG-INFO"
        info.parent.mkdir(parents=True)
        info.write_text(f"Name: {name}\nVersion: 1\n")
        built.write(f"{built.site_packages}/{name}.egg-link", f"{source}\n.\n")
    built.write(f"{built.site_packages}/easy-install.pth", f"{both}\n{mine}\n")
    snapshot = read_snapshot(built.root)
    found = {one.name: one for one in snapshot.distributions if one.layout == "egg-link"}
    one, two, three = (found[canonicalize_name(name)] for name in ("one", "two", "three"))
    assert list(drop_path_lines([one], snapshot, "")) == []
    (written,) = drop_path_lines([one, two], snapshot, "")
    assert isinstance(written, WriteFile)
    assert written.content.decode() == f"{mine}\n"
    (removed,) = drop_path_lines([one, two, three], snapshot, "")
    assert isinstance(removed, RemoveFile)
