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


IN_BRACKETS = """\
name: web  # its name
dependencies: [python, # the language
  # the web
  flask, {pip: [a, # first
  # not b
  c]}, # from PyPI
  # last
  ]  # all
# below
variables: {A: "1"}
"""
IN_LINES = """\
name: web  # its name
dependencies:  # all
  - python  # the language
  # the web
  - flask
  - pip:  # from PyPI
      - a  # first
      # not b
      - c
  # last
# below
variables: {A: "1"}
"""


def render_unchanged(text: str, *, as_json: bool = False) -> str:
    found = parse_environment(text, origin="e")
    return render_environment(found, conda=found.conda, pip=found.pip, as_json=as_json)


@pytest.mark.parametrize("text", [IN_BRACKETS, IN_LINES])
def test_the_comments_of_lists_in_brackets_stay_with_their_items(text: str) -> None:
    assert render_unchanged(text) == IN_LINES


@pytest.mark.parametrize("rest", ["", "  # more"])
def test_comments_between_a_key_and_its_bracket_are_kept(rest: str) -> None:
    """ruamel.yaml reads some of them: those without a comment behind the bracket."""
    text = f"dependencies:  # all\n# above\n  # the web\n\n  [flask, a]{rest}\n# below\n"
    rendered = render_unchanged(text)
    assert rendered == (
        f"dependencies:  # all{rest}\n  # above\n  # the web\n  - flask\n  - a\n# below\n"
    )
    plain = "dependencies:\n  # the web\n  [flask]\n"
    assert render_unchanged(plain) == "dependencies:\n  # the web\n  - flask\n"
    empty = "dependencies:  # none yet\n  # really\n  []\n"
    assert "# none yet" in render_unchanged(empty)
    nested = "dependencies:\n  - pip:  # from PyPI\n      # the only one\n      [a]\n"
    assert render_unchanged(nested) == nested.replace("[a]", "- a")


def test_comments_beside_a_key_and_below_the_pip_section_are_kept() -> None:
    text = (
        "dependencies:  # all\n# the language\n- python\n- pip:  # from PyPI\n  # first\n  - a\n"
        "# the web\n- flask\n# below\n"
    )
    lines = text.splitlines(keepends=True)
    assert render_unchanged(text) == "".join([*lines[:3], *lines[6:8], *lines[3:6], lines[8]])
    pip_in_brackets = "dependencies:\n  - pip: [a]  # from PyPI\n  # below\n"
    rendered = "dependencies:\n  - pip:  # from PyPI\n      - a\n  # below\n"
    assert render_unchanged(pip_in_brackets) == rendered


JSON = """\
{
  "name": "web",
  "channels": [
    "main"
  ],
  "dependencies": [
    "python=3.11",
    {
      "pip": [
        "a"
      ]
    }
  ],
  "variables": {
    "A": "1"
  }
}
"""


def test_json_is_rendered_as_json_or_as_yaml_without_brackets() -> None:
    assert parse_environment(JSON, origin="e").is_json
    assert render_unchanged(JSON, as_json=True) == JSON
    assert render_unchanged(JSON) == (
        "name: web\nchannels:\n  - main\ndependencies:\n  - python=3.11\n  - pip:\n      - a\n"
        "variables:\n  A: '1'\n"
    )


def test_a_template_is_recognized() -> None:
    with pytest.raises(UsageError, match="it is a template"):
        parse_environment("dependencies:\n- {{ six }}\n", origin="e.yml")
