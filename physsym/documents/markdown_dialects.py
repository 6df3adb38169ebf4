"""The dialects of Markdown: how each writes formulas, targets of links, figures and frames."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Flavour:
    """A dialect: functions from TeX, names and texts to Markdown."""

    name: str
    inline: Callable[[str], str]
    display: Callable[[str], str]
    target: Callable[[str], str]
    figure: Callable[[str, str, str], str]
    frame: Callable[[str, str], str]


def _quoted(text: str) -> str:
    return "\n".join(f"> {line}".rstrip() for line in text.splitlines())


def _html_target(name: str) -> str:
    return f'<a id="{name}"></a>'


def _picture(name: str, alt: str, caption: str) -> str:
    return f"![{alt}](figures/{name}.svg)\n\n{caption}"


def _myst_frame(title: str, text: str) -> str:
    # Longer than any fence within.
    return f"``````{{admonition}} {title}\n{text}\n``````"


# Plain dollars lose \{ and _ on GitHub, where Markdown is read before mathematics.
GITHUB = Flavour(
    "github",
    inline=lambda tex: f"$`{tex}`$",
    display=lambda tex: f"```math\n{tex}\n```",
    target=_html_target,
    figure=_picture,
    frame=lambda title, text: f"> [!IMPORTANT]\n> **{title}**\n>\n{_quoted(text)}",
)

MYST = Flavour(
    "myst",
    inline=lambda tex: f"{{math}}`{tex}`",
    display=lambda tex: f"```{{math}}\n{tex}\n```",
    target=lambda name: f"({name})=",
    figure=lambda name, alt, caption: (
        f"```{{figure}} figures/{name}.svg\n:name: figure-{name}\n:alt: {alt}\n\n{caption}\n```"
    ),
    frame=_myst_frame,
)

NOTEBOOK = Flavour(
    "notebook",
    inline=lambda tex: f"${tex}$",
    display=lambda tex: f"$$\n{tex}\n$$",
    target=_html_target,
    figure=lambda name, alt, caption: f"![{alt}](attachment:{name}.png)\n\n{caption}",
    frame=lambda title, text: f"> **{title}**\n>\n{_quoted(text)}",
)
