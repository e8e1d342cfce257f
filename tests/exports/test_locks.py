"""conda-lock.yml and CycloneDX: what they say, and that their own schemas accept it."""

from __future__ import annotations

import json
import os
import zipfile
from pathlib import Path
from typing import Any

import pytest
import rattler
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from hypothesis import given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

from conda_pip_interop.dependency_files.projects.document import load_toml
from conda_pip_interop.errors import InteropError
from conda_pip_interop.exports.as_pylock import render_toml
from conda_pip_interop.exports.formats import FORMATS, find_format
from tests.support.builders import PrefixBuilder
from tests.support.exports import build_env, layout, note_wheel, read
from tests.world.cache import CACHE
from tests.world.channel import build_channel

GIT = {"vcs": "git", "commit_id": "abc123", "requested_revision": "main"}
MD5, SHA256 = "d" * 32, "e" * 64


@pytest.fixture
def built(tmp_path: Path) -> PrefixBuilder:
    built = build_env(tmp_path / "env")
    for path in (built.root / "conda-meta").glob("*.json"):
        record = json.loads(path.read_text())
        path.write_text(json.dumps({**record, "md5": MD5, "sha256": SHA256, "license": "MIT"}))
    built.pip_package("app", "1.0", requires=("six>=1", "six!=1.1", 'gone; python_version<"3"'))
    note_wheel(built, "app", "1.0")
    return built


def read_lock(built: PrefixBuilder) -> Any:
    return YAML(typ="safe", pure=True).load(FORMATS["conda-lock"].render(read(built), layout()))


def read_bom(built: PrefixBuilder) -> Any:
    text = FORMATS["cyclonedx-json"].render(read(built), layout())
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(text) is None
    assert FORMATS["cyclonedx-json"].render(read(built), layout()) == text
    return json.loads(text)


def find_component(bom: Any, name: str) -> Any:
    (found,) = [one for one in bom["components"] if one["name"] == name]
    return found


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        *(
            ("pixi.lock", "pixi-lock"),
            ("conda-lock.yml", "conda-lock"),
            ("web.conda-lock.yaml", "conda-lock"),
        ),
        *(("web.cdx.json", "cyclonedx-json"), ("bom.json", "cyclonedx-json")),
    ],
)
def test_the_name_of_a_file_says_its_format(name: str, expected: str) -> None:
    found = find_format(name)
    assert found is not None
    assert found.name == expected


def test_a_conda_lock_has_both_parts_as_its_schema_wants_them(built: PrefixBuilder) -> None:
    import jsonschema  # slow, and needed here alone

    repo = {"url": "https://h/r.git", "vcs_info": GIT}
    built.pip_package("repo", "2.0", direct_url=repo)
    built.pip_package("plain", "1.0", direct_url={"url": "file:///a%20b", "dir_info": {}})
    archive = {"archive_info": {"hashes": {"sha256": "b" * 64}}}
    built.pip_package("z", "1.0", direct_url={"url": "https://h/z.zip", **archive})
    lock = read_lock(built)
    build_channel()  # of wheels, of which one is conda-lock
    wheel = next(CACHE.glob("wheels/conda_lock-*.whl"))
    with zipfile.ZipFile(wheel) as files:
        schema = json.loads(files.read("conda_lock/lockfile/v1/conda-lock-v1.schema.json"))
    jsonschema.validate(lock, schema)
    found = {one["name"]: one for one in lock["package"]}
    assert found["six"]["hash"] == {"md5": MD5, "sha256": SHA256}
    assert found["six"]["manager"] == "conda"
    assert found["app"]["dependencies"] == {"six": ">=1,!=1.1"}
    assert found["app"]["hash"] == {"sha256": "a" * 64}
    url = "git+https://h/r.git@abc123"
    assert (found["repo"]["url"], found["repo"]["source"]["url"]) == (url, url)
    assert found["plain"]["url"] == "file:///a%20b"
    assert found["z"]["source"]["url"] == f"https://h/z.zip#sha256={'b' * 64}"
    assert lock["metadata"]["platforms"] == ["linux-64"]


