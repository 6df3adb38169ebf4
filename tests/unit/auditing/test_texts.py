"""Formulas of files: found with their positions, sentences, labels and hints, and nothing else is found."""

import json
import random

import pytest

from physsym.auditing.files import files_of, texts_of
from physsym.auditing.hints import KEYWORDS, hints_of


@pytest.fixture
def text(tmp_path):
    def write(content, suffix=".md"):
        path = tmp_path / f"notes{suffix}"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return texts_of(path)

    return write


def found(text):
    return [f.text for f in text.formulas]


def displayed(text):
    return [f.text for f in text.formulas if f.display]


# Formulas as they stand in Markdown of several kinds, and what is found of them.
MARKDOWN = {
    "a = $b$ c": ["b"],
    "$ b $ with space": ["b"],
    "$$a = b$$": ["a = b"],
    "$$\na\n= b\n$$": ["a\n= b"],
    "\\(x^2\\) and \\\\(y^2\\\\)": ["x^2", "y^2"],
    "\\[x = 1\\]": ["x = 1"],
    "\\\\[x = 1\\\\]": ["x = 1"],
    "```math\nx = 1\n```": ["x = 1"],
    "~~~{math}\n:label: eq-a\nx = 1\n~~~": ["x = 1"],
    ":::{math}\nx = 1\n:::": ["x = 1"],
    "the role {math}`x^2` of MyST": ["x^2"],
    "GitHub's $`x_1`$ form": ["x_1"],
    "\\begin{align}\na &= b \\\\\nc &= d\n\\end{align}": [
        "\\begin{align}\na &= b \\\\\nc &= d\n\\end{align}"
    ],
    "\\begin{equation*}\na = b\n\\end{equation*}": ["a = b"],
    "> $$\n> a\n> = b\n> $$": ["a\n  = b"],
    "1. $$a = b$$": ["a = b"],
    "$\\mu$=0.9 and $\\beta$=0.99": ["\\mu", "\\beta"],
    "$$a = \\begin{cases} 1 \\\\[2pt] 2 \\end{cases}$$": ["a = \\begin{cases} 1 \\\\[2pt] 2 \\end{cases}"],
    "$$a \\text{ if $x$ }$$": ["a \\text{ if $x$ }"],
    ":::{admonition} The mass $m$\nis $n$\n:::\nand $k$": ["m", "n", "k"],
    "$$a = b$$ (eq:one)": ["a = b"],
    "$$a = b (\\#eq:two)$$": ["a = b"],
}

# What looks like formulas and is none.
NONE = [
    "`$x$` and ``$$y$$``",
    "```\n$x$\n$$y = 1$$\n```",
    "~~~python\n$x$\n~~~",
    "```physsym\nx <- x - eta*grad(x)\n```",
    "````md\n```math\nx\n```\n````",
    "text\n\n    $x$ in code\n\nmore",
    "<!-- $x$ -->",
    "<!--\n$$x$$\n-->",
    "it costs $5 and $10",
    "\\$x\\$",
    "a $ b",
    "an [\\[citation\\]](x)",
    "<pre>$x$</pre> <code>$y$</code> <script>$z$</script>",
    "---\ntitle: The $x$\n---\n",
    "$$$$",
    "```{code-cell}\n$x$\n```",
    "```{r setup}\n$x$\n```",
    "{% highlight python %}\n$x$\n{% endhighlight %}",
    "$\n\nx$",
]


@pytest.mark.parametrize("source", MARKDOWN)
def test_formulas_of_markdown_are_found(text, source):
    assert found(text(source)) == MARKDOWN[source]


@pytest.mark.parametrize("source", NONE)
def test_what_is_no_formula_is_not_found(text, source):
    assert found(text(source)) == []


@pytest.mark.parametrize("source", MARKDOWN)
@pytest.mark.parametrize("ends", ["\r\n", "\r"])
def test_ends_of_lines_and_a_byte_order_mark_change_nothing(text, source, ends):
    plain = text(f"# A\n\nfirst\n\n{source}\n")
    other = text(b"\xef\xbb\xbf" + f"# A\n\nfirst\n\n{source}\n".replace("\n", ends).encode())
    assert other.formulas == plain.formulas
    wide = text(f"# A\n\nfirst\n\n{source}\n".encode("utf-16"))
    assert wide.formulas == plain.formulas


