"""`conda pip names`: real channels asked, packages looked into, guesses remembered."""

from __future__ import annotations

import ast
import hashlib
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from conda_pip_interop.dependencies.requirements import marker_environment
from conda_pip_interop.environment.prefix import read_prefix
from tests.stories.tls import AUTHORITY, CERTIFICATE, KEY
from tests.support.channels import build_carrying_package, build_conda_package, write_channel
from tests.support.environments import MakeEnv
from tests.support.index_server import serve_folder
from tests.support.pip_worlds import build_wheel
from tests.world.channel import native_subdir

if TYPE_CHECKING:
    from tests.world.base import Base

pytestmark = pytest.mark.e2e


#: Metadata that names a module (PEP 794).
HOLLOW = "Metadata-Version: 2.5\nName: hollow\nVersion: 1.0\nImport-Name: hollow ; private\n"


@pytest.fixture(scope="module")
def channel(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A channel of packages whose names say one thing and whose files another."""
    return write_channel(
        tmp_path_factory.mktemp("channel") / "conda-forge",
        build_carrying_package("pytorch", carries="torch"),
        build_carrying_package("pytorch", "2.0rc1", carries="torch"),
        build_carrying_package("odd-name", carries="unheard_of"),
        build_carrying_package("liar", carries="somebody_else"),
        build_carrying_package("whole", "3.0", "whole-base 3.0.*", carries=None),
        build_carrying_package("whole-base", "3.0", carries="whole"),
        build_carrying_package("namesake", "7.1", carries="namesake"),
        build_conda_package(
            "hollow", files={"site-packages/hollow-1.0.dist-info/METADATA": HOLLOW}
        ),
    )


def ask(base: Base, channel: str, *words: str, check: bool = True, **extra: str) -> Any:
    done = base.run("pip", "names", "-c", channel, "--json", *words, check=check, **extra)
    return json.loads(done.stdout)


def by_name(document: Any) -> dict[str, Any]:
    return {one["name"]: one for one in document["names"]}


def test_each_source_says_its_part_and_the_files_have_the_last_word(
    base: Base, channel: str, tmp_path: Path
) -> None:
    home: dict[str, Any] = {"XDG_CACHE_HOME": str(tmp_path)}
    words = ("Torch", "liar", "whole", "ninja", "nowhere")
    guessed = by_name(ask(base, channel, *words, **home))
    assert {name: one["conda"] for name, one in guessed.items()} == {
        "torch": "pytorch",
        "liar": "liar",
        "whole": "whole",
        "ninja": None,
        "nowhere": None,
    }
    assert guessed["torch"]["sources"][0]["source"] == "table"
    assert guessed["torch"]["versions"] == ["2.0rc1", "1.0"]
    assert guessed["nowhere"]["reason"] == "not in the channels"
    assert guessed["liar"]["carried"] is None

    checked = by_name(ask(base, channel, *words, "--check", check=False, **home))
    assert checked["torch"]["carried"] is True
    assert checked["whole"]["carried"] is True
    assert checked["whole"]["reason"] == "whole-base 3.0 contains it"
    assert (checked["liar"]["conda"], checked["liar"]["carried"]) == (None, False)

    (considered,) = checked["liar"]["considered"]
    assert (considered["name"], considered["build"]) == ("liar", "pyhd_0")
    remembered = (tmp_path / "conda" / "pip-interop" / "wrong-guesses.json").read_text()
    assert '"liar"' in remembered

    packages = tmp_path / "packages"  # another cache, and empty: what is remembered is not fetched
    again = base.run(
        *("pip", "names", "-c", channel, "liar", "--check"),
        check=False,
        CONDA_PKGS_DIRS=str(packages),
        **home,
    )
    assert again.returncode == 1
    assert "liar: from PyPI" in again.stdout
    assert "  packages  liar 1.0 pyhd_0\n" in again.stdout
    assert not list(packages.glob("liar-*"))


def test_the_names_of_a_channel_are_kept_as_long_as_its_repodata(
    base: Base, channel: str, tmp_path: Path
) -> None:
    folder = Path(channel.removeprefix("file://")).parent
    with serve_folder(folder) as (url, requests):
        words = ("pip", "names", "--json", "--override-channels", "-c", f"{url}/conda-forge")
        home: dict[str, Any] = {"CONDA_PKGS_DIRS": str(tmp_path)}
        base.run(*words, "odd.name", **home)
        (kept,) = tmp_path.glob("cache/pip_interop_names_*.json")
        document = json.loads(kept.read_text())
        assert "odd-name" in document["names"]
        kept.write_text(json.dumps(document | {"names": ["unheard.of"]}))
        requests.clear()
        answer = by_name(json.loads(base.run(*words, "odd.name", "unheard-of", **home).stdout))
        assert requests == []
        assert answer["odd-name"]["reason"] == "not in the channels"
        assert answer["unheard-of"]["sources"][0]["names"] == ["unheard.of"]


def test_the_other_way_round(base: Base, channel: str) -> None:
    words = ("--conda", "pytorch", "--conda", "cmake", "--conda", "requests")
    pytorch, cmake, requests = ask(base, channel, *words, "--check")["packages"]
    assert pytorch["distributions"] == [{"name": "torch", "version": "2.0rc1"}]
    assert pytorch["known_from"] == "package"
    assert (cmake["distributions"], cmake["known_from"]) == ([], None)
    assert (requests["distributions"][0]["name"], requests["known_from"]) == (
        "requests",
        "installed",
    )


def write_settings(base: Base, folder: Path, text: str) -> dict[str, Any]:
    """The variables under which conda reads this too, and keeps things in `folder`."""
    condarc = folder / "condarc"
    before = Path(base.env()["CONDARC"]).read_text()
    condarc.write_text(f"{before}\nplugins:\n  {text}\n")
    return {"XDG_CACHE_HOME": str(folder), "CONDARC": str(condarc)}


def test_the_additional_map_is_fetched_only_when_asked_for(
    base: Base, channel: str, tmp_path: Path
) -> None:
    file = tmp_path / "map.json"
    home = write_settings(base, tmp_path, f"pip_interop_names_map: {file}")

    def look() -> str:
        return base.run("pip", "names", "-c", channel, "unheard.of", **home).stdout

    file.write_text('{"unheard-of": {"conda_name": "odd-name"}}')
    assert look().startswith("unheard-of: from PyPI")
    assert "1 name." in base.run("pip", "names", "--update", **home).stdout
    assert "unheard-of: from conda as odd-name (not verified)" in look()
    assert f"names map: {file}, fetched today" in look()

    file.write_text("<html>Please log in</html>")
    refused = base.run("pip", "names", "--update", check=False, **home)
    assert refused.returncode == 1
    assert "is not a map of names" in refused.stderr
    file.unlink()
    refused = base.run("pip", "names", "--update", check=False, **home)
    assert "was not fetched" in refused.stderr
    assert "from conda as odd-name" in look()


def test_the_additional_map_comes_by_https_and_no_other_way(base: Base, tmp_path: Path) -> None:
    (tmp_path / "map.json").write_text('{"odd-name": ["unheard-of"], "zlib": null}')
    certificate = tmp_path / "certificate.pem"
    certificate.write_text(CERTIFICATE + KEY)
    authority = tmp_path / "authority.pem"
    authority.write_text(AUTHORITY)

    def update(url: str, **extra: str) -> tuple[int, str]:
        home = write_settings(base, tmp_path, f"pip_interop_names_map: {url}")
        done = base.run("pip", "names", "--update", check=False, **(home | extra))
        return done.returncode, done.stdout + done.stderr

    with serve_folder(tmp_path, tls=certificate) as (url, _), serve_folder(tmp_path) as (plain, _):
        trusting = {
            "CONDA_SSL_VERIFY": str(authority),
            "CONDA_REMOTE_MAX_RETRIES": "0",
        }
        assert update(f"{url}/map.json", **trusting) == (0, f"{url}/map.json: 1 name.\n")
        for place, reason in (
            (f"{url}/none.json", "404"),
            (
                f"{url}/away?{plain}/map.json",
                f"it redirects to {plain}/map.json, which is not https",
            ),
            (f"{plain}/map.json", "neither a file nor an https URL"),
        ):
            code, said = update(place, **trusting)
            assert code == 1
            assert f"{place} was not fetched" in said
            assert reason in said
        code, said = update(f"{url}/map.json", CONDA_REMOTE_MAX_RETRIES="0")
        assert code == 1
        assert "certificate verify failed" in said


def test_the_users_map_is_read_and_a_wrong_one_is_an_error_with_its_place(
    base: Base, channel: str, tmp_path: Path
) -> None:
    home = write_settings(base, tmp_path, "pip_interop_names: {six: [a]}")
    refused = base.run("pip", "names", "six", check=False, **home)
    assert refused.returncode == 1
    assert f"pip_interop_names is set to {{'six': ['a']}} by {tmp_path}" in refused.stderr
    names = "{Six: null, unheard_of: odd-name, 'conda-forge::torch': null, 'other::whole': null}"
    home = write_settings(base, tmp_path, f"pip_interop_names: {names}")
    answer = by_name(ask(base, channel, "six", "unheard.of", "torch", "whole", **home))
    never = "excluded from conda by pip_interop_names"
    assert [answer[one]["reason"] == never for one in ("six", "torch", "whole")] == [1, 1, 0]
    assert answer["unheard-of"]["conda"] == "odd-name"


def test_a_list_of_dependencies_is_translated_and_makes_an_environment(
    base: Base, channel: str, tmp_path: Path
) -> None:
    """What `translate` writes, conda itself can read, and each manager has its part."""
    file, output = tmp_path / "requirements.txt", tmp_path / "environment.yml"
    file.write_text("torch>=1  # big\nunheard-of\nsix>=1.15\nninja\n")
    words = ("pip", "translate", "-c", channel, str(file), "-o", str(output))
    assert base.run(*words, "--check", check=False).returncode == 1
    assert not output.exists()
    told = base.run(*words, "-v").stderr
    assert "six>=1.15 -> conda: six >=1.15 (the conda package of the same name)" in told
    text = output.read_text()
    assert "  - pytorch >=1,!=2.0rc1  # big\n  - six >=1.15\n  - pip\n" in text
    assert text.endswith("  - pip:\n      - unheard-of\n      - ninja\n")
    assert base.run(*words, "--check").stdout.strip() == f"{output} is up to date."

    env = tmp_path / "env"
    output.write_text(text.replace("      - unheard-of\n", "").replace("ninja", "cowsay"))
    base.run("env", "create", "-q", "-p", env, "--file", output)
    records = {path.name.rsplit("-", 2)[0] for path in (env / "conda-meta").glob("*.json")}
    assert {"pytorch", "six", "python", "pip"} <= records
    rows = json.loads(base.run("pip", "list", "-p", env, "--json").stdout)["distributions"]
    assert {"torch": "conda", "six": "conda", "cowsay": "pip"}.items() <= {
        row["name"]: row["owner"] for row in rows
    }.items()

    back = base.run("pip", "translate", str(output), "--to", "requirements", "-p", env).stdout
    assert "torch!=2.0rc1,>=1  # big" in back
    assert "cowsay" in back


def test_of_a_package_that_no_channel_has_only_a_known_name_is_translated(
    base: Base, tmp_path: Path
) -> None:
    file = tmp_path / "environment.yml"
    file.write_text("dependencies:\n  - matplotlib-base >= 3.8\n  - unheard-of=1\n  - six\n")
    words = ("pip", "translate", file, "--to", "requirements")
    assert base.run(*words).stdout == (
        "matplotlib>=3.8\n# unheard-of=1: unheard-of is not in the channels\nsix\n"
    )
    assert "\nunheard-of==1.*\n" in base.run(*words, "--no-channels").stdout


def test_what_pip_takes_in_no_file_is_refused_by_translate(base: Base, tmp_path: Path) -> None:
    file = tmp_path / "r.txt"
    for line in ("--user", "--unknown x"):
        file.write_text(f"six\n{line}\n")
        done = base.run("pip", "translate", file, check=False)
        assert done.returncode == 2
        assert f"r.txt:2: {line.split()[0]} is not supported in a requirements file" in done.stderr
    file.write_text("--pre\n--use-feature=fast-deps\nsix\n")
    assert "      - --use-feature=fast-deps\n" in base.run("pip", "translate", file).stdout
    file.write_text("six --config-settings=a=b\n")
    told = json.loads(base.run("pip", "translate", file, "--json").stdout)["notes"]
    assert told == ["the build settings of six are left out: conda's packages are built."]
    script = tmp_path / "run.py"
    script.write_text('# /// script\n# dependencies = ["six"]\n# ///\n')
    assert base.run("pip", "translate", script).stdout.endswith("dependencies:\n  - six\n")


def test_the_name_of_the_output_chooses_the_format(base: Base, tmp_path: Path) -> None:
    file, output = tmp_path / "environment.yml", tmp_path / "requirements.txt"
    file.write_text("dependencies:\n  - six\n")
    base.run("pip", "translate", file, "-o", output)
    assert output.read_text() == "six\n"
    base.run("pip", "translate", file, "-o", output, "--to", "environment")
    assert output.read_text() == file.read_text()
    for name in (".", "/", str(tmp_path), str(tmp_path / "none/x.yml")):
        done = base.run("pip", "translate", file, "-o", name, check=False)
        assert (done.returncode, done.stdout) == (1, "")
        assert f"Error: {name} cannot be written: " in done.stderr


def test_only_other_channels_are_said_to_be_searched_too(base: Base, tmp_path: Path) -> None:
    (own,) = base.run("config", "--show", "channels").stdout.split()[2:]
    lab = write_channel(tmp_path / "lab", build_carrying_package("bovine", carries="cowsay"))
    file = tmp_path / "environment.yml"
    for channel, is_said in ((own, False), (base.channel.url, False), (lab, True)):
        file.write_text(f"channels:\n  - {channel}\ndependencies:\n  - six\n")
        told = base.run("pip", "translate", file).stderr
        assert (f"{own} is searched, too" in told) is is_said


def test_the_table_of_a_project_counts_as_in_an_installation(base: Base, tmp_path: Path) -> None:
    """And a channel of the command line is searched beside those of the files."""
    lab = write_channel(tmp_path / "lab", build_carrying_package("bovine", carries="cowsay"))
    other = write_channel(
        tmp_path / "other", build_carrying_package("only-here", carries="only-here")
    )
    file, output = tmp_path / "pyproject.toml", tmp_path / "environment.yml"
    project = '[project]\nname = "web"\ndependencies = ["six", "cowsay", "only-here"]\n'
    table = f'channels = ["{lab}"]\nnames = {{ cowsay = "bovine", six = false }}\n'
    file.write_text(f"{project}[tool.conda-pip-interop]\n{table}")
    words = ("pip", "translate", file)
    text = base.run(*words, "-c", other).stdout
    assert text.startswith(f"channels:\n  - {other}\n  - {lab}\n")
    assert "  - bovine\n  - only-here\n  - pip\n  - pip:\n      - six\n" in text
    planned = base.run("pip", "create", "-n", "new", file, "-c", other, "--dry-run").stdout
    assert "only-here" in planned.partition("pip will install")[0]
    output.write_text(f"channels:\n  - {other}\n  - nodefaults\ndependencies:\n  - pip\n")
    text = base.run(*words, output).stdout
    assert text.startswith(f"channels:\n  - {other}\n  - {lab}\n  - nodefaults\n")
    assert "  - bovine\n" in text
    bare = base.run(*words, "--no-channels").stdout
    assert ("channels:" in bare, "  - bovine\n" in bare) == (False, True)
    file.write_text(f'{project}[tool.conda-pip-interop]\nprefer = "pypi"\n')
    assert "  - pip:\n      - six\n      - cowsay\n" in base.run(*words).stdout
    told = base.run(*words, "--verbose").stderr
    assert "six -> pip: six (PyPI comes first (prefer: pypi))" in told


def test_a_lock_makes_an_environment_and_pip_checks_its_hashes(base: Base, tmp_path: Path) -> None:
    wheel = build_wheel(tmp_path, "nobody")
    lock, output = tmp_path / "pylock.toml", tmp_path / "environment.yml"
    digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
    lock.write_text(
        'lock-version = "1.0"\n[[packages]]\nname = "six"\nversion = "1.16.0"\n'
        '[[packages]]\nname = "nobody"\nversion = "1.0"\n[[packages.wheels]]\n'
        f'name = "{wheel.name}"\nhashes = {{sha256 = "{digest}"}}\n'
    )
    base.run("pip", "translate", lock, "-o", output)
    assert output.read_text().endswith(f"  - pip:\n      - nobody==1.0 --hash=sha256:{digest}\n")
    env = tmp_path / "env"
    base.run("env", "create", "-q", "-p", env, "--file", output, PIP_FIND_LINKS=str(tmp_path))
    rows = json.loads(base.run("pip", "list", "-p", env, "--json").stdout)["distributions"]
    owners = {row["name"]: (row["version"], row["owner"]) for row in rows}
    assert (owners["six"], owners["nobody"]) == (("1.16.0", "conda"), ("1.0", "pip"))


def test_markers_are_read_as_the_interpreter_itself_would(make_env: MakeEnv) -> None:
    """And it is not run for it."""
    env = make_env("python", "pip")
    code = "from pip._vendor.packaging import markers as m; print(m.default_environment())"
    told = marker_environment(read_prefix(env.prefix), subdir=native_subdir())
    assert told == ast.literal_eval(env.python(code))


def test_an_install_looks_into_a_package_before_it_is_linked(
    make_env: MakeEnv, channel: str, tmp_path: Path
) -> None:
    """And takes one for another project if the index has none of its versions."""
    build_wheel(tmp_path, "liar")
    build_wheel(tmp_path, "hollow")
    (tmp_path / "simple/namesake").mkdir(parents=True)
    wheel = build_wheel(tmp_path / "simple/namesake", "namesake", "0.2").name
    (tmp_path / "simple/namesake/index.html").write_text(f'<a href="{wheel}">{wheel}</a>')
    index: dict[str, Any] = {"PIP_EXTRA_INDEX_URL": (tmp_path / "simple").as_uri()}
    index["PIP_FIND_LINKS"] = str(tmp_path)
    env = make_env("python", "pip")
    words = ("--channel", channel, "liar", "whole", "namesake", "hollow")
    done = env.conda("pip install", "--yes", *words, **index)
    assert "conda's liar 1.0 does not contain liar" in done.stderr
    assert "conda's hollow 1.0 does not contain the module hollow" in done.stderr
    assert "conda's namesake is another project" in done.stderr
    owners = env.owners()
    assert (owners["liar"], owners["whole"]) == (("1.0", "pip"), ("3.0", "conda"))
    assert (owners["namesake"], owners["hollow"]) == (("0.2", "pip"), ("1.0", "pip"))
    checked = by_name(ask(env.base, channel, "namesake", "--check", check=False, **index))
    assert checked["namesake"]["manager"] == "pip"
    env.conda("pip uninstall", "--yes", "namesake")
    chosen = ("--from-conda", "namesake", "--channel", channel, "namesake")
    env.conda("pip install", "--yes", *chosen, **index)
    assert env.owners()["namesake"] == ("7.1", "conda")

    other = make_env("python", "pip")
    plan = other.conda("pip install", "--dry-run", *words, **index)
    assert "conda's liar does not contain liar" in plan.stdout
    assert "conda's namesake is another project" in plan.stdout  # known before the download
