"""Packages that cannot be mixed: which one stays, and how the others are removed."""

from __future__ import annotations

from pathlib import Path

import pytest

from conda_pip_interop.environment.snapshot import read_snapshot
from conda_pip_interop.environment.target import Target
from conda_pip_interop.errors import InteropError
from conda_pip_interop.findings.kinds.mixed import MixedFinding
from conda_pip_interop.findings.registry import find_all
from conda_pip_interop.findings.repairs import plan_repair
from tests.support.builders import PrefixBuilder

FULL, HEADLESS = "opencv-python", "opencv-python-headless"
CV = {"cv2/__init__.py": "cv"}
KEEP_FULL = ("conda", "pip", "install", "--force-reinstall", f"--from-pypi={FULL}", f"{FULL}==4.9")


@pytest.fixture
def built(tmp_path: Path) -> PrefixBuilder:
    built = PrefixBuilder(root=tmp_path / "env")
    built.pip_package(FULL, "4.9", CV)
    built.pip_package(HEADLESS, "4.10", CV)
    return built


def find(built: PrefixBuilder) -> MixedFinding:
    (found,) = (one for one in find_all(read_snapshot(built.root)) if isinstance(one, MixedFinding))
    return found


def test_what_is_usually_wanted_stays(built: PrefixBuilder) -> None:
    assert find(built).remedy == (("conda", "pip", "uninstall", HEADLESS), KEEP_FULL)
    assert find(built).key == f"finding:mixed:one:pip:{FULL},pip:{HEADLESS}"


def test_what_others_require_stays(built: PrefixBuilder) -> None:
    built.pip_package("needs", "1.0", requires=(HEADLESS,))
    assert find(built).remedy[0] == ("conda", "pip", "uninstall", FULL)


def test_what_requires_it_goes_too_if_both_are_required(built: PrefixBuilder) -> None:
    built.pip_package("needs", "1.0", requires=(HEADLESS,))
    built.pip_package("above", "1.0", requires=("needs",))
    built.pip_package("other", "1.0", requires=(FULL,))
    assert find(built).remedy[0] == ("conda", "pip", "uninstall", FULL, "other")


def test_what_condas_package_requires_stays_or_is_removed_by_force(built: PrefixBuilder) -> None:
    built.conda_package("needs", "1.0", requires=(FULL,))
    assert find(built).remedy[0] == ("conda", "pip", "uninstall", HEADLESS)
    built.conda_package("other", "1.0", requires=(HEADLESS,))
    assert find(built).remedy[0] == ("conda", "pip", "uninstall", "--force", HEADLESS)


def test_what_replaced_condas_stays(tmp_path: Path) -> None:
    """Restored, conda's would be mixed with the other one again."""
    built = PrefixBuilder(root=tmp_path / "env")
    built.conda_package("py-opencv", "4.8", CV, distribution=HEADLESS, distribution_version="4.8")
    built.pip_upgrade(HEADLESS, "4.8", "4.10", CV)
    built.pip_package(FULL, "4.9", CV)
    assert find(built).remedy == (
        ("conda", "pip", "uninstall", FULL),
        (
            *("conda", "pip", "install", "--force-reinstall"),
            *(f"--break-other-managers={HEADLESS}", f"{HEADLESS}==4.10"),
        ),
    )


def test_what_has_no_record_is_repaired_before_it_is_removed(built: PrefixBuilder) -> None:
    for name, version in ((FULL, "4.9"), (HEADLESS, "4.10")):
        (built.root / built.dist_info(name, version) / "RECORD").unlink()
    assert find(built).remedy[:2] == (
        ("conda", "pip", "repair", HEADLESS),
        ("conda", "pip", "uninstall", "--force", HEADLESS),
    )


def test_repair_says_what_it_leaves_and_how_to_fix_it(built: PrefixBuilder) -> None:
    target = Target(prefix=built.root, name="env", is_base=False)
    snapshot = read_snapshot(built.root)

    def plan(*names: str) -> tuple[str, ...]:
        return plan_repair(
            names, snapshot=snapshot, target=target, clean_up=False, fetch=lambda _: None
        ).notes

    (note,) = plan()
    fix = find(built).render_commands(target.command)[0]
    assert note == f"Not repaired: {find(built).summary}\n  To fix: {fix}"
    for name in (FULL, HEADLESS):
        with pytest.raises(InteropError) as refused:
            plan(name)
        assert refused.value.code == "not-repairable"
        assert refused.value.hints == (f"To fix: `{fix}`.",)