@pytest.mark.parametrize("source", MARKDOWN)
def test_places_are_those_of_the_characters(text, source):
    content = f"# A\n\n{'words ' * 3}\n\n{source}\n\nwords\n"
    rows = content.split("\n")
    for formula in text(content).formulas:
        first = formula.text.split("\n")[0]
        assert rows[formula.line - 1][formula.column - 1 :].startswith(first)


def test_dollars_within_a_line_are_inline_as_in_kramdown(text):
    there = text("The rate $$\\eta$$ is small.\n\n$$x = 1$$\n\n$$\ny = 2\n$$\n\n- $$z$$ is a position")
    assert [(f.text, f.display) for f in there.formulas] == [
        ("\\eta", False), ("x = 1", True), ("y = 2", True), ("z", False),
    ]  # fmt: skip


def test_a_sign_without_an_end_takes_no_other_formula_with_it(text):
    there = text("$$a = b\n\n# Next\n\n$$c = d$$\n")
    assert found(there) == ["c = d"]
    assert there.remarks == ("line 1: the sign $$ has no end",)


def test_headings_are_those_above(text):
    there = text(
        "$a$\n# One\n$b$\n## Two `x`\n$c$\nThree\n-----\n$d$\n# Four {#id}\n$e$\n```\n# code\n```\n$f$"
    )
    assert [f.headings for f in there.formulas] == [
        (), ("One",), ("One", "Two x"), ("One", "Three"), ("Four",), ("Four",),
    ]  # fmt: skip
    assert [f.sections for f in there.formulas] == [(), (1,), (1, 2), (1, 3), (4,), (4,)]


def test_sections_of_the_same_name_are_told_apart(text):
    there = text("# A\n## Example\n$a=1$\n# A\n## Example\n$a=2$")
    first, second = there.formulas
    assert first.headings == second.headings
    assert first.section != second.section


def test_sentences_around_a_formula(text):
    there = text(
        "It is so. Since the mass $m$ is small,\nwe rewrite this as\n\n$$\na = b\n$$\n\n"
        "and hence, as $c = d$ holds, $$e = f$$\n"
        "for all $x$. Another sentence.\n"
    )
    first, second, last = (f for f in there.formulas if "=" in f.text)
    assert first.before == "Since the mass $m$ is small, we rewrite this as"
    assert first.after == ""
    assert second.before == "and hence, as"
    assert second.after == "holds"
    assert last.before == "holds,"
    assert last.after == "for all $x$"


LABELS = {
    "$$x = 1 \\label{eq:a}$$": "eq:a",
    "$$x = 1 \\tag{2.1}$$": "2.1",
    "$$x = 1 \\tag{2.1} \\label{eq:a}$$": "eq:a",
    "$$\nx = 1\n$$ {#eq-a}": "eq-a",
    "$$\nx = 1\n$$ (eq:a)": "eq:a",
    "(eq:a)=\n$$\nx = 1\n$$": "eq:a",
    "$$x = 1$$\n:eqlabel:`eq_a`": "eq_a",
    "$$x = 1 (\\#eq:a)$$": "eq:a",
    "```{math}\n:label: eq-a\nx = 1\n```": "eq-a",
    "$$x = 1$$": "",
}


@pytest.mark.parametrize("source", LABELS)
def test_labels(text, source):
    (formula,) = text(source).formulas
    assert formula.label == LABELS[source]


def test_all_labels_of_rows_are_kept(text):
    there = text("$$\\begin{align} a &= b \\label{a} \\\\ c &= d \\tag{7} \\end{align}$$")
    assert there.formulas[0].labels == ("a", "7")


# ---- hints


def hints(formula):
    return [str(hint) for hint in formula.hints]


