"""`conda pip names`: names matched to conda packages, and packages to their distributions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest
from packaging.utils import NormalizedName, canonicalize_name

from conda_pip_interop.commands.names.name_answers import explain_names, explain_packages
from conda_pip_interop.commands.output import Output
from conda_pip_interop.errors import UsageError
from conda_pip_interop.names.channel_index import build_index
from conda_pip_interop.names.lookup import Lookup, NameSources, find_conda_names, find_projects
from conda_pip_interop.names.package_contents import ContainedDistribution
from conda_pip_interop.resolve.solver import CondaPackage


def build_package(name: str, version: str = "1.0", *depends: str) -> CondaPackage:
    return CondaPackage(
        name=name, version=version, build="py_0", channel="main", depends=("python", *depends)
    )


@dataclass(kw_only=True)
class FakeChannels:
    """Channels with these packages, oldest first, and the projects in the files of each."""

    packages: tuple[CondaPackage, ...]
    contents: Mapping[str, tuple[str, ...]]
    installed: tuple[str, ...] = ()
    wrong: set[tuple[str, str]] = field(default_factory=set)

    @property
    def sources(self) -> NameSources:
        """The sources of the lookup."""
        return NameSources(index=build_index(one.name for one in self.packages))

    def look_up(self, project: NormalizedName) -> Lookup:
        """See `Channels.look_up`."""
        return find_conda_names(project, self.sources)

    def find_packages(self, conda_name: str) -> tuple[CondaPackage, ...]:
        """See `Channels.find_packages`."""
        return tuple(one for one in self.packages if one.name == conda_name)

    def read_contents(
        self, package: CondaPackage, *, download: bool
    ) -> tuple[ContainedDistribution, ...] | None:
        """See `Channels.read_contents`."""
        return self._list_contents(package.name) if download else None

    def read_installed(
        self, conda_name: str
    ) -> tuple[str, tuple[ContainedDistribution, ...]] | None:
        """See `Channels.read_installed`."""
        if conda_name not in self.installed:
            return None
        return "1.0 py_0", self._list_contents(conda_name)

    def _list_contents(self, conda_name: str) -> tuple[ContainedDistribution, ...]:
        return tuple(
            ContainedDistribution(name=canonicalize_name(one), version="1.0")
            for one in self.contents[conda_name]
        )

    def guess_projects(self, conda_name: str) -> tuple[NormalizedName, ...]:
        """See `Channels.guess_projects`."""
        return find_projects(conda_name, self.sources)

    def is_wrong_match(self, package: CondaPackage, project: NormalizedName) -> bool:
        """See `Channels.is_wrong_match`."""
        return (package.name, project) in self.wrong

    def remember_wrong_match(self, package: CondaPackage, project: NormalizedName) -> None:
        """See `Channels.remember_wrong_match`."""
        self.wrong.add((package.name, project))


@pytest.fixture
def channels() -> FakeChannels:
    tool = CondaPackage(name="tool", version="1.0", build="h0_0", channel="main", depends=())
    return FakeChannels(
        packages=(
            build_package("pytorch", "1.0"),
            build_package("pytorch", "2.0"),
            build_package("liar"),
            build_package("whole", "3.0", "whole-base 3.0.*"),
            build_package("whole-base", "3.0"),
            tool,
        ),
        contents={
            "pytorch": ("torch",),
            "liar": ("other",),
            "whole": (),
            "whole-base": ("whole",),
            "tool": (),
        },
    )


def explain(channels: FakeChannels, *words: str, check: bool = False) -> Output:
    return explain_names(words, channels, check=check, extra=None, age="")


def test_a_name_is_explained_by_source_package_and_versions(channels: FakeChannels) -> None:
    output = explain(channels, "Torch")
    assert output.text == (
        "torch: from conda as pytorch (not verified)\n"
        "  table     known as pytorch on conda [pytorch]\n"
        "  packages  pytorch 2.0 py_0\n"
        "  versions  2.0, 1.0\n"
        "  files     not inspected; `--check` downloads and inspects the package"
    )
    assert output.exit_code == 0


def test_a_check_confirms_a_name_by_the_files(channels: FakeChannels) -> None:
    output = explain(channels, "torch", "whole", check=True)
    first, second = output.text.split("\n\n")
    assert first.startswith("torch: from conda as pytorch\n")
    assert first.endswith("  files     pytorch 2.0 contains it")
    assert second.endswith("  files     whole-base 3.0 contains it")
    assert output.exit_code == 0


def test_a_check_that_finds_a_wrong_match_remembers_it(channels: FakeChannels) -> None:
    output = explain(channels, "liar", check=True)
    assert output.text.startswith("liar: from PyPI\n")
    assert output.text.endswith("  files     liar 1.0 py_0 does not contain liar")
    assert output.exit_code == 1
    assert channels.wrong == {("liar", "liar")}
    assert explain(channels, "liar").text == output.text


def test_a_package_that_does_not_depend_on_python_is_not_a_match(channels: FakeChannels) -> None:
    output = explain(channels, "tool", "cowsay")
    assert output.text == (
        "tool: from PyPI\n"
        "  channels  the conda package of the same name [tool]\n"
        "  packages  tool 1.0 h0_0\n"
        "  files     tool does not depend on Python, so it contains no distribution\n"
        "\n"
        "cowsay: from PyPI\n"
        "  channels  no package of the same name"
    )
    assert output.exit_code == 0


def test_a_name_with_a_version_is_refused(channels: FakeChannels) -> None:
    with pytest.raises(UsageError, match="'torch>=2' is not the name of a project"):
        explain(channels, "torch>=2")


def test_the_distributions_of_a_package_are_listed_with_what_they_are_known_from(
    channels: FakeChannels,
) -> None:
    channels.installed = ("liar",)
    words = ("liar", "pytorch", "nobody")
    assert explain_packages(words, channels, check=False).text == (
        "liar 1.0 py_0 (installed) contains:\n  other 1.0\n\n"
        "pytorch was not inspected (see `--check`); a guess from its name:\n  torch\n\n"
        "nobody is not in the channels; a guess from its name:\n  nobody"
    )
    found = explain_packages(["flex", "tool", "liar"], channels, check=False)
    documents: Any = found.document["packages"]
    assert [(one["guessed"], one["distributions"] != []) for one in documents] == [
        *((True, False), (True, False), (False, True))
    ]
    assert explain_packages(["pytorch", "tool"], channels, check=True).text == (
        "pytorch 2.0 py_0 contains:\n  torch 1.0\n\n"
        "tool 1.0 h0_0 contains:\n  no Python distribution"
    )


@pytest.mark.parametrize("word", ["pytorch>=2", "two words", ""])
def test_what_is_no_conda_name_is_refused(word: str) -> None:
    with pytest.raises(UsageError, match="is not the name of a conda package") as caught:
        explain_packages([word], FakeChannels(packages=(), contents={}), check=False)
    assert "--conda pytorch" in caught.value.hints[0]
