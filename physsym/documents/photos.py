"""Pictures that a Markdown file shows as files: which there may be, and what a document takes of them.

A picture stands on a line of its own, `![what can be seen](file.png "caption")`, and lies in the folder of
the Markdown file. A page holds it within; other formats have it as a file beside them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from urllib.parse import unquote

from markdown_it import MarkdownIt
from markdown_it.token import Token

from physsym.documents.tree import Photo, anchor

# Media type, and with what a file of that kind begins.
_KINDS: dict[str, tuple[str, bytes]] = {
    ".png": ("image/png", rb"\x89PNG\r\n\x1a\n"),
    ".jpg": ("image/jpeg", rb"\xff\xd8\xff"),
    ".jpeg": ("image/jpeg", rb"\xff\xd8\xff"),
    ".gif": ("image/gif", rb"GIF8[79]a"),
    ".webp": ("image/webp", rb"RIFF....WEBP"),
    ".svg": ("image/svg+xml", rb"\s*(?:<\?xml|<!--|<!DOCTYPE svg|<svg)"),
}
_OF_TEX = (".png", ".jpg", ".jpeg")
MOST = 20_000_000  # bytes
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:|//|#")


@dataclass(frozen=True)
class NamedPhoto:
    """What a Markdown file says of a picture: its address, what can be seen in words, its caption."""

    address: str
    alt: str
    caption: str = ""

    @property
    def is_file(self) -> bool:
        """Return whether it is a file, and not somewhere on the network."""
        return not _SCHEME.match(self.address)


def read_photo(named: NamedPhoto, folder: Path) -> Photo:
    """Return a picture that lies in the folder of a Markdown file, or below it.

    Raises
    ------
    ValueError
        For a file that is not there, lies elsewhere, is too large, or is no picture.
    """
    path = folder / unquote(named.address)
    suffix = path.suffix.lower()
    if suffix not in _KINDS:
        raise ValueError(f"a picture is one of {', '.join(_KINDS)}; given {named.address}")
    if not path.resolve().is_relative_to(folder.resolve()):
        raise ValueError(f"{named.address} lies elsewhere; a Markdown file shows pictures of its own folder")
    if not path.is_file():
        raise ValueError(f"there is no picture {path}")
    if path.stat().st_size > MOST:
        raise ValueError(f"{path} has {path.stat().st_size} bytes; a picture has at most {MOST}")
    content = path.read_bytes()
    if not re.match(_KINDS[suffix][1], content, re.DOTALL):
        raise ValueError(f"{path} is no picture of the kind {suffix}: it begins with {content[:8]!r}")
    name = f"{anchor(path.stem) or 'picture'}-{sha256(content).hexdigest()[:8]}{suffix}"
    return Photo(_plain(name), content, named.alt, named.caption)


def _plain(name: str) -> str:
    """Return the name of a file in signs that every format and system takes."""
    return "".join(c if c.isascii() else f"{ord(c):x}" for c in name)


def media_type(name: str) -> str:
    """Return the media type of a picture by the end of its name.

    >>> media_type("swing.jpg")
    'image/jpeg'
    """
    return _KINDS[Path(name).suffix][0]


def refuse_for_tex(photo: Photo) -> None:
    """Raise ValueError for a picture that LaTeX cannot show."""
    if not photo.name.endswith(_OF_TEX):
        raise ValueError(
            f"LaTeX shows no picture {Path(photo.name).suffix} ({photo.alt or photo.name}): give it as .png "
            "or .jpg, or leave the formats tex and pdf out"
        )


def photo_in(tokens: Sequence[Token], paragraph: int) -> NamedPhoto | None:
    """Return the picture that is all there is in the paragraph that begins at a token, if it is one."""
    children = tokens[paragraph + 1].children or [] if tokens[paragraph].type == "paragraph_open" else []
    if [child.type for child in children] != ["image"]:
        return None
    (shown,) = children
    return NamedPhoto(str(shown.attrGet("src")), shown.content, str(shown.attrGet("title") or ""))


def photos_in(text: str) -> Iterator[NamedPhoto]:
    """Yield the pictures of a Markdown text that are files.

    >>> [photo.address for photo in photos_in('![A bob](bob.png "The bob")')]
    ['bob.png']
    """
    tokens = MarkdownIt("commonmark").parse(text)
    for k in range(len(tokens)):
        named = photo_in(tokens, k)
        if named is not None and named.is_file:
            yield named