def test_a_hint_belongs_to_the_formula_behind_it(text):
    there = text(
        "<!-- physsym: from eq:a; one coordinate -->\n$$x = 1$$\n\n$$y = 1$$\n\n"
        "<!-- physsym: is adam -->\nWith $m$ it is\n\n$$z = 1$$\n\n"
        "<!-- physsym: expect fails --> $w = 2$ and $v = 3$"
    )
    assert {f.text: hints(f) for f in there.formulas if f.hints} == {
        "x = 1": ["from eq:a", "one coordinate"], "z = 1": ["is adam"], "w = 2": ["expect fails"],
    }  # fmt: skip
    assert [hint.line for f in there.formulas for hint in f.hints] == [1, 1, 6, 11]


@pytest.mark.parametrize(
    ("source", "line", "says"),
    [
        ("\n\n<!-- physsym: form 12 -->\n$$x = 1$$", 3, "'form' is no keyword of a hint; these are: given, "),
        ("<!-- physsym:\nfrom 12\nis nesterov\nwrong -->\n$$x$$", 4, "'wrong' is no keyword"),
        ("<!-- physsym: expect that it holds -->\n$$x$$", 1, "is not of the form `expect fails`"),
        ("<!-- physsym: -->\n$$x$$", 1, "the hint is empty"),
        ("<!-- physsym given m > 0 -->\n$$x$$", 1, "'physsym' is no keyword"),
        ("<!-- physsym: given m > 0\n$$x$$", 1, "'physsym' is no keyword"),
        ("<!-- physsym: is adam -->\n# Next\n$$x = 1$$", 1, "no formula follows the hint 'is adam' directly"),
        ("<!-- physsym: is adam -->\nOne.\n\nTwo.\n\n$$x = 1$$", 1, "no formula follows"),
        ("<!-- physsym: is adam -->\n$x = 1$ and $y = 1$ without a display", 1, None),
        ("<!-- physsym: is adam -->\nHere $x = 1$ and $y = 1$ stand", 1, "no formula follows"),
    ],
)
def test_a_wrong_hint_is_refused_with_its_line(text, source, line, says):
    if says is None:
        assert [hints(f) for f in text(source).formulas] == [["is adam"], []]
        return
    with pytest.raises(ValueError, match=rf"notes\.md: line {line}: ") as caught:
        text(source)
    assert says in str(caught.value)


def test_given_and_define_hold_to_the_next_heading_of_the_same_level(text):
    there = text(
        "# A\n$a$\n## B\n<!-- physsym: given m > 0; define eta = dt/gamma -->\n$b$\n"
        "### C\n$c$\n## D\n$d$\n# E\n$e$"
    )
    held = {f.text: [str(hint) for hint in f.scoped] for f in there.formulas}
    both = ["given m > 0", "define eta = dt/gamma"]
    assert held == {"a": [], "b": both, "c": both, "d": [], "e": []}
    assert [(str(hint), under) for hint, under in there.scoped] == [(hint, ("A", "B")) for hint in both]
    assert not any(f.hints for f in there.formulas)


def test_what_holds_without_headings_holds_to_the_end(text):
    there = text("$a$\n\n<!-- physsym: given m > 0 -->\n\n$b$\n\n# H\n\n$c$")
    assert [len(f.scoped) for f in there.formulas] == [0, 1, 1]


@pytest.mark.parametrize("keyword", KEYWORDS)
def test_every_keyword_is_read_as_its_example_writes_it(keyword):
    example = KEYWORDS[keyword].example
    (hint,) = hints_of(example, 3)
    assert (hint.keyword, str(hint), hint.line) == (keyword, example, 3)
    with pytest.raises(ValueError, match="line 3: "):
        hints_of(keyword if example != keyword else f"{keyword} 3", 3)


# ---- LaTeX

TEX = r"""\documentclass{article}
\newcommand{\R}{\mathbb{R}} \def\half#1{\frac{#1}{2}} % $not this$
\DeclareMathOperator*{\argmin}{arg\,min}
\newcommand{\opt}[2][x]{#1 + #2}
\begin{document}
\section{The law \emph{of} motion}
With $m$ and \(k\)\% and \$5, $$a = 1$$ and \[ b = 2 \\[2pt] \text{if $x$} \]
% physsym: given m > 0
\begin{equation}\label{eq:law}
  c = 3 % a comment
\end{equation}
\input{other}
\subsection*{Rows}
\begin{align*}
  d &= 4 \\
  e &= 5
\end{align*}
% physsym: from eq:law
\begin{eqnarray} f &=& 6 \end{eqnarray}
\begin{verbatim}
$no$
\end{verbatim}
\verb|$no$| \begin{lstlisting} $no$ \end{lstlisting}
% $no$
\begin{gather}
% physsym: expect fails
  g = 7
\end{gather}
The end $h$.
\end{document}
$no$
"""


