"""One's own documents: an introduction, a theme, one column where there is one language, Markdown files."""

import json
import re
from dataclasses import replace

import pytest
from sympy import Symbol, sin

import physsym as ps
from derivations import gradient_descent
from physsym.__main__ import main
from physsym.core.dimensions import LENGTH, ONE, TIME
from physsym.core.statements import Equation
from physsym.core.verdicts import holds
from physsym.documents import FORMATS, document_of, size_of
from physsym.documents.content import Chapter, Code, Heading, NumberedEquation, chapters_of
from physsym.documents.faces import faces_of_derivation
from physsym.documents.notes import chapter_of
from physsym.documents.tree import FACES, Grid, Line, Paragraph, blocks
from physsym.loading import Notes, Script, ScriptError
from physsym.loading import script as load_script
from physsym.vocabulary import STANDARD, G, Quantity, U, gamma, m, v, x
from tests.unit.documents.test_documents import Tags

TEXTS = ("html", "md", "myst", "tex", "ipynb")
theta, omega = Symbol("theta", real=True), Symbol("omega", real=True)
g, ell = Symbol("g", positive=True), Symbol("ell", positive=True)

PENDULUM = '''"""The pendulum, with friction."""
import physsym as ps
from sympy import Symbol, cos
from physsym.vocabulary import dt, gamma, m

theta, omega = Symbol("theta", real=True), Symbol("omega", real=True)
g, ell = Symbol("g", positive=True), Symbol("ell", positive=True)
kinetic, potential = m * ell**2 * ps.dot(theta) ** 2 / 2, -m * g * ell * cos(theta)
system = ps.System((theta,), kinetic - potential, dissipation=gamma * ps.dot(theta) ** 2 / 2)
derivation = ps.Derivation("The pendulum", system.law(), (
    ps.Step("Write the angular velocity `omega` apart.", ps.ReduceOrder(theta, omega)),
    ps.Step("One step of length `dt`.", ps.Integrate(ps.integrators.semi_implicit_euler, dt)),
))
undamped = ps.Derivation("Without friction", ps.System((theta,), kinetic - potential).law(), (
    ps.Step("Divide by the inertia.", ps.Divide(m * ell**2)),
))
'''

LECTURE = """---
author: not ours
---
# The *damped* pendulum

A bob of mass `m` on a rod of length `ell` is at the angle `theta`, see [Huygens](https://example.org/a_b#c).

- one: `omega`
- two

<!-- a comment of the author -->

## The derivation

<!-- derivation: pendulum.py:derivation -->

Small angles obey `theta'' = -g*theta/ell`.

```{derivation} pendulum.py:undamped
```

## A program

```python
raise SystemExit("never run")
```

```
<!-- derivation: never_loaded.py -->
```

> A *quotation*.
"""


@pytest.fixture
def lecture(tmp_path):
    (tmp_path / "pendulum.py").write_text(PENDULUM)
    path = tmp_path / "lecture.md"
    path.write_text(LECTURE)
    return path


@pytest.fixture
def pendulum(tmp_path):
    (tmp_path / "pendulum.py").write_text(PENDULUM)
    return load_script(str(tmp_path / "pendulum.py")).derivations[0]


def text_of(name, tree):
    (text, *_) = FORMATS[name](tree).values()
    if name != "ipynb":
        return text
    return "\n\n".join("".join(cell["source"]) for cell in json.loads(text)["cells"])


def plain(spans):
    return "".join(str(span.content) for span in spans)


# ------------------------------------------------------------------ one column


@pytest.mark.parametrize("name", TEXTS)
def test_a_pendulum_has_one_column_without_a_heading(name, pendulum):
    tree = document_of(pendulum)
    assert tree.faces == ("physics",)
    assert {line.faces for _, line in blocks(tree) if isinstance(line, Line)} == {("physics",)}
    text = text_of(name, tree)
    for heading in ("Machine learning", "machine learning", r"\beside{", r"\stacked{", r"\physics{"):
        assert heading not in text.partition(r"\begin{document}")[2 if name == "tex" else 0]
    assert '<figure class="face learning"' not in text
    assert 'class="in-learning"' not in text


