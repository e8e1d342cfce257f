"""Markers: ours are recognised by their signature, all others are foreign."""

from __future__ import annotations

import configparser
import shlex
from pathlib import Path

import pytest

from conda_pip_interop.environment.paths import PrefixPath
from conda_pip_interop.environment.prefix import read_prefix
from conda_pip_interop.protection.markers import (
    Absent,
    Foreign,
    Ours,
    find_marker_paths,
    read_marker,
    read_markers,
    render_marker,
)
from tests.support.builders import Layout, PrefixBuilder


@pytest.fixture
def built(tmp_path: Path) -> PrefixBuilder:
    return PrefixBuilder(root=tmp_path / "my env")


def render(
    prefix: Path,
    *,
    env_name: str | None = "work",
    is_base: bool = False,
    message: str | None = None,
) -> str:
    return render_marker(
        env_name=env_name,
        prefix=prefix,
        path=PrefixPath("lib/python3.11/EXTERNALLY-MANAGED"),
        is_base=is_base,
        policy_source="/etc/conda/.condarc (line 3)",
        message=message,
        version="1.2.3",
    )


def parse_as_pip_does(text: str) -> dict[str, str]:
    parser = configparser.ConfigParser(interpolation=None)
    parser.read_string(text)
    return dict(parser["externally-managed"])


def test_a_prefix_without_a_marker_has_an_absent_one(built: PrefixBuilder) -> None:
    path = f"{built.stdlib}/EXTERNALLY-MANAGED"
    assert read_marker(read_prefix(built.root)) == Absent(path=PrefixPath(path))


@pytest.mark.parametrize(
    ("layout", "python", "folder"),
    [
        ("free-threaded", "3.13.1", "lib/python3.13t"),
        ("pypy", "3.9.18", "lib/pypy3.9"),
        ("windows", "3.12.1", "Lib"),
    ],
)
def test_the_marker_is_in_the_stdlib_folder(
    tmp_path: Path, layout: Layout, python: str, folder: str
) -> None:
    PrefixBuilder(root=tmp_path, layout=layout, python=python)
    assert find_marker_paths(read_prefix(tmp_path)) == (f"{folder}/EXTERNALLY-MANAGED",)


def test_a_marker_that_we_wrote_is_recognised(built: PrefixBuilder) -> None:
    text = render(built.root)
    built.write(f"{built.stdlib}/EXTERNALLY-MANAGED", text)
    marker = read_marker(read_prefix(built.root))
    assert isinstance(marker, Ours)
    assert (marker.version, marker.policy) == ("1.2.3", "/etc/conda/.condarc (line 3)")
    assert (marker.prefix, marker.stale, marker.text) == (str(built.root), False, text)


def test_a_copy_from_another_prefix_is_stale(built: PrefixBuilder, tmp_path: Path) -> None:
    built.write(f"{built.stdlib}/EXTERNALLY-MANAGED", render(tmp_path / "other"))
    marker = read_marker(read_prefix(built.root))
    assert isinstance(marker, Ours)
    assert marker.stale