def test_formulas_of_latex_are_found(text):
    there = text(TEX, ".tex")
    assert [f.text.split("\n")[0] for f in there.formulas] == [
        "m", "k", "a = 1", "b = 2 \\\\[2pt] \\text{if $x$}", "c = 3", "\\begin{align*}",
        "\\begin{eqnarray} f &=& 6 \\end{eqnarray}", "\\begin{gather}", "h",
    ]  # fmt: skip
    assert [f.display for f in there.formulas] == [False, False, True, True, True, True, True, True, False]
    rows = TEX.split("\n")
    for formula in there.formulas:
        assert rows[formula.line - 1][formula.column - 1 :].startswith(formula.text.split("\n")[0])
    assert "comment" not in there.formulas[4].text
    assert "physsym" not in there.formulas[7].text


def test_macros_may_begin_and_end_an_environment(text):
    macros = r"\newcommand{\be}{\begin{equation}}\newcommand{\ee}{\end{equation}}\def\bea{\begin{align}}"
    body = r"\be a = 1 \ee, \bea b &= 2 \\ &= 2 \end{align} \begin{equation} c = 3 \ee $\beta$ \be never"
    there = text(macros + "\n\\begin{document}\n" + body, ".tex")
    found = ["a = 1", r"\bea b &= 2 \\ &= 2 \end{align}", "c = 3", r"\beta"]
    assert [f.text.strip() for f in there.formulas] == found
    assert r"\be has no end" in repr(there.remarks).replace("\\\\", "\\")


def test_what_is_switched_off_is_no_text(text):
    body = r"\iffalse $no$ \fi $a$ \iffalse $no$ \else $b$ \fi $c$ \iffalsehood $d$ \iffalse $no$"
    assert [f.text for f in text(r"\begin{document}" + body, ".tex").formulas] == ["a", "b", "c", "d"]


def test_labels_headings_hints_and_macros_of_latex(text):
    there = text(TEX, ".tex")
    by = {f.text[:5]: f for f in there.formulas}
    assert by["c = 3"].label == "eq:law"
    assert by["\\begi"].headings == (r"The law \emph{of} motion", "Rows")
    assert [str(h) for h in by["c = 3"].scoped] == ["given m > 0"]
    assert [hints(f) for f in there.formulas if f.hints] == [["from eq:law"], ["expect fails"]]
    assert there.macros == (
        ("\\R", 0, "\\mathbb{R}"),
        ("\\half", 1, "\\frac{#1}{2}"), ("\\argmin", 0, "\\operatorname*{arg\\,min}"),
    )  # fmt: skip
    assert there.remarks == ("line 12: the file other is not followed",)


def test_unclosed_environments_of_latex_are_said(text):
    there = text("$a$ \\begin{align} b &= c\n\n$d$ and \\[ e\n\nand $f", ".tex")
    assert found(there) == ["a", "d"]
    assert [remark.partition(": ")[2] for remark in there.remarks] == [
        "\\begin{align} has no end", "\\[ has no end", "$ has no end",
    ]  # fmt: skip


# ---- reStructuredText and docstrings

RST = r"""
Title
=====

The mass :math:`m` and ``:math:`no```.

.. math::
   :label: law

   a = b

   c = d

.. math:: e = f

.. physsym: from law

.. math::

   \begin{aligned}
   g &= h \\

   i &= j
   \end{aligned}

Sub
---

.. code-block:: python

   x = ":math:`no`"

Example::

   :math:`no`

.. a comment with :math:`no`

.. note::

   Here :math:`k` stands.
"""