def test_a_derivation_with_a_gradient_has_both(pendulum):
    for derivation in (gradient_descent.derivation, *ps.script("momentum").derivations):
        assert faces_of_derivation(derivation, FACES) == FACES
    assert faces_of_derivation(pendulum, FACES) == ("physics",)
    assert faces_of_derivation(pendulum, ("learning",)) == ("learning",)  # as its reader wants it


c, k = Symbol("c", positive=True), Symbol("k", positive=True)
q = Symbol("q", real=True)


@pytest.mark.parametrize(
    ("law", "vocabulary", "faces"),
    [
        (ps.law({m * ps.dot(v): -G - c * v}), STANDARD, FACES),  # a constant may have any name
        (ps.law({m * ps.dot(v): -k * x - gamma * v}), STANDARD, ("physics",)),  # k is not translated
        (ps.law({m * ps.dot(v): -k * x - gamma * v}), STANDARD.extended(
            Quantity(k, "scalar", meaning="stiffness")), FACES),
        (ps.law({ps.dot(ps.dot(q)): -ps.grad(q)}), STANDARD, ("physics",)),  # q is not translated
        (ps.law({ps.dot(ps.dot(theta)): -g * sin(theta) / ell}), STANDARD, ("physics",)),
        (ps.law({ps.dot(v): -v}), STANDARD, ("physics",)),  # the same on both faces
        (ps.law({ps.dot(q): -q}), STANDARD.extended(Quantity(q, "position", learning="w")), FACES),
    ],
)  # fmt: skip
def test_a_second_column_translates_all_or_is_not_there(law, vocabulary, faces):
    assert faces_of_derivation(ps.Derivation("d", law, (), vocabulary), FACES) == faces


def test_columns_are_decided_for_each_derivation(pendulum):
    tree = document_of([pendulum, gradient_descent.derivation])
    assert tree.faces == FACES
    assert [s.faces for s in tree.sections if s.outcomes] == [("physics",), FACES]
    lines = [line.faces for _, line in blocks(tree) if isinstance(line, Line)]
    assert set(lines) == {FACES, ("physics",)}
    page = text_of("html", tree)
    assert page.count("<figcaption>Physics</figcaption>") == lines.count(FACES)
    (macros,) = FORMATS["sty"](tree).values()
    assert macros.count(r"\newcommand{\Learning") == lines.count(FACES)


def test_prose_around_a_pendulum_has_one_column(pendulum):
    chapter = Chapter("Swing", ("At `x` and `theta`.", pendulum))
    assert '<span class="or">' not in text_of("html", document_of(chapter))
    both = Chapter("Slide", ("At `x`.", gradient_descent.derivation))
    assert '<span class="or">' in text_of("html", document_of(both))


# ------------------------------------------------------------------ titles and openings


def test_no_other_story_stands_over_ones_own(pendulum, tmp_path):
    tree = document_of(pendulum)
    assert tree.title == "The pendulum"
    opening = " ".join(plain(b.spans) for b in tree.opening)
    for word in ("landscape", "weights", "loss", "optimiz", "learning", "particle"):
        assert word not in opening
    assert document_of(ps.scripts([tmp_path])).title == "The pendulum, with friction"
    assert document_of([pendulum, gradient_descent.derivation]).title == "Derivations"
    assert document_of(Chapter("About `theta`", (pendulum,))).title == "About theta"
    assert document_of([Chapter("One", (pendulum,)), Chapter("Two", ("Text.",))]).title == "Derivations"
    assert document_of(ps.script("book")).title == "Descent, derived"


# ------------------------------------------------------------------ an introduction


@pytest.mark.parametrize("name", TEXTS)
def test_an_introduction_stands_in_front(name, pendulum, tmp_path):
    intro = tmp_path / "intro.md"
    intro.write_text(
        "# Lecture 4\n\nWe swing `theta` and *more*.\n\n## Before\n\n- first `omega`\n\n```\na < b\n```\n"
    )
    for given in (intro, str(intro), intro.read_text()):
        tree = document_of(pendulum, intro=given)
        assert tree.title == "Lecture 4"
        assert [type(b).__name__ for b in tree.opening] == ["Paragraph", "Subheading", "Bullets", "Listing"]
        assert [s.kind for s in tree.opening[0].spans] == ["text", "formula", "text", "emphasis", "text"]
        text = text_of(name, tree)
        assert "Lecture 4" in text
        assert text.index("swing") < text.index("Before") < text.index("angular velocity")
        assert "checked by machine: the badge" not in text
    assert document_of(pendulum, intro=intro, title="Mine").title == "Mine"
    assert document_of(pendulum, intro="Text.").title == "The pendulum"


