"""The gallery: pictures drawn from the derivations when the page is built, each with its code.

A block of the page that begins with `# picture: NAME` draws on `ax`; its second line `# alt: ...` says what
is seen. Comments of the page stand for what is made from the shipped scripts: `<!-- sheet -->` for a small
picture of each with a link, `<!-- derivations -->` for a card each, `<!-- figures -->` for the figures
of the document.
"""

from __future__ import annotations

import ast
import contextlib
import html
import io
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from physsym.derivation import Derivation
from physsym.documents.content import Chapter, Figure
from physsym.documents.plotting import svg
from physsym.loading import Script, scripts
from physsym.printing import mathml

ROOT = Path(__file__).parents[2]
_BLOCK = re.compile(r"^```python\n# picture: (\S+)\n# alt: ([^\n]+)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
_HEADING = re.compile(r"^## (.+)$", re.MULTILINE)


@dataclass(frozen=True)
class Drawn:
    """A picture as it is shown: its file name, what is seen on it, and the svg."""

    name: str
    alt: str
    drawing: str

    def markup(self, folder: str) -> str:
        """Return the element that shows it."""
        return f'<img class="drawn" src="{folder}/{self.name}.svg" alt="{html.escape(self.alt)}">'


def blocks(text: str) -> list[tuple[str, str, str]]:
    """Return name, description and code of each block of a page that draws."""
    return [(found[1], found[2], found[3]) for found in _BLOCK.finditer(text)]


def draw(code: str, name: str) -> Callable[[Any], None]:
    """Return the function that runs the code of a block on axes; what it prints is not shown."""

    def on(ax: Any) -> None:
        with contextlib.redirect_stdout(io.StringIO()):
            exec(compile(code, f"gallery.md: {name}", "exec"), {"ax": ax})

    return on


def figures() -> Iterator[tuple[Figure, str]]:
    """Yield the figures of the document, each with the lines of its chapter that draw it."""
    for script in scripts():
        for chapter in script.parts:
            for found in _chapters(chapter):
                for block in found.blocks:
                    if isinstance(block, Figure):
                        yield block, lines_of(block.name)


def _chapters(part: object) -> Iterator[Chapter]:
    if isinstance(part, Chapter):
        yield part
    for inner in getattr(part, "chapters", ()):
        yield from _chapters(inner)


def lines_of(name: str) -> str:
    """Return the call in a chapter that states the figure of a name, as it is written there."""
    for file in sorted((ROOT / "derivations" / "book").glob("*.py")):
        text = file.read_text(encoding="utf-8")
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Figure":
                said = [k.value for k in node.keywords if k.arg == "name"]
                if said and isinstance(said[0], ast.Constant) and said[0].value == name:
                    indented = " " * node.col_offset + (ast.get_source_segment(text, node) or "")
                    lines = [line[node.col_offset :] for line in indented.splitlines()]
                    return f"# {file.relative_to(ROOT)}\n" + "\n".join(lines)
    raise LookupError(f"no chapter states a figure {name!r} by name=")


def card(script: Script, derivation: Derivation, position: int) -> str:
    """Return a derivation as Markdown: first and last line, steps, verdicts, and how to get it."""
    verdicts = list(derivation.verdicts())
    held = sum(map(bool, verdicts))
    first, last = (mathml(line, display="block") for line in (derivation.lines[0], derivation.lines[-1]))
    moves = "\n".join(f"{number}. {step.says}" for number, step in enumerate(derivation.steps, start=1))
    defined = [
        f"`{a}`".replace(" (defined)", "") for a in derivation.assumptions if str(a).endswith(" (defined)")
    ]
    return f"""### {derivation.title}

```{{raw}} html
<div class="formula">{first}</div>
<details><summary>Steps: {len(derivation.steps)}; {held} of {len(verdicts)} verdicts hold;
error: {derivation.error}</summary>
```

{moves}

```{{raw}} html
</details>
<div class="formula">{last}</div>
```

{"with " + ", ".join(defined) if defined else ""}

```python
derivation = ps.script("{script.name}").derivations[{position}]
```
"""


def filled(text: str, folder: Path) -> str:
    """Return the page with its pictures, cards and figures; the pictures are written into a folder."""
    drawn = {name: Drawn(name, alt, svg(draw(code, name))) for name, alt, code in blocks(text)}
    shown = list(figures()) if "<!-- figures -->" in text else []
    named = {
        figure.name: Drawn(f"figure-{figure.name}", _said(figure.alt), svg(figure.draw))
        for figure, _ in shown
    }
    folder.mkdir(parents=True, exist_ok=True)
    for one in (*drawn.values(), *named.values()):
        (folder / f"{one.name}.svg").write_text(one.drawing, encoding="utf-8")
    titles = _titles(text)
    text = _BLOCK.sub(lambda found: _picture(drawn[found[1]], folder.name) + _code(found[3]), text)
    text = text.replace("<!-- sheet -->", _raw(_sheet([(drawn[n], titles[n]) for n in drawn], folder.name)))
    text = text.replace("<!-- derivations -->", "\n".join(_cards()))
    entries = (
        f"### {figure.name.replace('-', ' ').capitalize()}\n\n{_picture(named[figure.name], folder.name)}"
        f"{_said(figure.caption)}\n\n{_code(lines)}"
        for figure, lines in shown
    )
    return text.replace("<!-- figures -->", "\n".join(entries))


def _cards() -> Iterator[str]:
    for script in scripts():
        for position, derivation in enumerate(script.derivations):
            yield card(script, derivation, position)


def _titles(text: str) -> dict[str, str]:
    """Return the heading above each picture."""
    return {
        found[1]: [heading[1] for heading in _HEADING.finditer(text, 0, found.start())][-1]
        for found in _BLOCK.finditer(text)
    }


def anchor(title: str) -> str:
    """Return the anchor of a heading, as MyST makes it."""
    return re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-")


def _said(words: Callable[[], str] | str) -> str:
    return words if isinstance(words, str) else words()


def _raw(markup: str) -> str:
    return f"```{{raw}} html\n{markup}\n```\n"


def _code(code: str) -> str:
    return f"```python\n{code.rstrip()}\n```\n"


def _picture(one: Drawn, folder: str) -> str:
    return _raw(one.markup(folder)) + "\n"


def _sheet(entries: list[tuple[Drawn, str]], folder: str) -> str:
    links = (
        f'<a href="#{anchor(title)}">{one.markup(folder)}<span>{title}</span></a>' for one, title in entries
    )
    return f'<div class="sheet">{"".join(links)}</div>'