def test_a_pixi_lock_is_read_by_py_rattler(built: PrefixBuilder, tmp_path: Path) -> None:
    raw = built.root / "conda-meta/six-1.16.0-0.json"
    url = "https://h/t/tk-123/c/linux-64/six-1.16.0-0.conda"
    raw.write_text(json.dumps({**json.loads(raw.read_text()), "url": url}))
    commit = "c" * 40
    vcs = {"vcs": "git", "commit_id": commit, "requested_revision": "main"}
    repo = {"url": "https://me:pw@h/r.git", "vcs_info": vcs, "subdirectory": "a b"}
    built.pip_package("repo", "2.0", direct_url=repo)
    archive = {"archive_info": {"hashes": {"sha256": "b" * 64}}}
    built.pip_package("z", "1.0", direct_url={"url": "https://h/z.zip", **archive})
    text = FORMATS["pixi-lock"].render(read(built), layout())
    assert FORMATS["pixi-lock"].render(read(built), layout()) == text
    assert "tk-123" not in text
    file = tmp_path / "pixi.lock"
    file.write_text(text)
    environment = rattler.LockFile.from_path(file).default_environment()
    assert environment is not None
    (platform,) = environment.platforms()
    found = {one.name: one for one in environment.packages(platform) or ()}
    assert found["six"].location == "https://h/c/linux-64/six-1.16.0-0.conda"
    hashes = found["six"].hashes
    assert hashes is not None
    assert hashes.sha256 is not None
    assert hashes.sha256.hex() == SHA256
    assert found["app"].location.endswith(f"app-1.0-py3-none-any.whl#sha256={'a' * 64}")
    assert found["repo"].location == (f"git+https://h/r.git?subdirectory=a%20b&rev=main#{commit}")
    assert found["z"].location == f"direct+https://h/z.zip#sha256={'b' * 64}"


def test_two_projects_at_the_root_of_one_repository_are_not_one_in_a_pixi_lock(
    built: PrefixBuilder,
) -> None:
    """py-rattler would drop the second one: a pixi.lock names packages by their URLs."""
    vcs = {"vcs": "git", "commit_id": "c" * 40}
    repo = {"url": "https://h/r.git", "vcs_info": vcs}
    built.pip_package("first", "1.0", direct_url=repo)
    built.pip_package("second", "2.0", direct_url={**repo, "subdirectory": "second"})
    assert "second" in FORMATS["pixi-lock"].render(read(built), layout())
    built.pip_package("third", "3.0", direct_url=repo)
    with pytest.raises(InteropError, match=r"third 3\.0: it is from the same place as first"):
        FORMATS["pixi-lock"].render(read(built), layout())


@pytest.mark.parametrize(
    ("direct_url", "message"),
    [
        (None, "are not known: other"),
        ({"url": "file:///x", "dir_info": {"editable": True}}, "other 1.0: it is editable"),
        ({"url": "https://h/x.zip", "archive_info": {}}, "no SHA-256 of the archive"),
        ({"url": "https://h/x"}, "does not say what it came from"),
    ],
)
def test_what_a_pixi_lock_cannot_contain_is_refused_by_name(
    built: PrefixBuilder, direct_url: dict[str, object] | None, message: str
) -> None:
    built.pip_package("other", "1.0", direct_url=direct_url)
    with pytest.raises(InteropError, match=message):
        FORMATS["pixi-lock"].render(read(built), layout())


@pytest.mark.parametrize(
    ("direct_url", "message"),
    [
        (None, "are not known: other"),
        (
            {"url": "file:///x", "dir_info": {"editable": True}},
            "cannot contain other 1.0: it is edi",
        ),
        ({"url": "https://h/x.zip", "archive_info": {}}, "no SHA-256 of the archive"),
        ({"url": "https://h/x"}, "does not say what it came from"),
    ],
)
def test_what_a_conda_lock_cannot_contain_is_refused_by_name(
    built: PrefixBuilder, direct_url: dict[str, object] | None, message: str
) -> None:
    built.pip_package("other", "1.0", direct_url=direct_url)
    with pytest.raises(InteropError, match=message):
        read_lock(built)


def test_a_conda_lock_needs_the_md5_of_each_package(built: PrefixBuilder) -> None:
    built.conda_record("z", "1", ())
    with pytest.raises(InteropError, match="cannot contain z 1: its record has no MD5"):
        read_lock(built)


