"""pip is kept to one environment, whatever its settings say, and keeps its settings."""

from __future__ import annotations

import dataclasses
import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from conda_pip_interop.errors import InteropError
from conda_pip_interop.installers.failures import pip_failed
from conda_pip_interop.installers.interface import ProvidedDistribution
from conda_pip_interop.installers.pip.process import neutral_environment
from conda_pip_interop.resolve.pinned_requirements import build_pins
from conda_pip_interop.resolve.request.request import build_request
from tests.support.pip_worlds import World, build_wheel, lines, pins

REDIRECTIONS = {
    "target": "{elsewhere}",
    "prefix": "{elsewhere}",
    "root": "{elsewhere}",
    "user": "true",
    "require-virtualenv": "true",
    "dry-run": "true",
    "no-deps": "true",
    "ignore-installed": "true",
    "force-reinstall": "true",
    "upgrade": "true",
}


def install(world: World, *texts: str) -> None:
    world.process().stage(pins(*texts), wheels=world.wheels, into=world.venv)


def configure_redirections(world: World, elsewhere: Path) -> None:
    said = [f"{name} = {value.format(elsewhere=elsewhere)}" for name, value in REDIRECTIONS.items()]
    world.configure("[install]", *said)


def check_lands_in_the_environment(world: World, elsewhere: Path) -> None:
    """All of it in the folder that is named, and nothing elsewhere."""
    build_wheel(world.wheels, "app", "1.0", scripts=True)
    install(world, "app==1.0")
    assert world.names() == {"app-1.0"}
    assert (world.venv / "bin/app").is_file()
    assert not elsewhere.exists()
    assert not (world.config.parents[2] / ".local").exists()


