"""The head of an HTTP answer, read as browsers and curl read it, pure: what cannot be read in it is left out."""

from __future__ import annotations

import re
from dataclasses import dataclass

LINE_END = re.compile(rb"\r?\n")
HEAD_END = re.compile(rb"\r?\n\r?\n")
STATUS = re.compile(rb"(?:HTTP/\d+(?:\.\d+)?|ICY)[ \t]+(\d{3})(?!\d)[ \t]*(.*)", re.IGNORECASE | re.DOTALL)
BLANK = b" \t\r\n\v\f"
NOT_IN_A_HEAD = re.compile(rb"[\x00-\x08\x0a-\x1f\x7f]")


@dataclass(frozen=True)
class ResponseHead:
    """The status, its words, and the headers that could be read, in their order."""

    status: int
    reason: bytes
    headers: tuple[tuple[bytes, bytes], ...]

    def all(self, name: bytes) -> list[bytes]:
        """Every value of a header; `name` in small letters."""
        return [value for header, value in self.headers if header.lower() == name]

    @property
    def chunked(self) -> bool:
        return any(b"chunked" in value.lower() for value in self.all(b"transfer-encoding"))

    @property
    def length(self) -> int | None:
        """How long the body is; None where nothing (that can be understood) says so: it ends with the connection."""
        said = {part.strip() for value in self.all(b"content-length") for part in value.split(b",")}
        numbers = {int(part) for part in said if re.fullmatch(rb"\d{1,18}", part)}
        return numbers.pop() if len(numbers) == 1 else None


def parse(text: bytes) -> ResponseHead | None:
    """A head without the empty line at its end; None when it is no answer of HTTP."""
    first, *lines = LINE_END.split(text.lstrip(BLANK))
    status = STATUS.fullmatch(first)
    if status is None:
        return None
    headers: list[tuple[bytes, bytes]] = []
    for line in lines:
        clean = NOT_IN_A_HEAD.sub(b"", line)
        if clean[:1] in (b" ", b"\t"):
            if headers:  # a value goes on (RFC 9112 §5.2)
                headers[-1] = (headers[-1][0], headers[-1][1] + b" " + clean.strip(BLANK))
            continue
        name, colon, value = clean.partition(b":")
        if colon and name.strip(BLANK):
            headers.append((name.strip(BLANK), value.strip(BLANK)))
    return ResponseHead(int(status[1]), NOT_IN_A_HEAD.sub(b"", status[2]), tuple(headers))
