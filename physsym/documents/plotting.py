"""The style of the figures: strokes that can be distinguished without colour, and figures as SVG text.

The colours keep a contrast of 3 to 1 (text of 4 to 1) against white paper and against a dark page alike, so
that one drawing on a transparent ground serves both. They differ in lightness too, each stroke has a dash and
a marker of its own, and what `svg` draws never depends on the reader's settings of matplotlib.
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import lru_cache
from typing import IO, TYPE_CHECKING, Any, Literal, TypeAlias

from sympy import Expr

from physsym.documents.errors import naming
from physsym.documents.tree import Document, Photo, Picture, blocks
from physsym.printing import latex
from physsym.vocabulary import Face

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Draw: TypeAlias = "Callable[[Axes], object]"
Kind: TypeAlias = Literal["svg", "pdf", "png"]

BLUE, GREEN, AMBER, INK = "#2f6fb2", "#17907a", "#bf841b", "#7a7a7a"
WIDTH, HEIGHT = 6.3, 3.4  # inches; at 96 pixels an inch the width of a line of text

# Metadata that differ from one run to the next, and would change the bytes of a file.
_UNDATED: Mapping[str, Mapping[str, None]] = {
    "svg": {"Date": None, "Creator": None},
    "pdf": {"CreationDate": None, "Creator": None, "Producer": None},
    "png": {"Software": None},
}

_SETTINGS: Mapping[str, Any] = {
    "svg.hashsalt": "physsym",
    "svg.fonttype": "path",
    "font.family": "DejaVu Sans",
    "font.size": 9.5,
    "mathtext.fontset": "cm",
    "text.color": INK,
    "axes.edgecolor": INK,
    "axes.labelcolor": INK,
    "axes.facecolor": "none",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.linewidth": 0.8,
    "axes.labelsize": 11,
    "xtick.color": INK,
    "ytick.color": INK,
    "legend.frameon": False,
    "lines.linewidth": 1.6,
    "lines.markersize": 4,
}


_COORDINATES = re.compile(rb' (?:d|x|y)="[^"]*"')


@dataclass(frozen=True)
class Stroke:
    """A way to draw a line: colour, dash and marker, each different from those of other strokes."""

    colour: str
    dash: str
    marker: str

    def line(self, **more: Any) -> dict[str, Any]:
        """Return the keyword arguments of matplotlib for a line without markers."""
        return {"color": self.colour, "linestyle": self.dash, **more}

    def marked(self, every: int = 1, **more: Any) -> dict[str, Any]:
        """Return those for a line with a marker at every so many points."""
        return self.line(marker=self.marker, markevery=every, markerfacecolor="none", **more)


STROKES = (Stroke(BLUE, "-", "o"), Stroke(AMBER, "--", "s"), Stroke(GREEN, "-.", "^"), Stroke(INK, ":", "x"))


@contextmanager
def _matplotlib() -> Iterator[None]:
    """Within this, the lack of matplotlib is an ImportError that says what to install."""
    try:
        yield
    except ImportError as error:
        raise ImportError(
            "figures need matplotlib: install it with python -m pip install 'physsym[document]'",
            name="matplotlib",
        ) from error


def settings() -> AbstractContextManager[Any]:
    """Return a context in which matplotlib draws as in the document, whatever the reader's own settings."""
    with _matplotlib():
        from matplotlib import style
    context: AbstractContextManager[Any] = style.context(["default", dict(_SETTINGS)])
    return context


def axes(ax: Axes | None) -> Axes:
    """Return the axes given, or those of a new figure."""
    if ax is not None:
        return ax
    with _matplotlib():
        from matplotlib import pyplot
    fresh: Axes = pyplot.subplots(figsize=(WIDTH, HEIGHT), layout="constrained")[1]
    return fresh


def legend(ax: Axes, columns: int = 4) -> None:
    """Put the names of the lines above the axes, where they cover nothing."""
    ax.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=columns, borderaxespad=0.2, columnspacing=1.4)


def label(formula: Expr, face: Face = "physics") -> str:
    """Return a formula as the label of an axis."""
    return f"${latex(formula, face)}$"