def test_formulas_of_restructured_text_are_found(text):
    there = text(RST, ".rst")
    assert [f.text.split("\n")[0] for f in there.formulas] == [
        "m", "a = b", "c = d", "e = f", "\\begin{aligned}", "k",
    ]  # fmt: skip
    rows = RST.split("\n")
    for formula in there.formulas:
        assert rows[formula.line - 1][formula.column - 1 :].startswith(formula.text.split("\n")[0])
    assert [f.label for f in there.formulas] == ["", "law", "law", "", "", ""]
    assert [hints(f) for f in there.formulas][4] == ["from law"]
    assert there.formulas[-1].headings == ("Title", "Sub")
    assert "i &= j" in there.formulas[4].text


PYTHON = '''"""A module with $\\alpha$."""

COST = "$5 and $6"

class Adam:
    """Adam.

    .. math::
        m = \\beta m + g

    with :math:`\\beta` and $\\rho$, and
    <!-- physsym: expect fails -->
    $$\\theta = \\nabla$$
    """

    def step(self):
        """The step, doubled: :math:`\\\\beta x`.

        .. physsym: given b > 0

        .. math:: a = b
        """
        # The mean, $\\nu_t$
        # $$v = \\beta_2
        #   v$$
        x = 1  # not $y_1$
        return x

def other():
    r"""Raw: :math:`\\\\beta`."""
    return "$z_1$"

other.__doc__ = """Set: :math:`w`"""
'''


def test_docstrings_are_read_as_source_and_not_as_their_values(text):
    there = text(PYTHON, ".py")
    assert [(f.text, f.headings) for f in there.formulas] == [
        ("\\alpha", ("notes",)),
        ("m = \\beta m + g", ("Adam",)),
        ("\\beta", ("Adam",)),
        ("\\rho", ("Adam",)),
        ("\\theta = \\nabla", ("Adam",)),
        ("\\beta x", ("Adam", "step")),
        ("a = b", ("Adam", "step")),
        ("\\nu_t", ("Adam", "step")),
        ("v = \\beta_2\n            v", ("Adam", "step")),
        ("\\\\beta", ("other",)),
        ("w", ("other",)),
    ]
    assert not any(ord(c) < 32 and c != "\n" for f in there.formulas for c in f.text)
    rows = PYTHON.split("\n")
    for f in there.formulas:
        if f.text != "\\beta x":
            assert rows[f.line - 1][f.column - 1 :].startswith(f.text.split("\n")[0])


def test_scopes_end_at_a_docstring(text):
    there = text(PYTHON, ".py")
    assert [f.text for f in there.formulas if f.scoped] == ["a = b", "\\nu_t", "v = \\beta_2\n            v"]
    assert [f.text for f in there.formulas if f.hints] == ["\\theta = \\nabla"]


def test_what_is_no_python_is_refused_with_its_line(text):
    with pytest.raises(ValueError, match=r"notes\.py: line 2: no Python source"):
        text('x = 1\n"""$y$', ".py")


# ---- notebooks


def notebook(*cells, **more):
    return json.dumps(
        {"cells": list(cells), "nbformat": 4, "nbformat_minor": 5, "metadata": {}, **more}, indent=1
    )


def cell(source, kind="markdown", **more):
    return {"cell_type": kind, "metadata": {}, "source": source.splitlines(keepends=True), **more}


ERROR = {"output_type": "error", "ename": "E", "evalue": "$no$", "traceback": ["$no$"]}


def test_formulas_of_notebooks_are_found_with_cell_and_line(text):
    content = notebook(
        cell("# Title\n\nWith $m$ and Ω\n\n$$a = b$$"),
        cell("x = '$no$'", "code", outputs=[ERROR], execution_count=None),
        cell("<!-- physsym: from 1; given m > 0 -->"),
        cell("$$c = d$$"),
        {**cell("$$no$$"), "metadata": {"tags": ["physsym-skip"]}},
        cell("## Sub\n$e$", "markdown"),
        cell("$no$", "raw"),
    )
    there = text(content, ".ipynb")
    assert [(f.text, f.cell, f.cell_line, f.column, f.position) for f in there.formulas] == [
        ("m", 1, 3, 7, "1:3"), ("a = b", 1, 5, 3, "1:5"), ("c = d", 4, 1, 3, "4:1"), ("e", 6, 2, 2, "6:2"),
    ]  # fmt: skip
    rows = content.split("\n")
    for f in there.formulas:
        assert f.text in rows[f.line - 1]
    assert hints(there.formulas[2]) == ["from 1"]
    assert [len(f.scoped) for f in there.formulas] == [0, 0, 1, 1]
    assert there.formulas[-1].headings == ("Title", "Sub")


