"""Sphinx: the pages of this folder as a site that asks for nothing from elsewhere; `make docs` builds it."""

import importlib
import inspect
import os
import re
import sys
from pathlib import Path

from docutils import nodes
from docutils.utils.math import MathError
from docutils.utils.math.latex2mathml import tex2mathml
from sphinx.util import logging

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent))

import physsym  # noqa: E402
from docs.extensions import accessibility, bibliography, explorer, gallery  # noqa: E402
from docs.extensions.formulas import Shown, report, shown  # noqa: E402
from physsym.__main__ import COMMANDS, parser  # noqa: E402

project, author, release = "physsym", "The physsym authors", physsym.__version__
extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "sphinx_copybutton"]
exclude_patterns = ["glossary-plain-words.txt"]
html_theme, html_title = "furo", f"physsym {release}"
html_static_path, html_css_files = ["_static"], ["site.css"]
html_show_search_summary = False  # it fetches each page that is found, which a site in a folder cannot
html_show_sphinx = html_copy_source = html_show_copyright = False
myst_enable_extensions = ["dollarmath", "amsmath"]
myst_heading_anchors = 4
copybutton_prompt_text, copybutton_prompt_is_regexp = r">>> |\.\.\. |\$ ", True
copybutton_only_copy_prompt_lines = True
default_role = "code"  # docstrings put names and formulas between single backticks
html_math_renderer = "mathml"
linkcheck_ignore = [r"https://example\.org", r"https://github\.com/OWNER/"]  # addresses of nobody
linkcheck_timeout, linkcheck_workers = 10, 8
logger = logging.getLogger(__name__)

# ------------------------------------------------------------------ formulas as MathML

# What papers write and Docutils does not know: a label is no part of what is shown.
REWRITTEN = ((re.compile(r"\\label\{[^}]*\}"), ""), (re.compile(r"\\iff(?![a-z])"), r"\\Leftrightarrow "))
FORMULAS: dict[str, list[Shown]] = {}


def converted(tex: str, block: bool) -> str:
    """Return LaTeX as MathML of Docutils; a warning, and so an error of the build, where it has none."""
    for pattern, written in REWRITTEN:
        tex = pattern.sub(written, tex)
    try:
        return tex2mathml(tex, as_block=block)
    except MathError as error:
        logger.warning("no MathML for %s: %s", tex, error)
        return f"<code>{tex}</code>"


def write_math(writer, node):
    """Write a formula, in a line or displayed, by the package's printer if it shows what is written."""
    tex, block = node.astext(), isinstance(node, nodes.math_block)
    formula = shown(tex, block)
    FORMULAS.setdefault(writer.builder.current_docname, []).append(formula)
    markup = formula.markup or converted(tex, block)
    writer.body.append(f'<div class="math-wrapper">{markup}</div>' if block else markup)
    raise nodes.SkipNode


def finish(app, failed):
    """Mend the pages for the keyboard, and write beside them how formulas are printed."""
    if failed is None and app.builder.format == "html":
        accessibility.mend(Path(app.outdir))
        (Path(app.outdir) / "formulas.txt").write_text(report(FORMULAS), encoding="utf-8")


# ------------------------------------------------------------------ the reference, from docstrings

COLON = "\ue000"  # a character of no meaning

# A name that several packages offer is described by the first of them here that has it.
PACKAGES = (
    "physsym", "physsym.vocabulary", "physsym.integrators", "physsym.analysis", "physsym.claims",
    "physsym.codegen", "physsym.testing", "physsym.adapters", "physsym.core", "physsym.mechanics",
    "physsym.derivation", "physsym.transform", "physsym.verify", "physsym.parsing", "physsym.printing",
    "physsym.loading", "physsym.runtime", "physsym.optimizers", "physsym.documents", "physsym.auditing",
    "physsym.exercises", "physsym.certificates", "physsym.oracle",
)  # fmt: skip


def public(package: str) -> dict[str, object]:
    """Return the public names of a package with their values; None where an optional library is missing."""
    module, found = importlib.import_module(package), {}
    for name in module.__all__:
        try:
            found[name] = getattr(module, name)
        except ImportError:
            found[name] = None
    return found


def described_in(value: object, package: str) -> str:
    """Return the name under which an earlier package describes a class or function, or an empty text."""
    for earlier in PACKAGES[: PACKAGES.index(package)]:
        for name, other in public(earlier).items():
            if other is value:
                return f"{earlier}.{name}"
    return ""


