"""pip's options for the wheels of another platform."""

from __future__ import annotations

from conda_pip_interop.resolve.downloads import build_platform_options

ALWAYS = ["--no-deps", "--ignore-requires-python"]


def build(*names: str, python: str = "3.13.1") -> list[str]:
    return [*build_platform_options((f"https://h/{one}#x=y" for one in names), python)]


def test_the_file_names_say_for_which_platforms_and_abis_pip_is_to_look() -> None:
    assert build("a-1-py3-none-any.whl") == [*ALWAYS, "--python-version=3.13.1"]
    assert build(
        "a-1-cp313-cp313t-macosx_11_0_arm64.whl",
        "b-1-cp39-abi3-manylinux_2_17_x86_64.manylinux2014_x86_64.whl",
        "c-1%2Blocal-py2.py3-none-win_amd64.whl",
    ) == [
        *(*ALWAYS, "--python-version=3.13.1", "--abi=abi3", "--abi=cp313t"),
        *("--platform=macosx_11_0_arm64", "--platform=manylinux2014_x86_64"),
        *("--platform=manylinux_2_17_x86_64", "--platform=win_amd64"),
    ]


def test_pypy_and_a_lock_without_python_are_said_to_pip() -> None:
    words = build("a-1-pp310-pypy310_pp73-win_amd64.whl", python="")
    assert words == [*ALWAYS, "--implementation=pp", "--abi=pypy310_pp73", "--platform=win_amd64"]


def test_what_is_no_file_name_of_a_wheel_adds_nothing() -> None:
    assert build("a.whl", "a-1.tar.gz", python="") == ALWAYS
