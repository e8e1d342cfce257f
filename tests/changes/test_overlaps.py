"""pip must not put its files over conda's."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from conda_pip_interop.changes.plan import Staged, WriteFile
from conda_pip_interop.changes.staging import check_overlap, plan_placing, read_staged
from conda_pip_interop.environment.paths import PrefixPath
from conda_pip_interop.environment.prefix import read_prefix
from conda_pip_interop.environment.snapshot import read_snapshot
from conda_pip_interop.errors import InteropError
from tests.support.builders import Files, PrefixBuilder, record_line

SITE = "lib/python3.11/site-packages"


@pytest.fixture
def built(tmp_path: Path) -> PrefixBuilder:
    return PrefixBuilder(root=tmp_path / "env")


def stage(built: PrefixBuilder, name: str, files: Files | None = None) -> Staged:
    """A distribution as pip puts it into a staging folder."""
    folder = built.root.parent / f"staging-{name}"
    PrefixBuilder(root=folder, conda=False).pip_package(name, "1.0", files)
    return read_staged(folder, read_prefix(built.root))


def check(staged: Staged, built: PrefixBuilder, *leaving: str) -> frozenset[PrefixPath]:
    (one,) = staged.distributions
    return check_overlap(one, staged, read_snapshot(built.root), leaving=leaving)


def refuse(staged: Staged, built: PrefixBuilder) -> InteropError:
    with pytest.raises(InteropError) as caught:
        check(staged, built)
    (one,) = staged.distributions
    assert caught.value.code == "would-overwrite"
    command = f"conda pip install -p {built.root} --break-other-managers={one.name} {one.name}==1.0"
    assert f"To overwrite it: `{command}`." in caught.value.hints
    return caught.value


def test_new_files_may_come(built: PrefixBuilder) -> None:
    built.conda_package("click", "8.0")
    assert check(stage(built, "cowsay"), built) == frozenset()


def test_another_version_of_condas_own_is_refused(built: PrefixBuilder) -> None:
    built.conda_package("click", "8.0")
    error = refuse(stage(built, "click"), built)
    assert "click (another version of it)" in error.message
    assert f"{SITE}/click/__init__.py" in error.message


def test_files_of_a_differently_named_package_are_refused_naming_both(built: PrefixBuilder) -> None:
    built.conda_package("pytorch", "2.0", {"torch/__init__.py": "conda"}, dist_info=False)
    error = refuse(stage(built, "torch", {"torch/__init__.py": "pip", "torch/new.py": ""}), built)
    assert "pip's torch would overwrite 1 file of" in error.message
    assert "pytorch (something else)" in error.message


def test_scripts_and_data_count(built: PrefixBuilder) -> None:
    built.conda_package("tool", "1", {"/bin/tool": "", "/share/tool/a": ""}, dist_info=False)
    assert "bin/tool" in refuse(stage(built, "one", {"/bin/tool": "x"}), built).message
    assert "share/tool/a" in refuse(stage(built, "two", {"/share/tool/a": "x"}), built).message


def test_pips_own_files_are_pips_affair(built: PrefixBuilder) -> None:
    built.pip_package("click", "8.0")
    assert check(stage(built, "click"), built) == frozenset()


def test_what_pip_has_already_replaced_is_pips(built: PrefixBuilder) -> None:
    built.conda_package("click", "8.0")
    (path,) = (built.root / "conda-meta").glob("click-*.json")
    record = json.loads(path.read_text())
    path.write_text(json.dumps({**record, "pip_interop": {"overridden_by": {"click": "0.9"}}}))
    assert check(stage(built, "click"), built) == frozenset()
    refuse(stage(built, "other", {"click/__init__.py": ""}), built)


def test_a_package_that_conda_will_have_unlinked_is_not_in_the_way(built: PrefixBuilder) -> None:
    built.conda_package("click", "8.0")
    assert check(stage(built, "click"), built, "click") == frozenset()


PKGUTIL = "__path__ = __import__('pkgutil').extend_path(__path__, __name__)\n"
RESOURCES = '# Ours\n__import__("pkg_resources").declare_namespace(__name__)\n'


@pytest.mark.parametrize(("condas", "pips"), [("", "# Theirs\n"), (PKGUTIL, RESOURCES), ("x", "x")])
def test_a_namespace_module_that_does_the_same_is_shared_and_stays(
    built: PrefixBuilder, condas: str, pips: str
) -> None:
    built.conda_package("liba", "1", {"ns/__init__.py": condas, "ns/a.py": "a"})
    staged = stage(built, "libb", {"ns/__init__.py": pips, "ns/b.py": "b"})
    path = PrefixPath(f"{SITE}/ns/__init__.py")
    assert check(staged, built) == {path}
    actions = plan_placing(staged, read_snapshot(built.root))
    assert f"{SITE}/ns/b.py" in {one.path for one in actions}
    assert path not in {one.path for one in actions}
    record = actions[-1]
    assert isinstance(record, WriteFile)
    assert record_line("ns/__init__.py", condas.encode()) in record.content.decode()
    (built.root / path).unlink()
    assert path in {one.path for one in plan_placing(staged, read_snapshot(built.root))}


@pytest.mark.parametrize(("condas", "pips"), [("code", ""), (PKGUTIL, "code"), ("a = 1", "a = 2")])
def test_a_module_that_does_something_else_is_refused(
    built: PrefixBuilder, condas: str, pips: str
) -> None:
    built.conda_package("liba", "1", {"ns/__init__.py": condas})
    refuse(stage(built, "libb", {"ns/__init__.py": pips}), built)