def test_a_fence_without_an_end_ends_with_its_cell(text):
    there = text(notebook(cell("```\n$no$"), cell("$a$")), ".ipynb")
    assert found(there) == ["a"]
    assert there.remarks == ("cell 1, line 1: the fence ``` has no end",)


def test_a_wrong_hint_in_a_notebook_names_its_cell(text):
    with pytest.raises(ValueError, match=r"notes\.ipynb: cell 2, line 2: 'form' is no keyword"):
        text(notebook(cell("$a$"), cell("text\n<!-- physsym: form 1 -->\n$$b$$")), ".ipynb")


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("{", "line 1: no notebook"), ("[]", r"object with a list 'cells' was expected, not \[\]"),
        ('{"cells": 3}', "'cells' is 3"), ("{}", "'cells' is None"), ("5", "not 5"),
        ("[" * 100_000, "no notebook"), ("", "no notebook"),
        ('{"worksheets": [5]}', "worksheet 1: .*list 'cells' was expected, not 5"),
        ('{"worksheets": 5}', "'worksheets' is 5"),
        ('{"cells": ["$a$"]}', r"cell 1: an object with a 'cell_type' was expected, not '\$a\$'"),
        ('{"cells": [{"source": "$a$"}]}', "cell 1: an object with a 'cell_type' was expected"),
        ('{"cells": [{"cell_type": "markdown", "source": 5}]}', "cell 1: 'source' must be text .* not 5"),
        ('{"cells": [{"cell_type": "markdown"}]}', "'source' must be text or a list of lines, not None"),
        ('{"cells": [{"cell_type": "markdown", "source": ["a", 5]}]}', "cell 1: 'source' must be text"),
    ],
)  # fmt: skip
def test_what_is_no_notebook_is_refused(text, content, says):
    with pytest.raises(ValueError, match=says):
        text(content, ".ipynb")


def test_a_cell_of_code_is_not_looked_into(text):
    assert found(text('{"cells": [{"cell_type": "code", "source": 5}]}', ".ipynb")) == []


def test_a_notebook_of_format_3_is_read(text):
    cells = [
        {"cell_type": "heading", "level": 2, "source": "Title"},
        {"cell_type": "markdown", "source": "$a$"},
    ]
    there = text(json.dumps({"nbformat": 3, "worksheets": [{"cells": cells}]}), ".ipynb")
    assert [(f.text, f.headings) for f in there.formulas] == [("a", ("Title",))]


# ---- HTML

HTML = r"""<html><head><title>\(no\)</title></head><body>
<h1>A <em>title</em></h1>
<p>With \(a\) and <d-math>b</d-math>, <dt-math block>c = d</dt-math></p>
<script type="math/tex; mode=display">e &lt; f</script><script>var x = "\(no\)"</script>
<!-- physsym: expect fails -->
\[ g = 1 \] <pre>\(no\)</pre> <code>\(no\)</code> <!-- \(no\) -->
<math display="block"><mi>h</mi><annotation encoding="application/x-tex">h = i</annotation></math>
$$j = k$$ and $no$
</body></html>"""


def test_formulas_of_pages_are_found(text):
    there = text(HTML, ".html")
    assert [(f.text, f.display) for f in there.formulas] == [
        ("a", False), ("b", False), ("c = d", True), ("e < f", True), ("g = 1", True), ("h = i", True),
        ("j = k", True),
    ]  # fmt: skip
    assert there.formulas[0].headings == ("A title",)
    assert [hints(f) for f in there.formulas if f.hints] == [["expect fails"]]
    assert there.formulas[0].before == "With"


# ---- files


