"""Every function that reads what others wrote, with valid inputs to begin from."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from packaging.utils import NormalizedName

from conda_pip_interop.changes.atomic.journal import is_newer, parse_conda_change, parse_journal
from conda_pip_interop.changes.origins import parse_origins, render_origins
from conda_pip_interop.changes.pending import parse_note
from conda_pip_interop.changes.state import parse_state, render_state
from conda_pip_interop.dependency_files.environment_yml import (
    parse_environment,
    read_pip_entries,
    render_environment,
)
from conda_pip_interop.dependency_files.formats import find_format
from conda_pip_interop.dependency_files.locations import find_key, is_location, parse_location
from conda_pip_interop.dependency_files.locks import parse_conda_lock, parse_pixi_lock
from conda_pip_interop.dependency_files.pixi import parse_pixi
from conda_pip_interop.dependency_files.projects.document import load_toml
from conda_pip_interop.dependency_files.pylock import parse_pylock
from conda_pip_interop.dependency_files.pyproject import (
    ProjectParts,
    parse_pyproject,
    parse_script,
)
from conda_pip_interop.dependency_files.requirements_txt import read_requirements_file
from conda_pip_interop.environment.conda_meta.history import parse_linked, parse_requested
from conda_pip_interop.environment.conda_meta.records import (
    CondaRecord,
    claimed_metadata,
    parse_conda_record,
    render_record_json,
)
from conda_pip_interop.environment.metadata import (
    build_metadata,
    parse_headers,
    parse_metadata_name,
    parse_requires_txt,
)
from conda_pip_interop.environment.paths import PrefixPath, parse_prefix_path
from conda_pip_interop.environment.site_packages.provenance import Provenance
from conda_pip_interop.environment.site_packages.record import parse_record, render_record
from conda_pip_interop.errors import InteropError
from conda_pip_interop.installers.indexes import list_versions
from conda_pip_interop.installers.pip.report import parse_report
from conda_pip_interop.installers.uv.lock import parse_answer
from conda_pip_interop.locks.read import read_lock
from conda_pip_interop.names.conda_depends import parse_dependency, parse_environment_dependency
from conda_pip_interop.names.names_map import parse_map
from conda_pip_interop.names.package_contents import find_distributions
from conda_pip_interop.names.requirement import parse_requirement
from conda_pip_interop.resolve.locked import build_pin
from conda_pip_interop.resolve.request.environment_request import parse_environment_request

_HERE = Path(__file__).parent
_ORIGIN = Provenance(
    name=NormalizedName("six"),
    version="1.17",
    record_sha256="a" * 64,
    url="https://h/six-1.17-py3-none-any.whl",
    sha256="b" * 64,
    requested="six<2",
    options=("--pre", "--index-url https://h/simple"),
)
_NOTE = {
    "format": 1,
    "title": "install six",
    "staging": "conda-meta/pip-interop/staging-1",
    "links": ["six-1.17-"],
    "unlinks": [],
    "overwrite": ["six"],
    "automatic": "",
    "before": {"records": ["a-1-0.json"], "leaving": {"a-1-0.json": "{}"}, "history": ""},
    "created": ["bin/six"],
    "origins": render_origins([_ORIGIN]),
    "removals": ["bin/old"],
    "requests": {"six": "six<2"},
    "requested_packages": ["six"],
    "needed": ["six"],
}
_STEP = {"number": 0, "kind": "write", "path": "x", "existed": True, "sha256": None, "mode": None}


@dataclass(frozen=True, kw_only=True)
class Reader:
    """`read` gets a text and a folder of its own; `share` is its part of all inputs."""

    read: Callable[[str, Path], object]
    seeds: tuple[str, ...]
    share: float = 1.0


def _read_record(text: str, _: Path) -> None:
    rows = parse_record(text).rows
    assert parse_record(render_record(rows)).rows == rows


def _read_conda_record(text: str, _: Path) -> None:
    record = parse_conda_record(text, path=PrefixPath("conda-meta/a-1-0.json"))
    if isinstance(record, CondaRecord):
        render_record_json(record.raw)
        assert all(parse_prefix_path(file.path) == file.path for file in record.files)
        list(claimed_metadata(record))


def _read_headers(text: str, _: Path) -> None:
    build_metadata(parse_headers(text))
    parse_requires_txt(text)
    parse_metadata_name(text)


def _read_history(text: str, _: Path) -> None:
    for one in parse_linked(text).values():
        assert not {"/", "\0"} & {*one.stem}
    parse_requested(text)


def _read_journal(text: str, _: Path) -> None:
    is_newer(text)
    parse_conda_change(text)
    journal = parse_journal("20260101T000000Z", text)
    for step in () if journal is None else journal.steps:
        assert parse_prefix_path(step.path) == step.path
        assert step.number >= 0


def _read_note(text: str, _: Path) -> None:
    """What was noted of an installation is placed and removed inside of the environment alone."""
    note = parse_note(text)
    if note is not None:
        staging = [] if note.staging is None else [note.staging]
        for path in (*staging, *note.created, *(one.path for one in note.plan.files)):
            assert parse_prefix_path(path) == path


def _read_origins(text: str, _: Path) -> None:
    entries, newer = parse_origins(text)
    assert not (entries and newer)
    assert parse_origins(render_origins(entries))[0] == entries or len(entries) > 1


def _read_state(text: str, _: Path) -> None:
    state = parse_state(text)
    assert state.newer or parse_state(render_state(state)) == state


def _read_requirements(text: str, folder: Path) -> None:
    file = folder / "r.txt"
    file.write_text(text, encoding="utf-8", errors="surrogateescape")
    for entry in read_requirements_file(file):
        assert len(f"{entry.text} {entry.tail}".splitlines()) <= 1


def _read_environment(text: str, folder: Path) -> None:
    found = parse_environment(text, origin="x")
    read_pip_entries(found, origin="x", folder=folder)
    render_environment(found, conda=found.conda, pip=found.pip)
    parse_environment_request(text, origin="x", folder=folder)


def _read_lock(text: str, folder: Path) -> None:
    """Whatever a lock states becomes words of a command line: `Line` refuses several lines."""
    for file in ("lock.toml", "lock.txt", "lock.yml"):
        (folder / file).write_text(text, encoding="utf-8", errors="surrogateescape")
        with contextlib.suppress(InteropError):
            lock = read_lock([file], folder=folder, subdir="linux-64")
            for one in () if lock is None else lock.pip:
                build_pin(one)


def _read_location(text: str, folder: Path) -> None:
    parse_location(text, folder=folder)
    parse_location(text, folder=folder, editable=True)
    is_location(text)
    find_key(text)


def _read_specs(text: str, _: Path) -> None:
    parse_requirement(text)
    parse_dependency(text)
    parse_environment_dependency(text)
    find_distributions([text])


_RECORD = json.dumps(
    {
        "name": "a",
        "version": "1",
        "build": "0",
        "files": ["lib/python3.11/site-packages/a-1.dist-info/METADATA", "bin/a"],
        "paths_data": {"paths": [{"_path": "bin/a", "sha256": "0" * 64, "size_in_bytes": 1}]},
        "depends": ["python >=3.11,<3.12.0a0"],
        "noarch": "python",
    }
)
_REPORT = json.dumps(
    {
        "version": "1",
        "install": [
            {
                "metadata": {"name": "a", "version": "1", "requires_dist": ["b>=1"]},
                "requested": True,
                "is_direct": False,
                "download_info": {"url": "https://example.org/a.whl", "archive_info": {}},
            }
        ],
    }
)

READERS: Mapping[str, Reader] = {
    "RECORD": Reader(
        read=_read_record,
        seeds=("a/b.py,sha256=AAAA,12\n'a,b'.py,,\n\"x,y\",md5=0,\n", "a.dist-info/RECORD,,\r\n"),
        share=2,
    ),
    "conda record": Reader(read=_read_conda_record, seeds=(_RECORD, "{}"), share=2),
    "METADATA": Reader(
        read=_read_headers,
        seeds=(
            "Metadata-Version: 2.1\nName: a\nVersion: 1.0\nRequires-Dist: b>=1 ; extra == 'x'\n\nx",
            "b>=1\n\n[x:python_version<'3']\nc\n",
            "a_b-1.0-py3.11",
        ),
        share=2,
    ),
    "history": Reader(
        read=_read_history,
        seeds=(
            (
                "==> 2026-11-24 05:54:21 <==\n# cmd: conda install a\n+main/linux-64::a-1-0\n"
                "-conda-forge::b-2-py_0\n# update specs: ['a', 'python=3.11']\n# remove specs: b\n"
            ),
        ),
    ),
    "journal": Reader(
        read=_read_journal,
        seeds=(
            json.dumps({"format": 1, "title": "t", "started": "2026-01-01T00:00:00+00:00"})
            + f"\n{json.dumps(_STEP)}\n{json.dumps({'closed': True})}\n",
            json.dumps(
                {"linked": ["a"], "unlinked": {"b": "{}"}, "history": "", "history_sha256": ""}
            ),
        ),
        share=2,
    ),
    "note": Reader(read=_read_note, seeds=(json.dumps(_NOTE),)),
    "origins": Reader(read=_read_origins, seeds=(render_origins([_ORIGIN]),)),
    "state": Reader(read=_read_state, seeds=(render_state(parse_state("")), '{"format": 2}')),
    "requirements.txt": Reader(
        read=_read_requirements,
        seeds=(
            (
                "# x\nflask[async]>=3,<4 ; python_version < '3.12'  # why\n-e ./src\n--hash=x\n"
                "six==1 \\\n    --hash=sha256:aa\n    # via flask\n-r r.txt\n-c c.txt\n"
            ),
            "a @ file:///x_1722977137225/work\ngit+https://e.org/x.git@v1#egg=x\n--index-url x\n",
        ),
        share=2,
    ),
    "pyproject.toml": Reader(
        read=lambda text, _: parse_pyproject(
            text, origin="x", parts=ProjectParts(extras=("e",), groups=("g",), build_system=True)
        ),
        seeds=(
            (
                "[project]\nname = 'p'\ndependencies = ['a>=1', 'b @ https://e.org/b.whl']\n"
                "requires-python = '>=3.10'\n[project.optional-dependencies]\ne = ['c']\n"
                "[dependency-groups]\ng = ['d', {include-group = 'h'}]\nh = []\n"
                "[build-system]\nrequires = ['setuptools']\n"
                "[tool.uv.sources]\na = {git = 'https://e.org/a', tag = 'v1'}\n"
                "[[tool.uv.index]]\nname = 'i'\nurl = 'https://e.org/simple'\n"
            ),
            (
                "[project]\nname = 'p'\n[project.optional-dependencies]\n"
                "e = ['p[f]', 'a']\nf = []\n"
                "[tool.uv]\nindex-url = 'https://a'\nextra-index-url = ['https://b']\n"
                "constraint-dependencies = ['a<2']\ndev-dependencies = ['c']\n"
                "[tool.uv.sources]\na = [{index = 'i', extra = 'e', marker = \"os_name=='x'\"}]\n"
                "[[tool.pdm.source]]\nname = 'i'\nurl = 'https://d'\ninclude_packages = ['t*']\n"
                "[tool.poetry.group.g]\ninclude-groups = ['h']\n[dependency-groups]\ng = ['d']\n"
            ),
            (
                "[tool.poetry]\nname = 'p'\n[tool.poetry.dependencies]\npython = '^3.10'\n"
                "a = '^1.2'\nb = {version = '~2', extras = ['x'], markers = \"os_name == 'nt'\"}\n"
                "c = {path = '../c', develop = true}\n[tool.poetry.group.g.dependencies]\nd = '*'\n"
            ),
        ),
    ),
    "pixi.toml": Reader(
        read=lambda text, folder: parse_pixi(
            load_toml(text, "x"), origin="x", folder=folder, subdir="linux-64", features=("f",)
        ),
        seeds=(
            (
                "[workspace]\nchannels = ['c', {channel = 'd'}]\n[dependencies]\npython = '3.*'\n"
                "a = {version = '>=1', build = 'x*', channel = 'c'}\n[pypi-dependencies]\n"
                "b = {version = '*', extras = ['e']}\nc = {git = 'https://e.org/c', rev = 'a'}\n"
                "d = {path = '.', editable = true}\n[pypi-options]\nfind-links = [{path = 'w'}]\n"
                "no-build = ['a']\nextra-index-urls = ['https://b']\n"
                "[target.linux.dependencies]\ne = '*'\n[feature.f.dependencies]\nf = '1'\n"
                "[environments]\ndefault = {features = ['f'], no-default-feature = false}\n"
            ),
        ),
    ),
    "conda-lock.yml": Reader(
        read=lambda text, _: parse_conda_lock(text, origin="x"),
        seeds=(
            (
                "version: 1\nmetadata:\n  channels: [{url: c}]\n  content_hash: {}\npackage:\n"
                "- {name: a, version: '1', manager: conda, platform: linux-64,\n"
                "   url: 'https://e.org/a-1-0.conda', hash: {md5: aa}, category: main}\n"
                "- {name: b, version: '1', manager: pip, platform: linux-64, hash: {sha256: bb},\n"
                "   url: 'git+https://e.org/b@cc', source: {type: url}, category: dev}\n"
            ),
        ),
        share=0.3,
    ),
    "pixi.lock": Reader(
        read=lambda text, _: parse_pixi_lock(text, origin="x"),
        seeds=(
            (
                "version: 7\nplatforms: [{name: p, subdir: linux-64}]\nenvironments:\n"
                "  default:\n    channels: [{url: c}]\n    packages:\n      p:\n"
                "      - conda: https://e.org/a-1-0.conda\n      - pypi: ./b\npackages:\n"
                "- conda: https://e.org/a-1-0.conda\n  sha256: aa\n"
                "- pypi: ./b\n  name: b\n  version: '1'\n  editable: true\n"
            ),
        ),
        share=0.3,
    ),
    "index page": Reader(
        read=lambda text, _: list_versions(text.encode(errors="replace"), NormalizedName("a")),
        seeds=(
            '<a href="x">a-1.0.tar.gz</a><A>a-2-py3-none-any.whl</A>',
            '{"files": [{"filename": "a-1.0.tar.gz", "upload-time": "2020"}]}',
        ),
        share=0.5,
    ),
    "script": Reader(
        read=lambda text, _: parse_script(text, origin="x"),
        seeds=("# /// script\n# dependencies = ['a']\n# requires-python = '>=3'\n# ///\n",),
        share=0.5,
    ),
    "pylock.toml": Reader(
        read=lambda text, folder: parse_pylock(text, origin="x", folder=folder),
        seeds=(
            (
                "lock-version = '1.0'\nrequires-python = '>=3.10'\n[[packages]]\nname = 'a'\n"
                "version = '1'\nmarker = \"'e' in extras\"\n[packages.sdist]\n"
                "url = 'https://e.org/a-1.tar.gz'\nhashes = {sha256 = 'aa'}\n[[packages]]\n"
                "name = 'b'\n[packages.vcs]\ntype = 'git'\nurl = 'https://e.org/b'\n"
                "commit-id = 'cc'\n"
                "[[packages]]\nname = 'c'\n[packages.directory]\npath = './c'\neditable = true\n"
            ),
        ),
    ),
    "lock": Reader(
        read=_read_lock,
        seeds=(
            (
                "packages = [{name = 'a', version = '1', wheels = [{url = "
                "'https://e.org/a-1-py3-none-any.whl', hashes = {sha256 = '" + "a" * 64 + "'}}]},"
                " {name = 'b', vcs = {type = 'git', url = 'https://e.org/b', commit-id = 'c'}},"
                " {name = 'd', directory = {path = './d'}}]\n[tool.conda-pip-interop]\n"
                "platform = 'linux-64'\nconda = [{url = 'https://e.org/noarch/a-1-0.conda', "
                "md5 = '" + "b" * 32 + "', requested = 'a>=1'}]\n"
            ),
            (
                "@EXPLICIT\nhttps://e.org/linux-64/a-1-0.conda#" + "b" * 32 + "\n"
                "# pip a @ https://e.org/a-1.tar.gz#sha256=" + "a" * 64 + "\n"
                "# pip b @ git+https://e.org/b@c#subdirectory=d\n# pip c @ file:///c\n"
            ),
        ),
        share=0.3,
    ),
    "environment.yml": Reader(
        read=_read_environment,
        seeds=(
            (
                "name: web  # x\nchannels: [main]\ndependencies:\n  # c\n  - python=3.11\n"
                "  - conda-forge::numpy>=1.2  # y\n  - pip:\n      - six==1 # z\n      - -e .\n"
                "variables: {A: '1'}\n"
            ),
        ),
        share=0.3,
    ),
    "format": Reader(
        read=lambda text, _: find_format(text, Path("x")),
        seeds=("a==1\n", "[project]\n", '{"_meta": {}}', "dependencies:\n- a\n", "@EXPLICIT\n"),
        share=0.5,
    ),
    "map of names": Reader(
        read=lambda text, _: parse_map(text.encode(errors="replace"), origin="x", fetched=0),
        seeds=('{"torch": {"conda_name": "pytorch"}}', '{"a": ["b"], "zlib": null}', "a: b\n"),
        share=0.3,
    ),
    "report": Reader(read=lambda text, _: parse_report(text), seeds=(_REPORT,)),
    "answer of uv": Reader(
        read=lambda text, _: parse_answer(text),
        seeds=(
            (
                "lock-version = '1.0'\n[[packages]]\nname = 'a'\nversion = '1'\n"
                "wheels = [{url = 'https://e.org/a.whl', hashes = {sha256 = 'aa'}}]\n"
            ),
        ),
        share=0.5,
    ),
    "location": Reader(
        read=_read_location,
        seeds=(
            "./a[x] ; os_name == 'nt'",
            "a[x] @ git+https://u:p@e.org/a.git@v1#egg=a&subdirectory=b ; os_name == 'nt'",
            "https://e.org/a-1-py3-none-any.whl#sha256=aa",
        ),
    ),
    "specs": Reader(
        read=_read_specs,
        seeds=(
            "flask[async]>=3,!=3.1,<4 ; python_version < '3' and extra == 'x'",
            "conda-forge::numpy >=1.26,<2.0a0|==3.* py312_0",
            "python_abi 3.11.* *_cp311",
            "lib/python3.11/site-packages/a-1.dist-info/METADATA",
        ),
        share=2,
    ),
}
