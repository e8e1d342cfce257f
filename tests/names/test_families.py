"""The rules of families.tsv, and what they say of an environment."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest
from packaging.utils import canonicalize_name

from conda_pip_interop.names.families import (
    Member,
    build_conda_member,
    find_mixtures,
    read_families,
)

if TYPE_CHECKING:
    from conda_pip_interop.environment.ownership import Manager


def member(text: str) -> Member:
    """`pip:torch=2.3`, `conda:torch=2.3` of a package of its name, or of `conda:torch/pytorch`."""
    manager, _, rest = text.partition(":")
    name, _, version = rest.partition("=")
    name, _, package = name.partition("/")
    owner: Manager = "pip" if manager == "pip" else "conda"
    if manager == "record":
        return build_conda_member(name, version)
    return Member(name=name, version=version, manager=owner, package=package or name)


def test_every_rule_names_two_at_least_spelled_right_and_its_source() -> None:
    families = read_families()
    assert len({(one.name, one.rule) for one in families}) == len(families)
    for one in families:
        assert len(set(one.names)) == len(one.names) > 1
        plain = [name.removeprefix("conda:") for name in one.names]
        assert plain == [canonicalize_name(name) for name in plain]
        assert any(":" not in name for name in one.names)  # else pip has no part in it
        source = urlsplit(one.source)
        assert (source.scheme, bool(source.netloc)) == ("https", True)
        assert one.reason
        assert not one.reason.endswith(".")


@pytest.mark.parametrize(
    ("installed", "mixed"),
    [
        ("pip:opencv-python=4 pip:opencv-python-headless=4", "OpenCV"),
        ("pip:opencv-python=4", ""),
        ("conda:opencv-python/py-opencv=4 conda:opencv-python-headless/py-opencv=4", ""),
        ("conda:opencv-python/py-opencv=4 pip:opencv-python-headless=4", "OpenCV"),
        ("record:py-opencv=4 pip:opencv-python-headless=4", "OpenCV"),
        ("pip:opencv-python/py-opencv=4", ""),  # in the place of conda's
        ("pip:torch=2.3.0 pip:torchvision=0.18", ""),
        ("pip:torch=2.3.0+cu121 pip:torchvision=0.18+cu121", ""),
        ("pip:torch=2.3.0+cpu pip:torchvision=0.18+cu121", "PyTorch"),
        ("pip:torch=2.3.0+cpu pip:torchvision=0.18", "PyTorch"),
        ("pip:torch=2.3.0+mine pip:torchvision=0.18", ""),  # no label of PyTorch's
        ("pip:torch=what pip:torchvision=0.18", ""),
        ("conda:torch/pytorch=2.3 pip:torchvision=0.18", "PyTorch"),
        ("conda:torch/pytorch=2.3 conda:torchvision=0.18", ""),
        ("record:llvm-openmp=18 record:intel-openmp=2024", ""),  # conda's affair
        ("record:llvm-openmp=18 pip:intel-openmp=2024", "OpenMP"),
        ("pip:protobuf=5 record:libprotobuf=4", ""),
        ("pip:pyqt5=5.15 pip:pyqt6=6.5 pip:pyside6=6.5", ""),
        ("conda:pyqt5/pyqt=5.15 pip:pyqtwebengine=5.15", "Qt 5 for Python"),
    ],
)
def test_only_what_the_rules_exclude_is_mixed(installed: str, mixed: str) -> None:
    found = list(find_mixtures(map(member, installed.split())))
    assert [one.family.name for one in found] == ([mixed] if mixed else [])


def test_a_mixture_names_each_package_once_with_its_manager() -> None:
    words = "record:py-opencv=4.8 conda:opencv-python/py-opencv=4.9 pip:opencv-python-headless=5"
    (found,) = find_mixtures(map(member, words.split()))
    assert str(found) == "conda's opencv-python 4.9 and pip's opencv-python-headless 5"