def test_what_is_no_text_is_refused(text, tmp_path):
    with pytest.raises(ValueError, match="no text: byte 0 at offset 2"):
        text(b"$x\0$")
    with pytest.raises(ValueError, match="no text"):
        text(b"\xff\xfe$")
    with pytest.raises(ValueError, match="no such file"):
        texts_of(tmp_path / "nothing.md")
    with pytest.raises(ValueError, match="not a file"):
        texts_of(tmp_path)


def test_bytes_of_another_encoding_are_said_and_never_guessed(text):
    there = text("Über $\\eta$\nund $é = 1$".encode("latin-1"))
    assert there.remarks == ("line 1: byte 0xdc is not UTF-8: formulas with such bytes are not read",)
    assert found(there) == ["\\eta", "\N{REPLACEMENT CHARACTER} = 1"]


def test_an_empty_file_has_no_formulas(text):
    for suffix in (".md", ".tex", ".rst", ".html", ".py"):
        assert text("", suffix).formulas == ()


def test_files_below_folders(tmp_path):
    for name in (
        "b.md", "a.tex", "sub/c.ipynb", ".hidden.md", ".git/d.md", "venv/e.md", "own/pyvenv.cfg", "own/f.md",
        "node_modules/g.md", "h.txt", "i.png",
    ):  # fmt: skip
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("")
    (tmp_path / "loop").symlink_to(tmp_path)
    there = [str(path.relative_to(tmp_path)) for path in files_of([tmp_path])]
    assert there == ["a.tex", "b.md", "sub/c.ipynb"]
    twice = files_of([tmp_path / "**" / "*.ipynb", tmp_path / "b.md", tmp_path / "b.md"])
    assert [path.name for path in twice] == ["c.ipynb", "b.md"]
    assert files_of([tmp_path / "h.txt"]) == [tmp_path / "h.txt"]
    with pytest.raises(ValueError, match=r"files of the kind '\.png' are not read; these are: \.md"):
        files_of([tmp_path / "i.png"])
    with pytest.raises(ValueError, match="no such file or folder"):
        files_of([tmp_path / "nothing.md"])
    with pytest.raises(ValueError, match="no files with formulas"):
        files_of([tmp_path / "own" / "*.tex"])


PIECES = [
    "$", "$$",
    "\\(", "\\)", "\\[", "\\]", "`", "```", "~~~", "{math}", "\n", "\n\n", "    ", "# ", "> ", "- ",
    "<!-- ", "-->", "physsym", "\\begin{align}", "\\end{align}", "{", "}", "\\", "%", ".. math::", ":math:`",
    "a = b", "x", '"""', "<d-math>", "</d-math>", "\\newcommand{\\a}", "\\def\\b", "::", "&lt;", "\t",
    "=", "é",
]  # fmt: skip


@pytest.mark.parametrize("suffix", [".md", ".tex", ".rst", ".html", ".py"])
def test_any_text_is_read_or_refused(text, suffix):
    chosen = random.Random(suffix)
    for _ in range(150):
        content = "".join(chosen.choices(PIECES, k=60))
        try:
            there = text(content, suffix)
        except ValueError:
            continue
        for f in there.formulas:
            assert f.text.strip()
            assert 1 <= f.line <= content.count("\n") + 1


HUGE = {
    "dollars": "$ x " * 100_000,
    "doubles": "$$ x " * 50_000,
    "ticks": "` x `` " * 50_000,
    "begins": "\\begin{align} x " * 30_000,
    "brackets": "\\( x \\[ " * 50_000,
    "braces": "\\newcommand{\\a}{" * 30_000,
    "comments": "<!-- a " * 50_000,
    "quotes": "> " * 200_000,
    "spaces": " " * 500_000,
    "lines": "\n" * 300_000,
    "tags": "<d-math> < " * 50_000,
    "roles": ":math:` " * 50_000,
    "colons": "a::\n " * 50_000,
}


@pytest.mark.slow
@pytest.mark.parametrize("suffix", [".md", ".tex", ".rst", ".html"])
@pytest.mark.parametrize("kind", HUGE)
def test_work_grows_with_the_length_of_a_text_alone(text, kind, suffix):
    """With work that grows with its square this takes hours."""
    there = text(f"{HUGE[kind]}\n\n" * 2, suffix)
    assert all(f.text for f in there.formulas)
