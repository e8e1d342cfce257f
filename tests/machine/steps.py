"""The steps that the machine chooses from, each as a person would type it."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from tests.machine.packages import LIBRARY, PROJECTS, Project

_CONDA: Final = (
    "conda install SPEC",
    "conda install CONDA",
    "conda install SPEC CONDA",
    "conda install --force-reinstall CONDA",
    "conda install --no-deps SPEC",
    "conda remove CONDA",
    "conda remove --force CONDA",
    "conda update --all",
    "conda update CONDA",
    "conda install --revision NUMBER",
    "conda list",
)
_PIP: Final = (
    "pip install PIN",
    "pip install PIN PIP",
    "pip install -U PIP",
    "pip install --force-reinstall PIN",
    "pip install --no-deps PIN",
    "pip install --ignore-installed --no-deps PIN",
    "pip uninstall PIP",
    "pip install --no-build-isolation -e PROJECT",
)
_CHANGES: Final = (
    "conda pip install PIN",
    "conda pip install PIP NAME",
    "conda pip install -U PIP",
    "conda pip install --break-other-managers PIN",
    "conda pip install --prefer pypi PIP",
    "conda pip install --no-deps PIN",
    "conda pip install --force-reinstall PIP",
    "conda pip install -e PROJECT",
    "conda pip uninstall PIP",
    "conda pip uninstall --keep-deps PIP",
    "conda pip uninstall --force PIP",
    "conda pip restore CONDA",
    "conda pip repair",
    "conda pip repair NAME",
    "conda pip repair --clean-up",
    "conda pip reconcile",
    "conda pip adopt PIP",
    "conda pip adopt --all",
    "conda pip adopt --allow-newer --allow-older --all",
    "conda pip release BOTH",
    "conda pip update --all",
    "conda pip update NAME",
    "conda pip sync SYNC",
)
_UNDO: Final = ("conda pip undo", "conda pip undo NUMBER", "conda pip undo --to NUMBER")
_PROTECTION: Final = ("conda pip protect", "conda pip unprotect", "conda pip unprotect")
_COPY: Final = ("conda clone", "conda rename")
_HAND: Final = tuple(f"{verb} NUMBER" for verb in ("put", "edit", "delete", "forget", "drop"))
#: Each kind as often as it stands here.
_KINDS: Final = (
    *(_CONDA, _CONDA, _PIP, _PIP, _CHANGES, _CHANGES, _CHANGES, _UNDO, _HAND, _PROTECTION),
    _COPY,
    *(tuple(f"bare {one}" for one in _CONDA), ("paste NUMBER",)),
    tuple(f"dry {one}" for one in (*_CONDA, *_CHANGES, *_UNDO) if one != "conda list"),
)
_PLACE: Final = re.compile("PIN|SPEC|PIP|CONDA|NAME|BOTH|NUMBER|SYNC")
#: So many projects are in a sequence: what happens to few happens to the same.
_FEW: Final = 3

Choose: TypeAlias = Callable[[Sequence[Any]], Any]


@dataclass(frozen=True, kw_only=True, slots=True)
class Steps:
    """The steps about some of the projects, each part of one chosen by `choose`."""

    projects: tuple[Project, ...]

    @classmethod
    def about_few(cls, choose: Choose) -> Steps:
        """Choose the projects, at least one of them on both sides."""
        chosen = [choose([one for one in PROJECTS if one.on_conda and one.on_pip])]
        chosen += [choose(PROJECTS) for _ in range(_FEW - 1)]
        needed = {requirement for one in chosen for requirement in one.list_required()}
        chosen += [one for one in PROJECTS if one.name in needed]
        return cls(projects=tuple(dict.fromkeys(chosen)))

    def choose(self, choose: Choose) -> str:
        """One step."""
        template = choose(choose(_KINDS))
        return _PLACE.sub(lambda found: str(choose(self._list(found[0]))), template)

    def _list(self, place: str) -> Sequence[str]:
        both = [one for one in self.projects if one.on_conda and one.on_pip]
        on_conda = [one for one in self.projects if one.on_conda]
        on_pip = [one.name for one in self.projects if one.on_pip]
        names = {
            "PIN": [f"{one.name}=={version}" for one in self.projects for version in one.on_pip],
            "SPEC": [f"{one.conda_name}={version}" for one in on_conda for version in one.on_conda],
            "PIP": on_pip,
            "CONDA": [*(one.conda_name for one in on_conda), LIBRARY],
            "NAME": [*on_pip, *(one.conda_name for one in on_conda)],
            "BOTH": [one.name for one in both],
            "SYNC": [f"SYNC{number}" for number in range(4)],
            "NUMBER": [str(number) for number in range(40)],
        }
        return names[place]
