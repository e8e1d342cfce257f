"""Changes by pip are detected, and an environment of conda alone has none."""

from __future__ import annotations

from pathlib import Path

import pytest

from conda_pip_interop.environment.prefix import read_prefix
from conda_pip_interop.environment.quick_check import has_pip_changes
from tests.support.builders import PrefixBuilder


@pytest.fixture
def builder(tmp_path: Path) -> PrefixBuilder:
    builder = PrefixBuilder(root=tmp_path / "env", python="3.11")
    builder.conda_package("click", "8.1.7", files={"click/__init__.py": "x = 1\n"})
    builder.conda_package("tool", "1", files={"/bin/tool": "#!/bin/sh\n"}, dist_info=False)
    return builder


def has_changes(builder: PrefixBuilder) -> bool:
    return has_pip_changes(read_prefix(builder.root))


def test_an_environment_of_conda_alone_has_no_pip_changes(builder: PrefixBuilder) -> None:
    assert not has_changes(builder)


def test_a_distribution_of_pip_is_a_pip_change(builder: PrefixBuilder) -> None:
    builder.pip_package("cowsay", "6.1", files={"cowsay.py": "x = 1\n"})
    assert has_changes(builder)


def test_another_installer_than_conda_is_a_pip_change(builder: PrefixBuilder) -> None:
    (builder.root / builder.dist_info("click", "8.1.7") / "INSTALLER").write_text("pip\n")
    assert has_changes(builder)


def test_missing_metadata_of_a_record_is_a_pip_change(builder: PrefixBuilder) -> None:
    folder = builder.root / builder.dist_info("click", "8.1.7")
    folder.rename(builder.root / "elsewhere")
    assert has_changes(builder)


def test_a_tilde_folder_is_a_pip_change(builder: PrefixBuilder) -> None:
    (builder.root / builder.site_packages / "~lick").mkdir()
    assert has_changes(builder)


def test_an_unreadable_record_counts_as_a_pip_change(builder: PrefixBuilder) -> None:
    (builder.root / "conda-meta" / "broken.json").mkdir()
    assert has_changes(builder)


def test_a_record_that_changed_since_is_read_again(builder: PrefixBuilder) -> None:
    assert not has_changes(builder)
    builder.conda_record("click", "8.1.7", ())
    assert has_changes(builder)


def test_metadata_without_an_installer_is_no_pip_change(builder: PrefixBuilder) -> None:
    (builder.root / builder.dist_info("click", "8.1.7") / "INSTALLER").unlink()
    assert not has_changes(builder)


def test_two_records_of_one_package_are_a_pip_change(builder: PrefixBuilder) -> None:
    builder.conda_record("tool", "2", ())
    assert has_changes(builder)


def test_another_python_or_none_is_a_pip_change(builder: PrefixBuilder, tmp_path: Path) -> None:
    (builder.root / "lib/python3.9/site-packages").mkdir(parents=True)
    assert has_changes(builder)
    (tmp_path / "none/conda-meta").mkdir(parents=True)
    assert has_pip_changes(read_prefix(tmp_path / "none"))