def test_an_introduction_stands_before_the_opening_of_a_book():
    from tests.support.sample_book import SOURCES

    tree = document_of(SOURCES, intro="First `tau`.")
    assert tree.title == "A short book"
    assert [plain(b.spans) for b in tree.opening] == ["First tau.", "An opening with tau."]


@pytest.mark.parametrize(
    ("intro", "kind", "reason"),
    [
        ("nowhere.md", ValueError, "there is no file nowhere.md"),
        ("A `blub*x` here.", ValueError, "intro, line 1.*blub"),
        (
            "Text.\n\n<!-- derivation: a.py -->",
            ValueError,
            "intro, line 3: an introduction names no derivation",
        ),
        ("<div>bold</div>\n", ValueError, "intro, line 1: HTML is not taken over"),
        ("See [this](javascript:x).", ValueError, "javascript"),
    ],
)
def test_what_is_no_introduction_is_refused(intro, kind, reason, pendulum, tmp_path):
    with pytest.raises(kind, match=reason):
        ps.document(pendulum, tmp_path / "out", intro=intro)
    assert not (tmp_path / "out").exists()


# ------------------------------------------------------------------ a theme


def test_a_theme_comes_after_the_style_of_the_page(pendulum, tmp_path):
    theme = tmp_path / "theme.css"
    theme.write_text("main { color: green }")
    for given in (theme, str(theme), theme.read_text()):
        (page,) = ps.document(pendulum, tmp_path / "out", "html", css=given)
        text = page.read_text()
        assert text.count("main { color: green }\n</style>") == 1
    tags = Tags()
    tags.feed(text)
    assert not tags.open
    assert not tags.outside


@pytest.mark.parametrize(
    ("css", "kind", "reason"),
    [
        ("p{}</style><script>alert(1)</script>", ValueError, "neither </style nor <!--"),
        ("p{}</STYLE >", ValueError, "neither </style nor <!--"),
        ("@import 'https://example.org/x.css';", ValueError, "a page needs nothing beside itself"),
        ("p { background: url( 'https://example.org/x.png') }", ValueError, "needs nothing beside itself"),
        ("p { background: URL(//example.org/x.png) }", ValueError, "needs nothing beside itself"),
        ("nowhere.css", OSError, "nowhere.css"),
    ],
)
def test_a_theme_that_ends_the_style_or_asks_for_more_is_refused(css, kind, reason, pendulum, tmp_path):
    with pytest.raises(kind, match=reason):
        ps.document(pendulum, tmp_path / "out", "html", css=css)
    assert not (tmp_path / "out").exists()


def test_a_theme_may_hold_what_it_needs(pendulum):
    css = 'p { background: url("data:image/png;base64,AAAA"); fill: url(#a) }'
    assert document_of(pendulum, css=css).css.strip() == css


def test_a_theme_is_for_html(pendulum, tmp_path):
    with pytest.raises(ValueError, match="a style sheet is for html, given the formats md, tex"):
        ps.document(pendulum, tmp_path, "md,tex", css="p {}")


# ------------------------------------------------------------------ chapters


@pytest.mark.parametrize("name", TEXTS)
def test_a_derivation_stands_in_a_chapter_between_its_words(name, pendulum):
    chapter = Chapter("Swing", ("Before it.", pendulum, "After it, `omega`.", Heading("On"), "Later."))
    tree = document_of([Script("own", "", (pendulum,), parts=(chapter,))])
    text = text_of(name, tree)
    places = [text.index(word) for word in ("Before it", "angular velocity", "After it", "Later")]
    assert places == sorted(places)
    assert text.count("Write the angular velocity") == 1  # not among the derivations again
    assert [line.number for _, line in blocks(tree) if isinstance(line, Line)] == ["1", "2", "3"]
    assert sum(t.count for t in tree.totals if t.of == "step") == 2