def entry(package: str, name: str, value: object) -> str:
    """Return the directive that describes a public name."""
    full = f"{package}.{name}"
    if inspect.isclass(value) or inspect.isroutine(value) or hasattr(value, "__wrapped__"):
        if earlier := described_in(value, package):
            return f"``{full}`` is :py:obj:`{earlier}`.\n"
        if inspect.isclass(value):
            return f".. autoclass:: {full}\n   :members:\n"
        return f".. autofunction:: {full}\n"
    if inspect.ismodule(value):
        page = name if f"{package}.{name}" in PACKAGES else ""
        also = f", see :doc:`{page}`" if page else ""
        return f".. py:data:: {full}\n   :type: module\n\n   {inspect.getdoc(value).splitlines()[0]}{also}\n"
    if value is None:
        return f".. py:data:: {full}\n\n   Needs an optional package, see ``physsym doctor``.\n"
    return f".. py:data:: {full}\n   :type: {type(value).__name__}\n"


def names_of(package: str) -> str:
    """Return the description of a package and of all its public names, as a block of reStructuredText."""
    says = inspect.getdoc(importlib.import_module(package)).splitlines()[0]
    entries = [entry(package, name, value) for name, value in public(package).items()]
    return "\n".join(["````{eval-rst}", escaped(says), "", *entries, "````\n"])


def commands() -> str:
    """Return the help of each command."""
    (action,) = (a for a in parser()._actions if isinstance(a.choices, dict))
    return "\n".join(f"## physsym {n}\n\n```text\n{action.choices[n].format_help()}```\n" for n in COMMANDS)


def fill(app, docname, source):
    """Put what is generated in the place of the comment that asks for it."""
    # doctest needs an empty line behind the last output, and a reader does not
    source[0] = re.sub(r"\n\n```$", "\n```", source[0], flags=re.MULTILINE)
    text = bibliography.linked(source[0]).replace("<!-- bibliography -->", bibliography.page())
    text = re.sub(r"(?m)^<!-- names of (\S+) -->$", lambda found: names_of(found[1]), text)
    if "<!-- commands -->" in text:
        os.environ["COLUMNS"] = "80"  # the width of the help
        text = text.replace("<!-- commands -->", commands())
    if "<!-- sheet -->" in text:
        text = gallery.filled(text, Path(app.outdir) / "_images")
    if "<!-- explorer -->" in text:
        text = explorer.filled(text, Path(app.outdir))
    source[0] = text


def escaped(line: str) -> str:
    """Return a line of prose in which the signs | and * mean themselves, as they do between backticks."""
    parts = re.split(r"(`[^`]*`)", line)
    return "".join(p if p.startswith("`") else re.sub(r"([|*])", r"\\\1", p) for p in parts)


def plain_signs(app, what, name, obj, options, lines):
    """Escape signs of reStructuredText in the prose of docstrings, but not in their examples."""
    example = False
    if what == "property" and lines:
        lines[0] = lines[0].replace(":", COLON)  # else napoleon takes what stands before it for a type
    for k, line in enumerate(lines):
        example = bool(line.strip()) and (example or line.lstrip().startswith(">>>"))
        if not example and not re.match(r"\s*\*+\w+( :.*)?$", line):  # such as **options
            lines[k] = bibliography.linked_in_docstring(escaped(line))


def with_colons(app, what, name, obj, options, lines):
    """Put colons back, behind napoleon."""
    lines[:] = [line.replace(COLON, ":") for line in lines]


def called(app, what, name, obj, options, signature, returns):
    """Return how a class is called: it may be made by a method that takes arguments of any names."""
    return (str(inspect.signature(obj)), returns) if what == "class" and signature else None


def without_icon(app, pagename, templatename, context, doctree):
    """Keep browsers from asking for an icon, which no page has."""
    context["metatags"] = context.get("metatags", "") + '<link rel="icon" href="data:,">'


def setup(app):
    """Register the renderer of formulas, and what fills the pages of the reference."""
    app.add_html_math_renderer("mathml", (write_math, None), (write_math, None))
    app.connect("source-read", fill)
    app.connect("html-page-context", without_icon)
    app.connect("build-finished", finish)
    app.connect("autodoc-process-signature", called)
    app.connect("autodoc-process-docstring", plain_signs, priority=400)  # before napoleon
    app.connect("autodoc-process-docstring", with_colons, priority=600)
