"""Namespace modules: which files two packages can share."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conda_pip_interop.environment.shared_files import (
    declares_at_most_a_namespace,
    is_harmless,
    is_shareable,
)
from conda_pip_interop.environment.site_packages.record import InstalledFile
from conda_pip_interop.environment.snapshot import read_snapshot
from tests.support.builders import PrefixBuilder

HARMLESS = [
    "",
    "\n",
    "# Copyright\n",
    '"""A namespace."""\n',
    "__path__ = __import__('pkgutil').extend_path(__path__, __name__)\n",
    '__path__ = __import__("pkgutil").extend_path(__path__, __name__)  # type: ignore\n',
    "from pkgutil import extend_path\n\n__path__ = extend_path(__path__, __name__)\n",
    "import pkgutil\n__path__ = pkgutil.extend_path(__path__, __name__)",
    "__import__('pkg_resources').declare_namespace(__name__)",
    "import pkg_resources\npkg_resources.declare_namespace(__name__)\n",
    """
try:
    __import__('pkg_resources').declare_namespace(__name__)
except ImportError:
    from pkgutil import extend_path
    __path__ = extend_path(__path__, __name__)
""",
    """
try:
    import pkg_resources
    pkg_resources.declare_namespace(__name__)
except Exception:
    pass
""",
]
OTHERS = [
    "a = 1\n",
    "import os\n",
    "from .core import *\n",
    "__version__ = '1.0'\n",
    "__path__ = []\n",
    "__import__('pkgutil').extend_path(__path__, 'other')\n",
    "if True:\n    pass\n",
    "try:\n    import os\nexcept ImportError:\n    pass\n",
    "this is not Python",
    "x" * 20_000,
    "(" * 5_000,
]


@pytest.mark.parametrize("text", HARMLESS)
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_a_module_that_only_declares_a_namespace_is_recognized(text: str, newline: str) -> None:
    assert declares_at_most_a_namespace(text.replace("\n", newline).encode())


@pytest.mark.parametrize("text", OTHERS)
def test_a_module_with_a_statement_of_its_own_is_not(text: str) -> None:
    assert not declares_at_most_a_namespace(text.encode())


@given(content=st.binary(max_size=200))
def test_any_content_is_judged(content: bytes) -> None:
    assert declares_at_most_a_namespace(content) in {True, False}


@given(
    parts=st.lists(st.sampled_from(HARMLESS), max_size=3),
    other=st.sampled_from(["a = 1\n", "import os\n"]),
)
def test_one_statement_of_its_own_is_enough(parts: list[str], other: str) -> None:
    whole = "\n".join(parts)
    assert declares_at_most_a_namespace(whole.encode())
    assert not declares_at_most_a_namespace(f"{whole}\n{other}".encode())


NAMESPACE = "__path__ = __import__('pkgutil').extend_path(__path__, __name__)\n"


@pytest.mark.parametrize(
    ("path", "condas", "pips", "harmless", "shareable"),
    [
        ("kit/a.py", "x", "x", True, False),
        ("kit/a.py", "x", "y", False, False),
        ("kit/a.py", "", "", True, True),
        ("kit/a.py", "", "y", False, False),
        ("kit/a.py", "x", "", False, False),
        ("kit/__pycache__/a.cpython-311.pyc", "x", "y", True, True),
        ("kit/__init__.py", "a = 1", "a = 1", True, True),
        ("kit/__init__.py", NAMESPACE, "", True, True),
        ("kit/__init__.py", NAMESPACE.replace("\n", "\r\n"), "", True, True),
        *(("kit/__init__.py", text, "", True, True) for text in (HARMLESS[6], HARMLESS[8])),
        ("kit/__init__.py", NAMESPACE, "a = 1", False, False),
        ("kit/__init__.py", "a = 1", NAMESPACE, False, False),
        ("kit/my__init__.py", NAMESPACE, "", False, False),
    ],
)
def test_two_packages_can_share_a_file_if_nothing_is_lost(
    tmp_path: Path, path: str, condas: str, pips: str, *, harmless: bool, shareable: bool
) -> None:
    built = PrefixBuilder(root=tmp_path / "env")
    built.conda_package("kit", "1.0", {path: condas}, dist_info=False)
    built.pip_package("other", "1.0", {path: pips})
    snapshot = read_snapshot(built.root)
    (other,) = snapshot.distributions
    (file,) = (one for one in other.files or () if one.path == built.place(path))
    (claim,) = snapshot.claims.of(file.path)
    assert is_harmless(file, claim, root=built.root) is harmless
    assert is_shareable(file, claim, root=built.root) is shareable
    if pips != condas and not path.endswith(".pyc"):
        unstated = InstalledFile(file.path, None)
        assert not is_harmless(unstated, claim, root=built.root), "what cannot be read may matter"


@pytest.mark.parametrize(
    ("cached", "shareable"), [("# of nobody\n", True), ("# changed\n", False), (None, False)]
)
def test_condas_overwritten_content_is_that_of_the_package_cache(
    tmp_path: Path, cached: str | None, *, shareable: bool
) -> None:
    built, cache = PrefixBuilder(root=tmp_path / "env"), tmp_path / "kit-1.0-0"
    path = built.place("kit/__init__.py")
    files = {"kit/__init__.py": "# of nobody\n"}
    built.conda_package(
        "kit", "1.0", files, dist_info=False, extracted_package_dir=str(cache), noarch=None
    )
    built.pip_package("other", "1.0", {"kit/__init__.py": ""})
    if cached is not None:
        (cache / path).parent.mkdir(parents=True)
        (cache / path).write_text(cached)
    snapshot = read_snapshot(built.root)
    (other,) = snapshot.distributions
    (file,) = (one for one in other.files or () if one.path == path)
    (claim,) = snapshot.claims.of(file.path)
    assert is_shareable(file, claim, root=built.root) is shareable