def test_progress_counts_what_a_chapter_holds(pendulum):
    done = []
    sources = [Script("own", "", (pendulum,), parts=(Chapter("Swing", (pendulum,)),))]
    document_of(sources, done.append)
    assert len(done) == size_of(sources) == 2


def test_a_script_that_exports_a_chapter_exports_its_derivations(tmp_path, capsys):
    (tmp_path / "pendulum.py").write_text(PENDULUM)
    (tmp_path / "own.py").write_text(
        "from pendulum import derivation as _d\nfrom physsym.documents.content import Chapter\n"
        'chapter = Chapter("Swing", ("Text.", _d))\n'
    )
    assert [d.title for d in load_script(str(tmp_path / "own.py")).derivations] == ["The pendulum"]
    assert main(["check", str(tmp_path / "own.py")]) == 0
    assert "2 steps checked, all hold" in capsys.readouterr().out


def test_symbols_of_a_law_may_be_named_in_prose_at_once(pendulum):
    said = "The angle `theta`, `omega**2/ell` and `0 < dt < 1/g`."
    stated = NumberedEquation("1.1", Equation(q, c), check=holds)
    document_of(Chapter("One", (said, NumberedEquation("1.2", line=(pendulum, 1)))))
    document_of(Chapter("Two", ("With `q/c`.", stated)))
    document_of([Script("own", f"Title.\n\n{said}", (pendulum,))])
    with pytest.raises(ValueError, match=r"own\.py, docstring: found phi"):
        document_of([Script("own", "Title.\n\nThe `phi*theta`.", (pendulum,), path="own.py")])
    with pytest.raises(ValueError, match=r"three, Three, text .*found phi"):
        document_of(Chapter("Three", ("The `phi*theta`.", pendulum)))


# ------------------------------------------------------------------ Markdown files


@pytest.mark.parametrize("name", TEXTS)
def test_a_markdown_file_becomes_a_document(name, lecture):
    tree = document_of(lecture)
    assert tree.title == "The damped pendulum"
    text = text_of(name, tree)
    places = [
        text.index(w) for w in ("A bob of", "angular velocity", "Small angles", "Divide by the", "never run")
    ]
    assert places == sorted(places)
    assert "never run" in text
    assert "never" + "_loaded" in text.replace("\\_", "_").replace(r"\allowbreak{}", "")
    assert "a comment" not in text
    assert "not ours" not in text


def test_a_markdown_file_is_read_in_its_order(lecture):
    chapter = chapters_of(load_script(str(lecture)))[0]
    kinds = [type(block).__name__ for block in chapter.blocks]
    words = "Passage Passage Heading Derivation Passage Derivation Heading Code Code Passage"
    assert kinds == words.split()
    assert [block.title for block in chapter.blocks if isinstance(block, ps.Derivation)] == [
        "The pendulum", "Without friction",
    ]  # fmt: skip
    first = next(block for block in chapter.blocks if isinstance(block, Code))
    assert (first.language, first.code.strip()) == ("python", 'raise SystemExit("never run")')


def test_a_markdown_file_is_checked_and_made_on_the_command_line(lecture, tmp_path, capsys):
    assert main(["check", str(lecture)]) == 0
    assert "3 steps checked, all hold" in capsys.readouterr().out
    out = tmp_path / "lecture.html"
    chosen = ["--title", "Lecture 4", "--intro", str(tmp_path / "intro.md"), "--css", str(tmp_path / "t.css")]
    (tmp_path / "intro.md").write_text("Welcome.")
    (tmp_path / "t.css").write_text("p { color: red }")
    assert main(["document", str(lecture), "--out", str(out), *chosen]) == 0
    page = out.read_text()
    for words in ("<h1>Lecture 4</h1>", "Welcome.", "p { color: red }", "damped"):
        assert words in page
    assert ps.document(str(lecture), tmp_path / "api.html", title="Lecture 4") == [tmp_path / "api.html"]


def test_a_document_does_not_replace_what_it_is_made_from(lecture, capsys):
    assert main(["document", str(lecture), "--out", str(lecture)]) == 2
    assert "write it elsewhere" in capsys.readouterr().err
    assert lecture.read_text() == LECTURE


