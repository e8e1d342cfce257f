"""pyvenv.cfg, as `site` reads it, and what is below."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from conda_pip_interop.environment.layers import find_visible, is_virtual, read_layer_below
from conda_pip_interop.environment.snapshot import read_snapshot
from tests.support.builders import PrefixBuilder

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def layers(tmp_path: Path) -> tuple[PrefixBuilder, PrefixBuilder]:
    """A virtual environment without its pyvenv.cfg, and what may be below it."""
    above, below = (PrefixBuilder(root=tmp_path / name) for name in ("above", "below"))
    above.pip_package("app", "2.0", {"app.py": ""})
    below.conda_package("app", "1.0", {"app.py": ""})
    below.conda_package("lib", "1.0", {"lib.py": ""})
    for record in (above.root / "conda-meta").glob("*.json"):
        record.unlink()
    return above, below


@pytest.mark.parametrize(
    ("text", "is_seen"),
    [
        ("home = {home}\ninclude-system-site-packages = true\n", True),
        ("HOME={home}\r\nInclude-System-Site-Packages =  TRUE  \r\n", True),
        ("home = {home}\ninclude-system-site-packages = false\n", False),
        ("home = {home}\n", False),
        ("include-system-site-packages = true\n", False),
        ("home = bin\ninclude-system-site-packages = true\n", False),
        ("home = /nowhere/bin\ninclude-system-site-packages = true\n", False),
        ("home = {own}\ninclude-system-site-packages = true\n", False),
        ("\0\xff = = =\n" * 9, False),
        ("home = {home}\ninclude-system-site-packages = true\n" + " " * 99_999, False),
    ],
)
def test_what_is_below_is_read_as_python_does(
    layers: tuple[PrefixBuilder, PrefixBuilder], text: str, *, is_seen: bool
) -> None:
    above, below = layers
    filled = text.replace("{home}", f"{below.root}/bin").replace("{own}", f"{above.root}/bin")
    (above.root / "pyvenv.cfg").write_text(filled)
    found = read_layer_below(read_snapshot(above.root))
    assert (found is not None) == is_seen
    if found is not None:
        assert found.prefix.root == below.root
    assert is_virtual(above.root)
    assert not is_virtual(below.root)


def test_what_has_a_name_above_is_hidden(layers: tuple[PrefixBuilder, PrefixBuilder]) -> None:
    above, below = layers
    assert find_visible(read_snapshot(above.root)) == {}
    config = f"home = {below.root}/bin\ninclude-system-site-packages = true\n"
    (above.root / "pyvenv.cfg").write_text(config)
    assert find_visible(read_snapshot(above.root)).keys() == {"lib"}
    above.conda_package("six", "1.16")  # conda's hooks look at it now
    assert find_visible(read_snapshot(above.root)) == {}
