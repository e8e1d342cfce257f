"""An environment.yml, parsed with its comments and rendered."""

from __future__ import annotations

import pytest

from conda_pip_interop.dependency_files.environment_yml import parse_environment, render_environment
from conda_pip_interop.errors import UsageError


def test_the_indentation_of_lists_is_kept() -> None:
    flat = "dependencies:\n# a\n- zlib  # z\n- pip:\n  # b\n  - cowsay\n"
    found = parse_environment(flat, origin="e")
    assert render_environment(found, conda=found.conda, pip=found.pip) == flat


@pytest.mark.parametrize(
    "text",
    [
        *("", "[]", "dependencies: 3", "dependencies: [3]", "dependencies: [{a: b}]", "a: ["),
        *("dependencies: [{pip: [{a: b}]}]", "dependencies: [{pip: 3}]", "a: b\na: c\n", "\0"),
        "dependencies: &a [*a]",
    ],
)
def test_an_invalid_environment_file_is_refused(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_environment(text, origin="env.yml")
    assert caught.value.message.startswith("env.yml cannot be read")
    assert caught.value.exit_code == 2, "exit code 1 means that a file is out of date"
