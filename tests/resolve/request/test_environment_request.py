"""The `pip:` section of an environment.yml includes files, as conda hands it to pip."""

from __future__ import annotations

from pathlib import Path

import pytest

from conda_pip_interop.errors import UsageError
from conda_pip_interop.resolve.request.environment_request import parse_environment_request


def test_files_that_a_pip_section_includes_are_read(tmp_path: Path) -> None:
    (tmp_path / "limits.txt").write_text("six<2\n")
    (tmp_path / "more.txt").write_text("click>=8\n-c limits.txt\n")
    text = "dependencies:\n- numpy\n- pip:\n  - -r more.txt\n  - -c limits.txt\n  - numpy\n"
    found = parse_environment_request(text, origin="e.yml", folder=tmp_path)
    assert [(one.kind, one.text) for one in found.entries] == [
        *(("requirement", "click>=8"), ("constraint", "six<2"), ("constraint", "six<2")),
        ("requirement", "numpy"),
    ]
    assert found.from_pypi == {"click"}


@pytest.mark.parametrize("option", ["-r", "-c"])
def test_a_url_that_a_pip_section_includes_is_refused(tmp_path: Path, option: str) -> None:
    text = f"dependencies:\n- pip:\n  - {option} https://example.org/x.txt\n"
    with pytest.raises(UsageError, match="download it first"):
        parse_environment_request(text, origin="e.yml", folder=tmp_path)