def image(
    draw: Draw | tuple[Draw, ...],
    kind: Kind = "svg",
    size: tuple[float, float] = (WIDTH, HEIGHT),
) -> bytes:
    """Return as a file what `draw` puts on the axes it is given: the same bytes each time.

    Several functions draw on panels side by side. `size` is the width and height in inches, a pixel of png is
    1/200 inch; the ground is transparent. Raises ImportError without matplotlib.
    """
    draws, out = draw if isinstance(draw, tuple) else (draw,), io.BytesIO()
    with settings():
        from matplotlib.figure import Figure

        figure = Figure(figsize=size, layout="constrained", facecolor="none", edgecolor="none")
        for put, ax in zip(draws, figure.subplots(1, len(draws), squeeze=False).flat, strict=True):
            put(ax)
        panels: list[Any] = list(figure.axes)
        for panel in panels:  # with those that lie within others
            panels += panel.child_axes
            panel.patch.set(facecolor="none", edgecolor="none")
        _write_as(kind, figure, out)
    return _rounded(out.getvalue()) if kind == "svg" else out.getvalue()


def _write_as(kind: Kind, figure: Any, out: IO[bytes]) -> None:
    """Write a figure by the canvas of a format itself: `savefig` would draw it twice where it is laid out.

    It is laid out with the renderer that draws it, which knows how wide each text is; matplotlib would make
    another one and measure all texts again.
    """
    canvas: Any
    figure.set_dpi(200)
    if kind == "svg":
        from matplotlib.backends.backend_svg import FigureCanvasSVG

        canvas = FigureCanvasSVG(figure)
        write = canvas.print_svg
    elif kind == "pdf":
        from matplotlib.backends.backend_pdf import FigureCanvasPdf

        canvas = FigureCanvasPdf(figure)
        write = canvas.print_pdf
    else:
        from matplotlib.backends.backend_agg import FigureCanvasAgg

        canvas = FigureCanvasAgg(figure)
        write = canvas.print_png
    draw = figure.draw

    def draw_with(renderer: object) -> None:
        canvas.get_renderer = lambda: renderer
        draw(renderer)

    figure.draw = draw_with
    write(out, metadata=dict(_UNDATED[kind]))


def _rounded(drawing: bytes) -> bytes:
    """Return an svg file with coordinates to a hundredth of a point, and without indents: neither is seen."""
    drawing = re.sub(rb"\n\s+", b"\n", drawing)
    return _COORDINATES.sub(lambda found: re.sub(rb"(\.\d\d)\d+", rb"\1", found[0]), drawing)


def svg(draw: Draw | tuple[Draw, ...], size: tuple[float, float] = (WIDTH, HEIGHT)) -> str:
    """Return what `draw` puts on its axes as one svg element; arguments and errors as of `image`."""
    text = image(draw, "svg", size).decode()
    return re.sub(r"\s*<metadata>.*?</metadata>", "", text[text.index("<svg") :], flags=re.DOTALL)


# ------------------------------------------------------------------ the figures of a document

Files: TypeAlias = Mapping[str, str | bytes]

FOLDER = "figures"

# What makes the files of figures: a command may ask another process.
drawing: ContextVar[Callable[[tuple[Draw, ...], Kind, tuple[float, float]], bytes]] = ContextVar(
    "drawing", default=image
)


def figures(document: Document, kind: Kind) -> Files:
    """Return the figures of a document as files of one kind, and the pictures that are files already."""
    pictures = (b for _, b in blocks(document) if isinstance(b, Picture))
    drawn = {f"{FOLDER}/{p.name}.{kind}": picture_file(p, kind) for p in pictures}
    given = (b for b in (*document.opening, *(b for _, b in blocks(document))) if isinstance(b, Photo))
    return drawn | {f"{FOLDER}/{p.name}": p.content for p in given}


def picture_file(picture: Picture, kind: Kind) -> bytes:
    """Return a figure as a file of one kind, drawn once; errors as of `image`, named by the figure."""
    with naming(f"figure {picture.name}", "draw"):
        return _picture_file(picture.draw, picture.size, kind)


@lru_cache(maxsize=256)
def _picture_file(draw: tuple[Callable[[Any], object], ...], size: tuple[float, float], kind: Kind) -> bytes:
    return drawing.get()(draw, kind, size)
