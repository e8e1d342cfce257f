"""Inputs made of valid ones: cut, doubled, spliced, and with what parsers stumble over put in."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from random import Random

_TOKENS = (
    *(
        b"\0",
        b"\n",
        b"\r",
        b"\r\n",
        b"\x0b",
        b"\x85",
        b"\xff",
        b"\xfe\xff",
        b"\xe2\x80\xa8",
        b"\xef\xbb\xbf",
    ),
    *(
        b"\\",
        b"/",
        b"../",
        b"//",
        b"'",
        b'"',
        b"#",
        b";",
        b":",
        b"::",
        b",",
        b"@",
        b"=",
        b"==",
        b"===",
    ),
    *(
        b"[",
        b"]",
        b"{",
        b"}",
        b"(",
        b")",
        b"<",
        b">",
        b"&a ",
        b"*a",
        b"!!",
        b"- ",
        b"? ",
        b"|\n",
        b"%",
    ),
    *(b"null", b"true", b"-1", b"1e999", b"9" * 30, b"0x", b"NaN", b"${A}", b"$(x)", b"`x`"),
    *(
        b"--index-url=x",
        b"-r ",
        b"-e ",
        b"git+http://[::",
        b"file:///",
        b"http://[",
        b"~",
        b"a" * 300,
    ),
    *("\N{SNOWMAN}\N{RIGHT-TO-LEFT OVERRIDE}".encode(), b"\xed\xa0\x80", b" " * 50, b"\t"),
)


def mutate(seeds: Sequence[bytes], count: int, random: Random) -> Iterator[bytes]:
    """Yield `count` inputs; the seeds come first."""
    yield from seeds[:count]
    for _ in range(count - len(seeds)):
        data = bytearray(random.choice(seeds))
        for _ in range(random.choice((1, 1, 2, 3, 8))):
            _mutate_once(data, seeds, random)
        yield bytes(data[:20_000])


def _mutate_once(data: bytearray, seeds: Sequence[bytes], random: Random) -> None:
    start = random.randint(0, len(data))
    end = min(len(data), start + random.choice((0, 1, 1, 4, 30)))
    match random.randrange(7):
        case 0:
            del data[start:end]
        case 1:
            data[start:start] = random.choice(_TOKENS)
        case 2:
            data[start:end] = random.choice(_TOKENS)
        case 3:
            data[start:start] = data[start:end] * random.choice((1, 2, 50))
        case 4:
            other = random.choice(seeds)
            at = random.randint(0, len(other))
            data[start:end] = other[at : at + random.choice((1, 10, 100))]
        case 5 if data:
            at = min(start, len(data) - 1)
            data[at] ^= 1 << random.randrange(8)
        case _:
            del data[start:]
