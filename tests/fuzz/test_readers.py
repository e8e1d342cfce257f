"""No input makes a reader fail in another way than by an error of ours, or take long.

`FUZZ_INPUTS` is the number of all inputs, `FUZZ_SEED` where they begin. What fails is written to
`corpus`, and tried first from then on.
"""

from __future__ import annotations

import contextlib
import os
import resource
import signal
import tempfile
import time
import zlib
from pathlib import Path
from random import Random

import pytest

from conda_pip_interop.errors import InteropError
from tests.fuzz.mutations import mutate
from tests.fuzz.readers import READERS, Reader
from tests.support.trees import run_in_child

INPUTS = int(os.environ.get("FUZZ_INPUTS", "20000"))
SEED = int(os.environ.get("FUZZ_SEED", "1"))
CORPUS = Path(__file__).parent / "corpus"
#: For one input, of at most 20,000 bytes: a busy machine included.
SECONDS = 10
MEMORY = 4 << 30

_SHARES = sum(one.share for one in READERS.values())


def slug(name: str) -> str:
    return name.replace(" ", "-")


def try_input(reader: Reader, data: bytes, folder: Path) -> str:
    """Read one input in time; return what went wrong, or nothing."""
    signal.alarm(SECONDS)
    begun = time.perf_counter()
    try:
        with contextlib.suppress(InteropError):
            reader.read(data.decode(errors="surrogateescape"), folder)
    except Exception as error:  # noqa: BLE001 - whatever it is, it is a failure
        return f"{type(error).__name__}: {str(error)[:200]}"
    finally:
        signal.alarm(0)
    taken = time.perf_counter() - begun
    return f"took {taken:.1f} s" if taken > SECONDS / 2 else ""


@pytest.mark.parametrize("name", READERS)
def test_a_reader_answers_or_refuses(name: str) -> None:
    reader = READERS[name]
    count = round(INPUTS * reader.share / _SHARES)
    seeds = [one.encode() for one in reader.seeds]
    seeds += [file.read_bytes() for file in sorted(CORPUS.glob(f"{slug(name)}-*"))]

    def read_all() -> None:
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
        random = Random(f"{name} {SEED}")  # noqa: S311 - a repeatable one
        with tempfile.TemporaryDirectory() as folder:
            failures: dict[str, tuple[str, bytes]] = {}
            for data in mutate(seeds, count, random):
                failure = try_input(reader, data, Path(folder))
                if failure:
                    failures.setdefault(failure[:40], (failure, data))
        for _, data in failures.values():
            (CORPUS / f"{slug(name)}-{zlib.crc32(data):08x}").write_bytes(data)
        assert [failure for failure, _ in failures.values()] == []

    assert run_in_child(read_all) == 0
