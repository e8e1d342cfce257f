"""What pip and uv say when they fail, and what to do about it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from conda_pip_interop.errors import InteropError, PipFailedError
from conda_pip_interop.installers.failures import (
    advise,
    find_refused,
    is_not_found,
    name_origins,
    number_lines,
    pip_failed,
    uv_failed,
)


@pytest.mark.parametrize(
    ("words", "advice"),
    [
        ("ERROR: Could not find a version that satisfies the requirement x", ""),
        ("ERROR: HTTP error 404 while getting https://example.org/x.whl", "network"),
        ("WARNING: Retrying after connection broken by 'x'\nERROR: none", "network"),
        ("ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE.", "hash"),
        ("ERROR: Hashes are required in --require-hashes mode, but they are missing", "hashes"),
        ("ERROR: ResolutionImpossible: for help visit https://pip.pypa.io", "work together"),
        ("error: subprocess-exited-with-error\nerror: metadata-generation-failed", "project"),
        ("error: subprocess-exited-with-error\nx git clone --filter=blob:none x y", "repository"),
    ],
)
def test_what_is_no_matter_of_names_has_advice_of_its_own(words: str, advice: str) -> None:
    hints = pip_failed(1, words).hints
    assert advice in " ".join(hints)
    assert bool(hints) is bool(advice)


@pytest.mark.parametrize(
    ("words", "advice"),
    [
        ("error: Failed to download `six`\n  Caused by: Hash mismatch for `six==1.16.0`", "hash"),
        ("error: Request failed after 3 retries\n  Caused by: error sending request", "network"),
        ("error: Failed to fetch: `https://index.example/simple/six/`", "network"),
        ("  x No solution found\n  because six was not found in the package registry", ""),
    ],
)
def test_what_uv_says_has_the_advice_that_pip_gets(words: str, advice: str) -> None:
    error = uv_failed(2, words)
    assert isinstance(error, PipFailedError)
    assert advice in " ".join(error.hints)
    assert is_not_found(error) is not bool(advice)
    assert error.exit_code == 1


@pytest.mark.parametrize("failed", [pip_failed, uv_failed])
def test_the_exit_code_of_wrong_usage_is_for_that_alone(
    failed: Callable[[int, str], InteropError],
) -> None:
    assert failed(2, "error: Failed to fetch: `https://index.example/simple/six/`").exit_code == 1
    assert failed(2, "OSError: [Errno 28] No space left on device").exit_code == 1
    assert failed(23, "ERROR: No matches found").exit_code == 23
    usage = "\nUsage:   \n  pip install [options] -e .\n\nno such option: --bogus\n"
    assert failed(2, usage).exit_code == 2


@pytest.mark.parametrize("failed", [pip_failed, uv_failed])
def test_a_full_disk_is_no_failure_of_names(failed: object) -> None:
    assert callable(failed)
    error = failed(1, "ERROR: OSError: [Errno 28] No space left on device")
    assert error.code == "disk-full"
    assert not isinstance(error, PipFailedError)
    assert "Free disk space" in error.hints[0]


def test_lines_of_our_files_are_told_by_where_the_user_wrote_them(tmp_path: Path) -> None:
    file = tmp_path / "requirements.txt"
    origins = number_lines("-r", file, ["r.txt:3", "more.txt:1"], first=2)
    output = f"six (from -r {file} (line 2)) and -r {file} (line 3), -r {file} (line 30)"
    assert name_origins(output, origins) == (
        f"six (from r.txt:3) and more.txt:1, -r {file} (line 30)"
    )


@pytest.mark.parametrize(
    "words",
    [
        "Could not fetch URL http://x/simple/a/: 401 Client Error: Unauthorized for url: http://x",
        "Could not fetch URL http://x/simple/a/: 403 Client Error: Forbidden for url: http://x",
        "An index (http://x) … due to a lack of valid authentication credentials",
        "An index (http://x) returned a 403 Forbidden error.",
    ],
)
def test_an_index_that_wants_credentials_is_told_from_a_wrong_name(words: str) -> None:
    assert "wants credentials" in advise(words)[0]


def test_a_page_that_the_server_refuses_is_told_from_one_that_it_does_not_have() -> None:
    log = "\n".join(
        f"2026-11-30T19:46:02,241 Could not fetch URL http://x/simple/a/: {one} for url: http://x"
        for one in ("404 Client Error: Not Found", "501 Server Error: Not Implemented")
    )
    (line,) = find_refused(log)
    assert "501 Server Error" in line
    assert advise(line)[0].startswith("Check the network")
