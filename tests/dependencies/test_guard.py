"""What a plan installs by pip itself does not break what requires it."""

from __future__ import annotations

from pathlib import Path

import pytest
from packaging.utils import canonicalize_name

from conda_pip_interop.dependencies.guard import (
    build_refusal,
    find_breakages,
    render_warning,
)
from conda_pip_interop.dependencies.impact import PackageChange
from conda_pip_interop.environment.snapshot import read_snapshot
from conda_pip_interop.environment.target import Target
from tests.support.builders import PrefixBuilder


@pytest.mark.parametrize(
    ("replaced", "broken"),
    [
        ({}, ["flask"]),
        ({"click": "8.1"}, []),
        ({"click": "7.0"}, ["flask"]),
        ({"click": ""}, ["flask"]),
        ({"flask": "3.0"}, []),
        ({"six": "8.1"}, ["flask"]),
    ],
)
def test_what_pip_installs_in_the_place_of_condas_counts(
    tmp_path: Path, replaced: dict[str, str], broken: list[str]
) -> None:
    built = PrefixBuilder(root=tmp_path)
    built.conda_package("click", "8.1")
    built.pip_package("flask", "2.0", requires=("click>=8",))
    click = canonicalize_name("click")
    change = PackageChange(name="click", before="8.1", after=None, distributions=(click,))
    versions = {canonicalize_name(name): version for name, version in replaced.items()}
    found = find_breakages(read_snapshot(tmp_path), [change], versions)
    assert [one.distribution for one in found] == broken


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [(None, "4.9", True), ("4.8", "4.9", False), ("4.8", None, False)],
)
def test_what_conda_would_mix_with_pips_is_told_unless_it_is_mixed_already(
    tmp_path: Path, before: str | None, after: str | None, *, told: bool
) -> None:
    built = PrefixBuilder(root=tmp_path)
    built.pip_package("opencv-python", "4.9")
    if before is not None:
        built.conda_package("py-opencv", before, dist_info=False)
    change = PackageChange(name="py-opencv", before=before, after=after, distributions=())
    other = PackageChange(name="six", before=None, after="1.0", distributions=())
    found = find_breakages(read_snapshot(tmp_path), [change, other])
    assert [(one.kind, one.distribution) for one in found] == [("mixed", "opencv-python")] * told
    target = Target(prefix=tmp_path, name="web", is_base=False)
    if told:
        assert (
            "pip's opencv-python 4.9 and conda's py-opencv 4.9 would be installed together: "
            "each of them installs the module cv2"
        ) in render_warning(found, target)
        hints = build_refusal(found, target).hints
        assert (
            "To use conda's py-opencv, uninstall pip's opencv-python first: "
            "`conda pip uninstall -n web opencv-python`."
        ) in hints


def test_a_package_whose_record_is_missing_is_repaired_first_and_not_called_pips(
    tmp_path: Path,
) -> None:
    built = PrefixBuilder(root=tmp_path)
    built.conda_package("click", "8.1")
    (record,) = (tmp_path / "conda-meta").glob("click-*.json")
    record.unlink()
    click = canonicalize_name("click")
    change = PackageChange(name="click", before=None, after="8.2", distributions=(click,))
    found = find_breakages(read_snapshot(tmp_path), [change])
    refusal = build_refusal(found, Target(prefix=tmp_path, name="web", is_base=False))
    assert "packages whose conda records are missing in web" in refusal.message
    assert "conda's click 8.1 (its record is missing) would be overwritten" in refusal.message
    assert "Or run first: `conda pip repair -n web click`." in refusal.hints
    assert "pip's" not in refusal.message