def test_variables_do_not_redirect_an_installation(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = tmp_path / "elsewhere"
    for setting, value in REDIRECTIONS.items():
        name = f"PIP_{setting.upper().replace('-', '_')}"
        monkeypatch.setenv(name, value.format(elsewhere=elsewhere))
    check_lands_in_the_environment(world, elsewhere)


def test_a_pip_conf_does_not_redirect_an_installation(world: World, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    configure_redirections(world, elsewhere)
    check_lands_in_the_environment(world, elsewhere)


def test_the_pip_of_another_python_is_not_redirected_either(world: World, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    configure_redirections(world, elsewhere)
    build_wheel(world.wheels, "app", requires=["lib"])
    build_wheel(world.wheels, "lib")
    process = world.process(own=False)
    provided = (ProvidedDistribution(name=canonicalize_name("lib"), version="1.0"),)
    assert [one.name for one in process.resolve(lines("app"), provided=provided)] == ["app"]
    process.stage(pins("app==1.0"), wheels=world.wheels, into=world.venv)
    assert world.names() == {"app-1.0"}
    assert not elsewhere.exists()


def test_a_pip_conf_does_not_change_what_a_resolution_answers(world: World, tmp_path: Path) -> None:
    build_wheel(world.wheels, "app", "1.0", requires=["lib"])
    build_wheel(world.wheels, "lib", "1.0")
    install(world, "lib==1.0")
    build_wheel(world.wheels, "lib", "2.0")
    configure_redirections(world, tmp_path / "elsewhere")
    items = world.process().resolve(lines("app", "lib"), provided=())
    assert [one.name for one in items] == ["app"]


def test_an_installation_has_the_very_files_of_a_plain_one(world: World, tmp_path: Path) -> None:

    build_wheel(world.wheels, "app", "1.0", scripts=True)
    install(world, "app==1.0")
    ours = {path: _read(world.venv / path) for path in world.files()}
    pip = [str(world.python), "-m", "pip"]
    subprocess.run([*pip, "uninstall", "-q", "-y", "app"], check=True)
    subprocess.run([*pip, "install", "-q", "app==1.0"], check=True)
    assert ours == {path: _read(world.venv / path) for path in world.files()}
    assert tmp_path in world.venv.parents


def _read(path: Path) -> bytes:
    return path.read_bytes() if path.is_file() else b""


def test_dependencies_are_left_to_the_plan(world: World) -> None:
    build_wheel(world.wheels, "app", requires=["not-there"])
    install(world, "app==1.0")
    assert world.names() == {"app-1.0"}


def test_constraints_index_and_other_settings_stay(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    build_wheel(world.wheels, "app", "1.0")
    build_wheel(world.wheels, "app", "2.0")
    (tmp_path / "limits.txt").write_text("app<2\n")
    monkeypatch.setenv("PIP_CONSTRAINT", str(tmp_path / "limits.txt"))
    world.process().fetch(pins("app"), into=tmp_path / "fetched")
    assert [path.name for path in sorted((tmp_path / "fetched").iterdir())] == [
        "app-1.0-py3-none-any.whl"
    ]


def test_a_fetch_brings_wheels_and_changes_nothing(world: World, tmp_path: Path) -> None:
    build_wheel(world.wheels, "app", requires=["lib"])
    build_wheel(world.wheels, "lib")
    before = world.files()
    world.process().fetch(pins("app==1.0", "lib==1.0"), into=tmp_path / "fetched")
    assert [path.name for path in sorted((tmp_path / "fetched").iterdir())] == [
        "app-1.0-py3-none-any.whl",
        "lib-1.0-py3-none-any.whl",
    ]
    assert world.files() == before


def test_what_was_not_fetched_comes_from_the_index_with_the_hash_that_was_resolved(
    world: World, tmp_path: Path
) -> None:
    wheel = build_wheel(world.wheels, "app", "1.0")
    (item,) = world.process().resolve(lines("app"), provided=())
    (pin,) = build_pins((item,), build_request([Requirement("app")]))
    assert pin.is_index_wheel
    (tmp_path / "empty").mkdir()
    build_wheel(world.wheels, "app", "1.0", more={"another.py": ""})
    with pytest.raises(InteropError) as caught:
        world.process().stage((pin,), wheels=tmp_path / "empty", into=world.venv)
    assert "THESE PACKAGES DO NOT MATCH THE HASHES" in caught.value.message
    assert world.names() == set()
    wheel.unlink()
    build_wheel(world.wheels, "app", "1.0")
    again = dataclasses.replace(
        pin, file=world.process().resolve(lines("app"), provided=())[0].origin
    )
    world.process().stage((again,), wheels=tmp_path / "empty", into=world.venv)
    assert world.names() == {"app-1.0"}


def test_a_requirement_that_looks_like_an_option_is_none(world: World) -> None:
    with pytest.raises(InteropError) as caught:
        world.process().resolve(lines("--target=x"), provided=())
    assert caught.value.code == "invalid-requirement"


def test_a_failure_has_pips_own_words_and_exit_code(world: World, tmp_path: Path) -> None:
    with pytest.raises(InteropError) as caught:
        world.process().fetch(pins("not-there==1"), into=tmp_path)
    assert caught.value.code == "pip-failed"
    assert caught.value.exit_code == 1
    assert "    ERROR: " in caught.value.message
    assert "not-there" in caught.value.message


def test_a_long_failure_is_told_from_its_first_error_on() -> None:
    output = "\n".join([*map(str, range(50)), "  error: it broke", "because", "ERROR: so it is"])
    message = pip_failed(2, output).message
    assert message.splitlines()[1:] == [
        "      error: it broke",
        "    because",
        "    ERROR: so it is",
    ]


def test_a_failure_that_names_no_error_is_told_by_its_last_lines() -> None:
    message = pip_failed(2, "\n".join(map(str, range(50)))).message
    assert message.splitlines()[1:] == [f"    {number}" for number in range(30, 50)]
    assert "exit code 2" in message


_KEPT = {
    "PIP_INDEX_URL": "https://index.example/simple",
    "PIP_EXTRA_INDEX_URL": "https://more.example/simple",
    "PIP_CONSTRAINT": "/c.txt",
    "PIP_CERT": "/ca.pem",
    "PIP_CLIENT_CERT": "/client.pem",
    "PIP_PROXY": "http://proxy.example",
    "PIP_TRUSTED_HOST": "index.example",
    "PIP_KEYRING_PROVIDER": "subprocess",
    "PIP_CONFIG_FILE": "/pip.conf",
    "PIP_NO_INDEX": "1",
    "PIP_FIND_LINKS": "/wheels",
    "PIP_CACHE_DIR": "/cache",
    "PIP_BREAK_SYSTEM_PACKAGES": "1",
    "HTTPS_PROXY": "http://proxy.example",
    "SSL_CERT_FILE": "/ca.pem",
    "PATH": "/bin",
    "HOME": "/home/me",
}


def test_index_proxy_certificates_constraints_and_keys_are_kept() -> None:
    assert _KEPT.items() <= neutral_environment(_KEPT).items()


@settings(max_examples=50, deadline=None)
@given(environ=st.dictionaries(st.sampled_from([*_KEPT, "PIP_TARGET", "PIP_USER"]), st.text()))
def test_neutral_is_neutral_already(environ: dict[str, str]) -> None:
    once = neutral_environment(environ)
    assert neutral_environment(once) == once


def test_what_python_would_import_from_elsewhere_is_left_out() -> None:
    environ = {"PYTHONPATH": "/x", "PYTHONHOME": "/y", "PYTHONSTARTUP": "/z", "PYTHONUTF8": "1"}
    kept = neutral_environment(environ)
    assert environ.keys() & kept.keys() == {"PYTHONUTF8"}
    assert kept["PYTHONNOUSERSITE"] == "1"
