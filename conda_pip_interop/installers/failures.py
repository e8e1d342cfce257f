"""What pip and uv say when they fail: their words, without our files, and what to do."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from packaging.utils import NormalizedName, canonicalize_name

from conda_pip_interop.errors import InteropError, PipFailedError
from conda_pip_interop.text import hide_password
from conda_pip_interop.values import regex

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

#: What pip says, or only logs, of a page of an index that it did not get.
_UNFETCHED: Final = "Could not fetch URL "
#: How many warnings before an error are told.
_WARNINGS: Final = 5
_SHOWN_LINES: Final = 20
#: A pinned requirement that pip or uv could not find.
_MISSING: Final = regex(r"(?:requirement |there is no version of )([A-Za-z0-9._-]+==[^\s,;)]+)")
#: pip's and uv's words for a name of which there is no file at all, or none that fits.
_UNKNOWN: Final = regex(
    r"requirement ([A-Za-z0-9._-]+)[^\n]*\(from versions: none\)|([A-Za-z0-9._-]+) was not found in"
)
_UNFIT: Final = regex(r"No matching distribution found for ([A-Za-z0-9._-]+)")
_FILTERED: Final = regex(r"`([A-Za-z0-9._-]+)` was filtered by `exclude-newer`")
_WRONG_USAGE: Final = 2
#: What pip prints before it says which words of the command line it does not understand.
_USAGE: Final = regex(r"^Usage:", re.MULTILINE)
_FULL: Final = ("No space left on device", "Disk quota exceeded", "There is not enough space")
#: pip's and uv's words for a name or a version that does not exist.
_NOT_FOUND: Final = (
    *("No matching distribution", "Could not find a version"),  # pip
    *("was not found in", "there is no version of", "there are no versions of"),  # uv
)
#: pip's and uv's words for a build that failed, as far as there is advice on them.
_BUILD_FAILED: Final = (
    "metadata-generation-failed",
    "subprocess-exited-with-error",
    "Failed to build",
)
_NOT_BUILT: Final = (*_BUILD_FAILED, "BackendUnavailable")
#: Their words for versions that do not work together, or with this Python.
_CONFLICT: Final = (
    *("ResolutionImpossible", "conflicting dependencies", "No solution found"),
    *("is not a supported wheel", "requires a different Python"),
)
_NO_AGE_LIMIT: Final = (
    "To lift conda's limit for one command, set CONDA_EXCLUDE_NEWER=0; pip's own is "
    "uploaded-prior-to."
)
#: Words of pip's about an index that did not answer, which it only warns of or only logs.
_UNREACHED: Final = (
    *("connection broken by", "Max retries exceeded", "problem confirming the ssl certificate"),
    *("connection error: ", "didn't respond within", "SSLError("),
)
#: A refusal of pip's index, which did answer.
_REFUSED: Final = "HTTP error"
#: pip's words about a page that the server of an index refused; 404 says that it has none.
_REFUSED_PAGE: Final = regex(r": (?!404)[45]\d\d (?:Client|Server) Error: ")
#: Words of pip's and uv's about a page that wants other credentials, or any.
_CREDENTIALS: Final = (
    *(": 401 Client Error: ", ": 403 Client Error: "),
    *("lack of valid authentication credentials", "403 Forbidden"),
)
#: What to do where no index was asked for what was not found.
_OFFLINE: Final = (
    "conda's setting offline is on, so no index was asked.",
    "To see where it is set: `conda config --show-sources`.",
)
#: Words of pip's and uv's about an index that did not answer.
_NO_ANSWER: Final = (
    *_UNREACHED,
    _REFUSED,
    *("Failed to fetch: ", "Request failed after", "error sending request"),  # uv
)
_UNTRUSTED: Final = (
    *("certificate verify failed", "SSLCertVerificationError"),
    "invalid peer certificate",  # uv
)
_CHECK_NETWORK: Final = (
    "Check the network and the address.",
    "To list pip's indexes and proxies: `conda pip config list`.",
)
#: What pip or uv say, and what to do then; the first that fits counts.
_ADVICE: Final = (
    (
        (" clone --", "Cannot find command 'git'", "did not find branch or tag", "git fetch "),
        (
            "The repository cannot be cloned: check its URL and its revision.",
            "To see what git says of it: `git ls-remote URL`.",
        ),
    ),
    (_BUILD_FAILED, ("The project does not build: fix it, or choose another version.",)),
    (
        _CREDENTIALS,
        (
            "The index wants credentials, or others: in its URL, in a netrc file, or in a keyring.",
            "To list pip's indexes: `conda pip config list`.",
        ),
    ),
    ((" Client Error: ", " Server Error: ", _REFUSED), _CHECK_NETWORK),
    (
        _UNTRUSTED,
        (
            "The certificate of an index is not trusted; `ssl_verify: false` is conda's alone.",
            "To trust its authority: `conda config --set ssl_verify FILE`.",
        ),
    ),
    (_NO_ANSWER, ("An index or a URL cannot be reached.", *_CHECK_NETWORK)),
    (
        ("does not provide upload-time",),
        ("The age limit needs an index that tells upload times.", _NO_AGE_LIMIT),
    ),
    (
        ("was filtered by `exclude-newer`",),
        ("All that fits is newer than the age limit, or its age is unknown.", _NO_AGE_LIMIT),
    ),
    (
        ("DO NOT MATCH THE HASHES", "Hash mismatch for"),
        ("Find out why the file changed; update its hash if the file is right.",),
    ),
    (
        ("--require-hashes mode", "`--require-hashes`", "missing a hash"),
        ("Add the hashes of all requirements to the file, or to none.",),
    ),
    (
        ("ResolutionImpossible", "conflicting dependencies"),
        ("Choose versions that work together; the lines above name what conflicts.",),
    ),
)


def advise(words: str) -> tuple[str, ...]:
    """What to look at where the words tell that names and versions are not to blame."""
    for signs, advice in _ADVICE:
        if any(one in words for one in signs):
            return advice
    return ()


def is_build_failure(error: PipFailedError) -> bool:
    """Return whether pip failed because a project does not build."""
    return any(one in error.output for one in _NOT_BUILT)


def is_about_packages(error: PipFailedError) -> bool:
    """Return whether pip or uv failed for what was requested: other packages may succeed."""
    if any(one in error.output for one in _NO_ANSWER):
        return False
    signs = (*_NOT_FOUND, *_NOT_BUILT, *_CONFLICT)
    return any(one in error.output for one in signs)


def is_not_found(error: PipFailedError) -> bool:
    """Return whether pip or uv failed for a name or a version that does not exist."""
    return not error.hints and any(one in error.output for one in _NOT_FOUND)


def pip_failed(returncode: int, output: str, *, offline: bool = False) -> InteropError:
    """Return pip's own words about its failure, with its exit code and without passwords.

    `offline`: conda's setting kept pip from asking an index.
    """
    words = _last_words(hide_password(output).rstrip().splitlines())
    return _build_failure("pip", returncode, words, output, offline=offline)


def uv_failed(
    returncode: int, output: str, *, ageless: Iterable[str] = (), offline: bool = False
) -> InteropError:
    """Return uv's own words, with its exit code; to the planner it has failed as pip fails.

    uv wraps its words at COLUMNS, so what is sought in them is sought in one line. `ageless` are
    the indexes that tell no upload times: uv takes what they have for newer than any age limit.
    """
    words = hide_password(output).splitlines()
    failure = _build_failure("uv", returncode, words, " ".join(output.split()), offline=offline)
    told = (f"The index {hide_password(one)} tells no upload times." for one in ageless)
    failure.hints = (*told, *failure.hints)
    return failure


def find_filtered(output: str) -> tuple[NormalizedName, ...]:
    """Find the projects of which uv has left out files by their age."""
    found = _FILTERED.findall(" ".join(output.split()))
    return tuple(dict.fromkeys(map(canonicalize_name, found)))


def _build_failure(
    program: str, returncode: int, words: Iterable[str], output: str, *, offline: bool
) -> InteropError:
    """Build the error: `disk-full` is no failure that another question could mend."""
    told = "\n".join(f"    {line}" for line in words)
    exit_code = _choose_exit_code(returncode, output)
    if any(one in output for one in _FULL):
        return InteropError(
            "disk-full",
            f"{program} found no space left on device (exit code {returncode}):\n{told}",
            hints=("Free disk space, then run the command again.",),
            exit_code=exit_code,
        )
    failure = PipFailedError(
        f"{program} failed (exit code {returncode}):\n{told}",
        hints=advise(told if program == "pip" else output),
        exit_code=exit_code,
        missing=find_missing(output),
        output=output,
    )
    if offline and is_not_found(failure):
        failure.hints = _OFFLINE
    return failure


def _choose_exit_code(returncode: int, output: str) -> int:
    """Return pip's or uv's own code, but for 2, which is for wrong usage alone.

    uv ends with it, and pip with some commands, where an index cannot be reached.
    """
    return 1 if returncode == _WRONG_USAGE and not _USAGE.search(output) else returncode


def find_unreached(log: str) -> str:
    """Find the lines about indexes that did not answer in what pip wrote to its log."""
    lines = (one for one in _list_unfetched(log) if any(sign in one for sign in _UNREACHED))
    return "".join(f"{one}\n" for one in lines)


def find_refused(log: str) -> tuple[str, ...]:
    """Find the lines about pages that a server refused in what pip wrote to its log."""
    return tuple(filter(_REFUSED_PAGE.search, _list_unfetched(log)))


def _list_unfetched(log: str) -> Iterable[str]:
    found = (line.partition(_UNFETCHED) for line in log.splitlines())
    return dict.fromkeys(f"{sign}{rest}" for _, sign, rest in found if sign)


def find_missing(output: str) -> frozenset[str]:
    """Find the pinned requirements that pip's or uv's output reports as not found."""
    return frozenset(_MISSING.findall(output))


def find_unknown(output: str) -> frozenset[NormalizedName]:
    """Find the names of which pip's or uv's output says that there is nothing."""
    return frozenset(canonicalize_name(one or other) for one, other in _UNKNOWN.findall(output))


def find_unfit(output: str) -> frozenset[NormalizedName]:
    """Find the names of which pip's output says that nothing fits, or that there is nothing."""
    return frozenset(map(canonicalize_name, _UNFIT.findall(output)))


def number_lines(
    option: str, file: Path, origins: Iterable[str], *, first: int = 1
) -> dict[str, str]:
    """Return how pip names each line of a file, with its origin."""
    return {
        f"{option} {file} (line {number})": origin for number, origin in enumerate(origins, first)
    }


def name_origins(output: str, origins: Mapping[str, str]) -> str:
    """Replace the names of lines in our temporary files by where the user wrote them."""
    for name, origin in origins.items():
        output = output.replace(name, origin)
    return output


def _last_words(lines: list[str]) -> Iterable[str]:
    """From the first line that reports an error on, with the warnings before it; else the end.

    An index that cannot be reached, or wants a password, is a warning of pip's; the error that
    follows only says that nothing was found.
    """
    for number, line in enumerate(lines):
        if line.lstrip().lower().startswith("error"):
            signs = ("WARNING:", _UNFETCHED)
            warnings = dict.fromkeys(one for one in lines[:number] if one.startswith(signs))
            return [*list(warnings)[-_WARNINGS:], *lines[number:]]
    return lines[-_SHOWN_LINES:]
