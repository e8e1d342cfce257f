"""Signs of pip's work are seen wherever there is a finding, and not in conda's own environments."""

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


def has_signs(builder: PrefixBuilder) -> bool:
    return has_pip_changes(read_prefix(builder.root))


def test_an_environment_of_condas_alone_has_none(builder: PrefixBuilder) -> None:
    assert not has_signs(builder)


def test_a_distribution_of_pips_is_one(builder: PrefixBuilder) -> None:
    builder.pip_package("cowsay", "6.1", files={"cowsay.py": "x = 1\n"})
    assert has_signs(builder)


def test_an_installer_that_is_not_conda_is_one(builder: PrefixBuilder) -> None:
    (builder.root / builder.dist_info("click", "8.1.7") / "INSTALLER").write_text("pip\n")
    assert has_signs(builder)


def test_metadata_that_is_gone_is_one(builder: PrefixBuilder) -> None:
    folder = builder.root / builder.dist_info("click", "8.1.7")
    folder.rename(builder.root / "elsewhere")
    assert has_signs(builder)


def test_what_pip_set_aside_is_one(builder: PrefixBuilder) -> None:
    (builder.root / builder.site_packages / "~lick").mkdir()
    assert has_signs(builder)


def test_records_that_cannot_be_read_are_one(builder: PrefixBuilder) -> None:
    (builder.root / "conda-meta" / "broken.json").mkdir()
    assert has_signs(builder)


def test_a_record_that_has_changed_since_is_read_again(builder: PrefixBuilder) -> None:
    assert not has_signs(builder)
    builder.conda_record("click", "8.1.7", ())
    assert has_signs(builder)