def test_a_conda_package_has_both_identities_and_an_override_only_pips(
    built: PrefixBuilder,
) -> None:
    built.conda_package("click", "8.1.7")
    built.pip_upgrade("click", "8.1.7", "8.1.3")
    bom = read_bom(built)
    six = find_component(bom, "six")
    purl = (
        "pkg:conda/six@1.16.0?build=0&channel=https://example.org/main&subdir=linux-64&type=conda"
    )
    assert six["purl"] == purl
    assert [one["purl"] for one in six["components"]] == ["pkg:pypi/six@1.16.0"]
    assert six["licenses"] == [{"expression": "MIT"}]
    click = find_component(bom, "click")
    assert click["purl"] == "pkg:pypi/click@8.1.3"
    assert click["properties"] == [{"name": "conda-pip-interop:in-place-of", "value": "click"}]
    edges = {one["ref"]: one["dependsOn"] for one in bom["dependencies"]}
    assert edges[find_component(bom, "app")["bom-ref"]] == [purl]


def test_a_bill_of_materials_of_any_size_is_named_and_not_read(built: PrefixBuilder) -> None:
    file = built.write(f"{built.dist_info('app', '1.0')}/sboms/native.json", "{}")
    named = find_component(read_bom(built), "app")["externalReferences"][1]
    assert len(named["hashes"][0]["content"]) == 64
    os.truncate(file, 1 << 40)
    assert find_component(read_bom(built), "app")["externalReferences"][1] == {
        key: value for key, value in named.items() if key != "hashes"
    }


def test_each_source_and_a_bill_of_materials_of_a_wheel_are_named(built: PrefixBuilder) -> None:
    repo = {"url": "ssh://git@h/r.git", "vcs_info": GIT}
    built.pip_package("repo", "1.0", direct_url=repo)
    archive = {"archive_info": {"hashes": {"sha256": "b" * 64}}}
    built.pip_package("z", "1.0", direct_url={"url": "https://h/z.zip", **archive})
    built.pip_package("plain", "1.0", direct_url={"url": "file:///x", "dir_info": {}})
    built.pip_package("unknown", "1.0+local")
    built.write(f"{built.dist_info('app', '1.0')}/sboms/native.json", "{}")
    bom = read_bom(built)
    app = find_component(bom, "app")
    assert app["purl"] == "pkg:pypi/app@1.0?file_name=app-1.0-py3-none-any.whl"
    assert app["hashes"] == [{"alg": "SHA-256", "content": "a" * 64}]
    assert app["externalReferences"][1]["url"].endswith("app-1.0.dist-info/sboms/native.json")
    assert find_component(bom, "repo")["externalReferences"][0]["type"] == "vcs"
    assert find_component(bom, "z")["hashes"] == [{"alg": "SHA-256", "content": "b" * 64}]
    assert find_component(bom, "unknown")["purl"] == "pkg:pypi/unknown@1.0%2Blocal"


def test_a_licence_that_is_no_expression_is_a_name(built: PrefixBuilder) -> None:
    built.pip_package("odd", "1.0")
    metadata = built.root / built.dist_info("odd", "1.0") / "METADATA"
    text = metadata.read_text()
    metadata.write_text(text.replace("Name: odd", "Name: odd\nLicense: My own, see file"))
    assert find_component(read_bom(built), "odd")["licenses"] == [
        {"license": {"name": "My own, see file"}}
    ]


_TEXT = st.text(st.characters(codec="utf-8"), max_size=8)  # long ones cost most of the time
_VALUE: st.SearchStrategy[Any] = st.recursive(
    st.booleans() | st.integers(-(2**63), 2**63 - 1) | _TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_TEXT, inner, max_size=4),
    max_leaves=8,
)
_TABLE = st.dictionaries(_TEXT, _VALUE, max_size=4)


@settings(max_examples=200, deadline=None)
@given(document=st.dictionaries(_TEXT, _VALUE | st.lists(_TABLE, max_size=4), max_size=4))
def test_a_document_is_read_back_as_it_was(document: dict[str, Any]) -> None:
    assert load_toml(render_toml(document), "here") == document


def test_tables_have_headings_and_deeper_ones_are_inline() -> None:
    text = render_toml(
        {"a": 1, "packages": [{"name": "x", "vcs": {"url": "u"}}], "tool": {"t": {"b": True}}}
    )
    assert text == 'a = 1\n\n[[packages]]\nname = "x"\nvcs = {url = "u"}\n\n[tool.t]\nb = true\n'


def test_a_value_that_toml_lacks_is_an_error() -> None:
    with pytest.raises(TypeError):
        render_toml({"a": None})