def test_the_digest_of_a_markdown_file_is_also_that_of_its_scripts(lecture):
    provenance = document_of(lecture).provenance
    (row,) = [spans for label, spans in provenance.rows if label == "Scripts"]
    assert plain(row).endswith(f"of {lecture} {lecture.parent / 'pendulum.py'}")


DOLLARS = r"""# T

With $\theta$, $\oint_\Gamma$, $\sin(x) \approx x$, $0 < \Delta t \leq 2$, 5$ or 6$.

$$x = v t$$ and
$$
\frac{m v^2}{2}
$$

```{math}
:label: a
\frac{v}{2}
```
"""


def test_formulas_between_dollars_are_read_or_shown_as_they_are_written():
    tree = document_of(chapter_of(Notes("n", DOLLARS)), faces="physics")
    first = next(b for _, b in blocks(tree) if isinstance(b, Paragraph))
    assert [str(s.content) for s in first.spans if s.kind == "formula"] == [
        "theta",
        "sin(x) ~ x",
        "0 < dt <= 2",
    ]
    assert [s.content for s in first.spans if s.kind == "tex"] == [r"\oint_\Gamma"]
    assert "5$ or 6$" in plain(first.spans)
    displayed = [str(b.statement) for _, b in blocks(tree) if isinstance(b, Line)]
    assert displayed == ["x = t*v", "m*v**2/2", "v/2"]
    assert not tree.totals  # what nothing was checked of has no badge and is not counted


TABLE = r"""
# A table & links

| `m` and $\gamma$ | second |
|---|:--:|
| `m*v` | $\gamma v$ |
| 1 \| 2 | [there](#damping) and `1/2 > 2/3` |

See [damping](#damping), [itself](#a-table--links) and [far](#%C3%BCber-uns).

## Damping

## Über uns

## Damping
"""  # the second one has another anchor


def test_a_table_of_a_markdown_file_is_one():
    tree = document_of(chapter_of(Notes("tables", TABLE)))
    (grid,) = (b for _, b in blocks(tree) if isinstance(b, Grid))
    assert plain(grid.head[1]) == "second"
    assert [s.content for s in grid.rows[0][0]] == [m * v]
    assert [s.content for s in grid.rows[0][1]] == [gamma * v]
    assert plain(grid.rows[1][0]) == "1 | 2"
    assert not grid.rows[1][1][-1].content
    for name in TEXTS:
        assert "second" in text_of(name, tree)
        assert "|---|" not in text_of(name, tree)
    assert text_of("html", tree).count("<tr>") == 3
    assert "| 1 \\| 2 |" in text_of("md", tree)


def test_links_to_headings_lead_to_their_anchors():
    page = text_of("html", document_of(chapter_of(Notes("tables", TABLE))))
    targets = re.findall(r'<a href="#([^"]*)">(there|damping|itself|far)</a>', page)
    assert {said: target for target, said in targets} == {
        "there": "a-table-links-damping", "damping": "a-table-links-damping", "itself": "a-table-links",
        "far": "a-table-links-über-uns",
    }  # fmt: skip
    for target, _ in targets:
        assert page.count(f'id="{target}"') == 1