def test_a_marker_of_a_symlinked_prefix_is_not_stale(built: PrefixBuilder, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(built.root)
    built.write(f"{built.stdlib}/EXTERNALLY-MANAGED", render(tmp_path / "link"))
    marker = read_marker(read_prefix(built.root))
    assert isinstance(marker, Ours)
    assert not marker.stale


@pytest.mark.parametrize("content", [b"[externally-managed]\nError=no\n", b"", b"\xff", None])
def test_a_marker_without_signature_is_foreign(built: PrefixBuilder, content: bytes | None) -> None:
    path = f"{built.stdlib}/EXTERNALLY-MANAGED"
    if content is None:
        (built.root / path).mkdir()
    else:
        built.write(path, content)
    assert read_marker(read_prefix(built.root)) == Foreign(path=PrefixPath(path), owner=None)


def test_the_text_says_how_to_remove_it_with_and_without_us(built: PrefixBuilder) -> None:
    file = f"{built.root}/lib/python3.11/EXTERNALLY-MANAGED"
    for is_base, name in ((False, "work"), (True, "base")):
        texts = parse_as_pip_does(render(built.root, env_name=name, is_base=is_base))
        for text in texts.values():
            assert f"conda pip unprotect -n {name}\n" in text
            assert f" {file}\n" in text


def test_an_edited_marker_is_foreign(built: PrefixBuilder) -> None:
    path = f"{built.stdlib}/EXTERNALLY-MANAGED"
    built.write(path, render(built.root) + "Error-tlh=ghobe'\n")
    assert isinstance(read_marker(read_prefix(built.root)), Foreign)


def test_a_marker_that_a_record_lists_is_foreign(built: PrefixBuilder) -> None:
    path = PrefixPath(f"{built.stdlib}/EXTERNALLY-MANAGED")
    built.write(path, render(built.root))
    marker = read_marker(read_prefix(built.root), owners={path: "conda-managed-env"})
    assert marker == Foreign(path=path, owner="conda-managed-env")


def test_markers_of_former_pythons_come_after_the_current_one(built: PrefixBuilder) -> None:
    old = f"{built.stdlib}/EXTERNALLY-MANAGED"
    built.write(old, render(built.root))
    built.python_upgrade("3.12.1")
    current, former = read_markers(read_prefix(built.root))
    assert current == Absent(path=PrefixPath("lib/python3.12/EXTERNALLY-MANAGED"))
    assert isinstance(former, Ours)
    assert former.path == old


def test_a_prefix_without_python_has_no_marker_path(tmp_path: Path) -> None:
    (tmp_path / "conda-meta").mkdir()
    assert read_markers(read_prefix(tmp_path)) == (Absent(path=None),)


def test_pip_can_read_the_message_in_every_language(built: PrefixBuilder) -> None:
    texts = parse_as_pip_does(render(built.root))
    languages = ("", "-de", "-es", "-fr", "-ja", "-pt_br", "-zh_cn")
    assert set(texts) == {f"error{language}" for language in languages}
    for text in texts.values():
        assert "conda install -n work PACKAGE" in text
        assert "conda pip install -n work PACKAGE" in text
        assert "%conda pip install -n work --yes PACKAGE" in text
        assert "--break-system-packages" in text
        assert "\n\n" in text
        assert "PEP" not in text


def test_the_message_of_base_advises_another_environment_first(built: PrefixBuilder) -> None:
    base = parse_as_pip_does(render(built.root, is_base=True))["error"]
    other = parse_as_pip_does(render(built.root))["error"]
    assert base.index("conda create") < base.index("conda install")
    assert other.index("conda install") < other.index("conda pip install")
    assert base.startswith("This is conda's base environment (work).")
    assert other.startswith("conda manages this environment (work).")
    assert "%conda" not in base


def test_an_environment_without_a_name_is_selected_by_path(built: PrefixBuilder) -> None:
    text = parse_as_pip_does(render(built.root, env_name=None))["error"]
    assert f"conda install -p '{built.root}' PACKAGE" in text


def test_the_administrators_message_is_kept_whatever_it_contains(built: PrefixBuilder) -> None:
    message = "100 % sure? Ask:\n\n# data team\n[section]\nkey = value\r\n"
    text = parse_as_pip_does(render(built.root, message=message))["error"]
    assert text.endswith("100 % sure? Ask:\n\n- # data team\n[section]\nkey = value")


def test_a_path_with_a_newline_stays_on_one_line() -> None:
    text = render(Path("/opt/a\nb\udcff"), env_name=None)
    assert "conda install -p '/opt/a?b?' PACKAGE" in text
    assert text.splitlines()[1] == "[externally-managed]"
    assert "error" in parse_as_pip_does(text)
    assert text.encode()


def test_the_message_has_an_opening_advice_and_ways_out_apart(built: PrefixBuilder) -> None:
    text = parse_as_pip_does(render(built.root))["error"]
    opening, advice, leave = text.split("\n\n")
    assert [len(part.splitlines()) for part in (opening, advice, leave)] == [1, 4, 3]
    for message in ("", " \n\t\n"):
        assert parse_as_pip_does(render(built.root, message=message))["error"] == text
    added = parse_as_pip_does(render(built.root, message=" Ask first.\n; or not"))["error"]
    assert added == f"{text}\n\nAsk first.\n- ; or not"


@pytest.mark.parametrize("name", ["a b", "it's", 'a"b', "a$b", "work"])
def test_a_command_in_the_message_works_when_pasted(built: PrefixBuilder, name: str) -> None:
    text = parse_as_pip_does(render(built.root, env_name=name))["error"]
    (line,) = (one for one in text.splitlines() if "unprotect" in one)
    command = line[line.index("conda pip unprotect") :]
    assert shlex.split(command) == ["conda", "pip", "unprotect", "-n", name]


def test_a_path_of_windows_is_quoted_as_its_shells_do(built: PrefixBuilder) -> None:
    text = parse_as_pip_does(render(built.root, env_name="C:\\my envs\\web"))["error"]
    assert 'conda install -n "C:\\my envs\\web" PACKAGE' in text
    text = parse_as_pip_does(render(built.root, env_name='a\\b"c'))["error"]
    assert "conda install -n 'a\\b\"c' PACKAGE" in text
