"""`conda pip names --update`: the additional map is fetched, or the previous one is kept."""

from __future__ import annotations

from pathlib import Path

import pytest

from conda_pip_interop.commands.names.update_map import PUBLIC_MAP, update_map
from conda_pip_interop.errors import InteropError
from conda_pip_interop.names.names_map import read_map
from conda_pip_interop.values import dataclass
from tests.support.hosts import FakeHost

MAP = b'{"torch": "pytorch"}'


@dataclass(frozen=True, kw_only=True)
class MapHost(FakeHost):
    """A host with a configured map; `answer` is what a download returns or raises."""

    origin: str
    file: Path
    answer: bytes | OSError = b""

    @property
    def extra_map_origin(self) -> str:
        """See `Host.extra_map_origin`."""
        return self.origin

    @property
    def extra_map_file(self) -> Path:
        """See `Host.extra_map_file`."""
        return self.file

    def download(self, _url: str, *, limit: int) -> bytes:
        """See `Host.download`."""
        assert limit
        if isinstance(self.answer, OSError):
            raise self.answer
        return self.answer


def open_host(tmp_path: Path, origin: str, answer: bytes | OSError = b"") -> MapHost:
    target = FakeHost.of(tmp_path).target
    return MapHost(target=target, origin=origin, file=tmp_path / "kept.json", answer=answer)


@pytest.mark.parametrize("form", ["path", "file URL", "https"])
def test_a_map_is_fetched_from_a_file_or_a_url(tmp_path: Path, form: str) -> None:
    file = tmp_path / "map.json"
    file.write_bytes(MAP)
    origins = {"path": str(file), "file URL": file.as_uri(), "https": "https://host.example/map"}
    host = open_host(tmp_path, origins[form], MAP)
    assert update_map(host).text == f"{origins[form]}: 1 name."
    assert read_map(host.file) is not None


@pytest.mark.parametrize(
    ("origin", "answer", "reason"),
    [
        ("http://host.example/map", b"", "neither a file nor an https URL"),
        ("/none/map.json", b"", "No such file"),
        ("https://host.example/map", OSError("404"), "404"),
    ],
)
def test_a_map_that_cannot_be_fetched_keeps_the_previous_one(
    tmp_path: Path, origin: str, answer: bytes | OSError, reason: str
) -> None:
    host = open_host(tmp_path, origin, answer)
    host.file.write_bytes(MAP)
    with pytest.raises(InteropError, match=reason) as caught:
        update_map(host)
    assert caught.value.code == "map-not-fetched"
    assert host.file.read_bytes() == MAP


def test_without_a_configured_map_the_public_one_is_fetched(tmp_path: Path) -> None:
    host = open_host(tmp_path, "", MAP)
    assert update_map(host).text == f"{PUBLIC_MAP}: 1 name."
    kept = read_map(host.file)
    assert kept is not None
    assert kept.origin == PUBLIC_MAP