def test_what_is_between_dollars_in_a_script_is_text():
    tree = document_of(Chapter("T", ("It costs 5$ or $x$.",)))
    assert "5$ or $x$" in plain(next(b for _, b in blocks(tree) if isinstance(b, Paragraph)).spans)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("<!-- derivation: nowhere.py -->", "lecture.md, line 1: there is no script"),
        ("\n<!-- derivation: pendulum.py:other -->", "line 2: pendulum.py has no derivation other; there"),
        ("<!-- derivation: ../../evil.py -->", r"\.\./\.\./evil\.py lies elsewhere"),
        ("<!-- derivation: /etc/evil.py -->", "lies elsewhere"),
        ("<!-- derivation: pendulum -->", r"name a script, such as pendulum\.py"),
        ("<!-- derivation: -->", r"name a script"),
        ("<!-- derivation: empty.py -->", r"empty\.py exports no derivation"),
        ("a\n\n<!-- derivation pendulum.py -->", "line 3: a derivation is named on a line of its own"),
        ("<!-- Derivations: pendulum.py:undamped -->", "line 1: a derivation is named on a line of its own"),
        ("```{derivation} pendulum.py\n:faces: physics\n```", "line 2: a derivation has neither options"),
        ("[away](#nowhere)\n\n## There", "a link leads to #nowhere, .* headings are .*#there"),
        ("- item\n  <!-- derivation: pendulum.py -->", "line 2"),
        ("<div>text</div>", "line 1: HTML is not taken over"),
        ("- item\n\n      code\n", "code within a list"),
        ("`phi*psi`", r"lecture\.md, lecture, line 1: found p[hs]i"),
    ],
)  # fmt: skip
def test_what_a_markdown_file_may_not_hold_is_refused_with_its_line(text, reason, tmp_path):
    (tmp_path / "pendulum.py").write_text(PENDULUM)
    (tmp_path / "empty.py").write_text("x = 1")
    (tmp_path / "lecture.md").write_text(text)
    with pytest.raises(ValueError, match=reason):
        ps.document(tmp_path / "lecture.md", tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_script_beyond_a_link_lies_elsewhere(tmp_path):
    inside = tmp_path / "in"
    inside.mkdir()
    (tmp_path / "pendulum.py").write_text(PENDULUM)
    (inside / "pendulum.py").symlink_to(tmp_path / "pendulum.py")
    (inside / "lecture.md").write_text("<!-- derivation: pendulum.py -->")
    with pytest.raises(ScriptError, match="lies elsewhere"):
        load_script(str(inside / "lecture.md"))


def test_a_file_that_is_not_in_utf_8_is_refused(tmp_path):
    (tmp_path / "lecture.md").write_bytes(b"caf\xe9")
    with pytest.raises(ScriptError, match=r"lecture\.md is not encoded in UTF-8: .* at byte 3"):
        load_script(str(tmp_path / "lecture.md"))


def test_a_notebook_of_a_markdown_file_reads_it_again(lecture, tmp_path, monkeypatch):
    (path,) = ps.document(lecture, tmp_path, "ipynb")
    cells = ["".join(c["source"]) for c in json.loads(path.read_text())["cells"] if c["cell_type"] == "code"]
    monkeypatch.chdir(tmp_path)
    names = {}
    for source in cells:
        exec(source, names)
    assert sum("derivation.verdicts()" in source for source in cells) == 2
    assert "never run" not in "".join(cells)
    spoiled = next(source for source in cells if "derivation.verdicts()" in source).replace(
        "'holds'", "'fails'"
    )
    with pytest.raises(AssertionError):
        exec(spoiled, names)


# ------------------------------------------------------------------ quantities


def test_a_quantity_needs_its_symbol_alone():
    quantity = Quantity(theta)
    assert (quantity.kind, quantity.dimension, quantity.physics, quantity.learning) == (
        "scalar", ONE, "theta", "theta",
    )  # fmt: skip
    speed = Quantity(omega, "velocity", meaning="speed", physics="Omega")
    assert (speed.dimension, speed.learning, speed.meaning_in_learning) == (LENGTH / TIME, "Omega", "speed")
    assert Quantity(omega, "velocity", ONE / TIME).dimension == ONE / TIME
    assert Quantity(U, "potential").name == "U"
    assert Quantity(G, "gradient").dimension == STANDARD.get("G").dimension
    assert STANDARD.extended(quantity).get("theta") is quantity


@pytest.mark.parametrize("quantity", STANDARD.quantities, ids=lambda q: q.name)
def test_the_defaults_of_a_kind_are_those_of_the_standard_table(quantity):
    if quantity.kind != "scalar":
        assert Quantity(quantity.symbol, quantity.kind).dimension == quantity.dimension


def test_what_is_no_quantity_is_refused():
    with pytest.raises(TypeError, match="a quantity has a symbol"):
        Quantity("theta")
    with pytest.raises(ValueError, match="the kind of a quantity is one of position, velocity"):
        Quantity(theta, "angle")


def test_a_replaced_quantity_keeps_what_it_has():
    assert replace(Quantity(theta, meaning="angle"), learning="phi").meaning_in_learning == "angle"
