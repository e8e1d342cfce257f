"""Advice on a failure of pip or uv. Nothing but advice may depend on their words."""

from __future__ import annotations

from typing import Final

from conda_pip_interop.values import regex

_NO_AGE_LIMIT: Final = (
    "To lift conda's limit for one command, set CONDA_EXCLUDE_NEWER=0; pip's own is "
    "uploaded-prior-to."
)
#: Words of pip's about an index that did not answer, which it only warns of or only logs.
UNREACHED: Final = (
    *("connection broken by", "Max retries exceeded", "problem confirming the ssl certificate"),
    *("connection error: ", "didn't respond within", "SSLError("),
)
#: A refusal of pip's index, which did answer.
_REFUSED: Final = "HTTP error"
#: pip's words about a page that the server of an index refused; 404 says that it has none.
REFUSED_PAGE: Final = regex(r": (?!404)[45]\d\d (?:Client|Server) Error: ")
#: Words of pip's and uv's about a page that wants other credentials, or any.
_CREDENTIALS: Final = (
    *(": 401 Client Error: ", ": 403 Client Error: "),
    *("lack of valid authentication credentials", "403 Forbidden"),
)
#: What to do where no index was asked for what was not found.
OFFLINE: Final = (
    "conda's setting offline is on, so no index was asked.",
    "To see where it is set: `conda config --show-sources`.",
)
#: Words of pip's and uv's about an index that did not answer.
NO_ANSWER: Final = (
    *UNREACHED,
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
    (
        ("metadata-generation-failed", "subprocess-exited-with-error", "Failed to build"),
        ("The project does not build: fix it, or choose another version.",),
    ),
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
    (NO_ANSWER, ("An index or a URL cannot be reached.", *_CHECK_NETWORK)),
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
