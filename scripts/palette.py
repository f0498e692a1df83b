"""A screenshot with 256 colours: a third of the size, and the same to the eye. (PNG specification, W3C, §9 and §11.)"""

from __future__ import annotations

import struct
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator

SIGNATURE = b"\x89PNG\r\n\x1a\n"
COLOURS = 256
Colour = tuple[int, int, int]


def shrink(png: bytes) -> bytes:
    """The same picture with its most frequent colours; rarer ones become the nearest of those. 8 bits, no alpha."""
    parts = list(chunks(png))
    width, height, depth, kind = struct.unpack(">IIBB", parts[0][1][:10])
    if (depth, kind) != (8, 2):
        raise ValueError("only 8-bit RGB, as Chromium writes opaque pages")
    data = zlib.decompress(b"".join(body for name, body in parts if name == b"IDAT"))
    rows = [list(zip(*[iter(row)] * 3, strict=True)) for row in plain_rows(data, width * 3, height)]
    palette, nearest = reduced(Counter(pixel for row in rows for pixel in row))
    lines = b"".join(b"\0" + bytes(nearest[pixel] for pixel in row) for row in rows)
    return SIGNATURE + b"".join(
        chunk(name, body)
        for name, body in (
            (b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)),
            (b"PLTE", b"".join(map(bytes, palette))),
            (b"IDAT", zlib.compress(lines, 9)),
            (b"IEND", b""),
        )
    )


def chunks(png: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = len(SIGNATURE)
    while at < len(png):
        (length,) = struct.unpack(">I", png[at : at + 4])
        yield png[at + 4 : at + 8], png[at + 8 : at + 8 + length]
        at += length + 12


def chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def plain_rows(data: bytes, stride: int, height: int) -> Iterator[bytearray]:
    """Lines of bytes, their filters undone (§9.2: none, sub, up, average, Paeth)."""
    above = bytearray(stride)
    for y in range(height):
        start = y * (stride + 1)
        row = bytearray(data[start + 1 : start + 1 + stride])
        match data[start]:
            case 1:
                for i in range(3, stride):
                    row[i] = (row[i] + row[i - 3]) & 255
            case 2:
                row = bytearray((a + b) & 255 for a, b in zip(row, above, strict=True))
            case 3:
                for i in range(stride):
                    row[i] = (row[i] + ((row[i - 3] if i > 2 else 0) + above[i]) // 2) & 255
            case 4:
                for i in range(stride):
                    left, corner = (row[i - 3], above[i - 3]) if i > 2 else (0, 0)
                    row[i] = (row[i] + paeth(left, above[i], corner)) & 255
        yield row
        above = row


def paeth(left: int, up: int, corner: int) -> int:
    guess = left + up - corner
    return min((left, up, corner), key=lambda value: abs(guess - value))


def reduced(counted: Counter[Colour]) -> tuple[list[Colour], dict[Colour, int]]:
    """The palette, and for each colour its place in it."""
    palette = [colour for colour, _ in counted.most_common(COLOURS)]
    return palette, {colour: closest(colour, palette) for colour in counted}


def closest(colour: Colour, palette: Iterable[Colour]) -> int:
    def distance(other: tuple[int, Colour]) -> int:
        return sum((a - b) ** 2 for a, b in zip(colour, other[1], strict=True))

    return min(enumerate(palette), key=distance)[0]
