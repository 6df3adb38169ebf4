"""The document: whole, self-contained, never half written. The gate compares what two processes write."""

import re
from html.parser import HTMLParser
from itertools import product
from pathlib import Path
from xml.etree import ElementTree

import pytest

import physsym as ps
from derivations.book.comparison import compare
from physsym import Derivation, Divide, Limit, Outcome, Step, damped_particle, latex, law, mathml
from physsym.__main__ import main
from physsym.core.statements import rule
from physsym.core.symbols import after
from physsym.documents import document_of
from physsym.documents.content import chapters_of
from physsym.documents.prose import sentence
from physsym.documents.tree import Contrast, Facts, Judged, Line, Listing, blocks, inner_lines
from physsym.loading import ScriptError, script, scripts
from physsym.parsing import ReadError
from physsym.vocabulary import STANDARD, G, alpha, eta, gamma, m, rho, tau, u, x
from tests.support.interrupting import Interrupting


def on_the_page(math):
    """Return a formula as HTML has it: without what is so by default, its LaTeX as an annotation."""
    for default in (' xmlns="http://www.w3.org/1998/Math/MathML"', ' display="inline"', ' form="infix"'):
        math = math.replace(default, "")
    math = math.replace('<mrow><mo form="prefix" lspace="0" rspace="0">', "<mrow><mo>")
    math = math.replace("text-align:right;text-align:-webkit-right;padding-right:0", "r")
    math = math.replace("text-align:left;padding-left:0", "l")
    math = math.replace('<mtd style="', '<mtd class="')
    head, _, tex = math.partition(">")[0].partition(' alttext="')
    note = f'<annotation encoding="application/x-tex">{tex[:-1]}</annotation>'
    body = math.partition(">")[2].removesuffix("</math>")
    math = f"{head}><semantics>{body}{note}</semantics></math>"
    for form, signs in (("prefix", "(|"), ("postfix", ")|")):
        for sign, stretchy in product(signs, ("true", "false")):
            bare = f'stretchy="{stretchy}">{sign}</mo>'
            math = math.replace(f'<mo form="{form}" {bare}', f"<mo {bare}")
    return math


def lines_of(tree):
    return [b for s in tree.sections for b in s.blocks if isinstance(b, Line)]


@pytest.mark.slow
def test_every_step_stands_once_under_its_own_number():
    tree = document_of([s for s in scripts() if not chapters_of(s)])
    fresh = [line.number for line in lines_of(tree) if not line.recalled]
    assert len(set(fresh)) == len(fresh)
    steps = {
        (d.start, d.steps[: k + 1]) for s in scripts() for d in s.derivations for k in range(len(d.steps))
    }
    starts = {d.start for s in scripts() for d in s.derivations}
    assert len(fresh) == len(steps) + len(starts)
    assert {line.number for line in lines_of(tree) if line.recalled} <= set(fresh)


def test_a_number_stands_once_also_beside_the_chapters(shipped_document):
    lines = [b for _, b in blocks(shipped_document) if isinstance(b, Line)]
    fresh = [line.number for line in lines if line.number and not line.recalled]
    assert len(set(fresh)) == len(fresh)
    assert {line.number for line in lines if line.recalled} <= set(fresh)
    assert {"1.1", "2.2", "3.4", "4.5"} <= set(fresh)


def test_every_line_is_on_the_page_in_both_faces(shipped_pages, shipped_document):
    text, page = (shipped_pages[f"derivations.{kind}"] for kind in ("md", "html"))
    for section, line in blocks(shipped_document):
        for face in line.faces if isinstance(line, Line) else ():
            assert latex(line.statement, face, section.vocabulary) in text
            assert on_the_page(mathml(line.statement, face, section.vocabulary)) in page


def test_a_bracket_without_a_form_has_it_by_its_place(shipped_pages):
    """MathML Core: an operator that is first in its row is a prefix, one that is last a postfix."""
    seen = 0
    for text in re.findall(r"<math.*?</math>", shipped_pages["derivations.html"], re.DOTALL):
        for row in ElementTree.fromstring(text).iter():
            for number, child in enumerate(row):
                if child.tag == "mo" and child.text in ("(", ")", "|") and "form" not in child.attrib:
                    assert row.tag == "mrow"
                    assert number == (0 if child.text == "(" else len(row) - 1) or child.text == "|"
                    assert number in (0, len(row) - 1)
                    assert len(row) > 1
                    seen += 1
    assert seen > 500


def test_the_verdicts_on_the_page_are_those_of_the_derivations(shipped_pages, shipped_document):
    told = [b for s in shipped_document.sections for b in s.blocks if isinstance(b, Line | Judged | Contrast)]
    # Within the columns of a finding only what has a number has a badge.
    told += [line for b in told for line in inner_lines(b) if line.number]
    found = [b.verdict for b in told if b.verdict is not None]
    for outcome in Outcome:
        shown = len(re.findall(f'<details class="badge {outcome.value}">', shipped_pages["derivations.html"]))
        assert shown == sum(v.outcome is outcome for v in found)
    assert sum(map(bool, found)) > 10


def test_a_step_that_fails_is_shown_as_failing(tmp_path):
    wrong = Derivation(
        "wrong", damped_particle.law(), (Step("Wrong.", Divide(gamma), gives=damped_particle.law()),)
    )
    (path,) = ps.document([wrong], tmp_path, ["html"])
    assert '<details class="badge fails">' in path.read_text()
    assert '<details class="badge holds">' not in path.read_text()


class Tags(HTMLParser):
    def __init__(self):
        super().__init__()
        self.open, self.links, self.anchors, self.outside = [], [], [], []
        self.scripts = 0

    def handle_starttag(self, tag, attributes):
        if tag not in ("meta", "mspace", "br", "link", "img", "input"):
            self.open.append(tag)
        given = dict(attributes)
        is_no_icon = tag == "link" and given.get("rel") == "icon" and given.get("href") == "data:,"
        self.links += [given["href"]] if "href" in given and not is_no_icon else []
        self.anchors += [given["id"]] if "id" in given else []
        source = given.get("src") or ""
        asks = (tag == "link" and not is_no_icon) or ("src" in given and not source.startswith("data:image/"))
        self.outside += [tag] if asks else []
        if tag == "iframe":  # what it shows stands within the page
            inner = Tags()
            inner.feed(given["srcdoc"])
            self.outside += inner.outside
        self.scripts += tag == "script"

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def test_the_page_is_well_formed_and_needs_nothing_beside_itself(shipped_pages):
    tags = Tags()
    tags.feed(shipped_pages["derivations.html"])
    assert not tags.open
    assert not tags.outside
    assert tags.scripts == 1
    assert len(set(tags.anchors)) == len(tags.anchors)
    assert {link.removeprefix("#") for link in tags.links} <= set(tags.anchors)
    assert set(re.findall(r"url\((#|.{1,5})", shipped_pages["derivations.html"])) == {"data:", "#"}
    assert "@import" not in shipped_pages["derivations.html"]


def test_the_source_and_the_handwritten_optimizer_stand_beside_the_rule():
    tree = document_of([script("momentum")])
    listings = [b for s in tree.sections for b in s.blocks if isinstance(b, Listing)]
    assert any("def heavy_ball_with_dampening" in b.text for b in listings)
    assert any("def step" in b.text for b in listings)
    claims = [b for s in tree.sections for b in s.blocks if isinstance(b, Judged)]
    assert [c.verdict.outcome for c in claims] == [Outcome.FAILS]


def test_assumptions_and_error_are_summed_up():
    facts = [
        b
        for s in document_of([script("gradient_descent")]).sections
        for b in s.blocks
        if isinstance(b, Facts)
    ]
    rows = {label: "".join(str(s.content) for s in spans) for label, spans in facts[0].rows}
    assert "O(tau) + O(dt)" in rows["Error"]
    assert "gamma != 0 (follows)" in rows["Assumptions"]


BAD_JUDGE = """
from physsym import Claim
from tests.support.interrupting import Interrupting

claim = Claim("C01", "1", "It is so.", "so", lambda: True)
"""


@pytest.mark.parametrize("command", [["check"], ["document", "--format", "md", "--out", "out"]])
def test_a_judge_that_returns_no_verdict_is_refused_by_check_and_document_alike(
    command, tmp_path, monkeypatch, capsys
):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "bad.py").write_text(BAD_JUDGE)
    assert main([*command, "bad.py"]) == 2
    assert "the judge of claim C01 returned True; a Verdict was expected" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


# ------------------------------------------------------------------ comparison with the hand-written


def outcomes(of):
    return {c.implementation.__name__: c for c in compare(of)}


def test_the_derived_momentum_is_the_damped_one_and_not_the_textbooks():
    found = outcomes(script("momentum").derivations[0].rule)
    assert found["heavy_ball_with_dampening"].verdict
    assert found["heavy_ball_with_dampening"].deviation < 1e-12
    assert found["heavy_ball"].verdict.outcome is Outcome.FAILS
    assert found["heavy_ball"].deviation is None
    assert found["nesterov"].verdict.outcome is Outcome.FAILS


def test_with_the_step_alpha_it_is_the_textbooks():
    found = outcomes(rule({u: rho * u - alpha * G, x: x + after(u)}))
    assert found["heavy_ball"].verdict
    assert dict(found["heavy_ball"].arguments)["eta"] == alpha
    assert not found["heavy_ball_with_dampening"].verdict


def test_a_spoiled_rule_is_none_of_them():
    assert not any(c.verdict for c in compare(rule({u: rho * u + eta * G, x: x + after(u)})))
    assert compare(script("stale").derivations[0].rule) == ()


# ------------------------------------------------------------------ prose, files and scripts


def test_formulas_in_prose_are_read():
    kinds = [(s.kind, s.content) for s in sentence("The *time* `tau = m/gamma`, see `stale`.", STANDARD)]
    assert [k for k, _ in kinds] == ["text", "emphasis", "text", "formula", "text", "code", "text"]
    assert kinds[3][1].right == m / gamma


def test_a_formula_that_cannot_be_read_is_an_error():
    with pytest.raises(ReadError):
        sentence("This `tau = = m` is no formula.", STANDARD)


def test_markup_in_prose_is_escaped(tmp_path):
    title = "<script>alert(1)</script>"
    (path,) = ps.document([Derivation(title, law({x: u}), ())], tmp_path, ["html"])
    page = path.read_text()
    assert page.count("<script") == 1  # the page's own
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page


@pytest.mark.parametrize(
    ("derivations", "formats", "reason"),
    [([], ["html"], "at least one"), (None, ["docx"], "unknown format docx"), (None, [], "none")],
)
def test_nothing_is_written_on_bad_input(derivations, formats, reason, tmp_path):
    given = [script("gradient_descent")] if derivations is None else derivations
    with pytest.raises(ValueError, match=reason):
        ps.document(given, tmp_path / "out", formats)
    assert not (tmp_path / "out").exists()


def test_a_step_without_a_line_makes_no_document(tmp_path):
    broken = Derivation("broken", damped_particle.law(), (Step("", Limit(tau, 0)),))
    with pytest.raises(ps.derivation.DerivationError, match="step 1"):
        ps.document([broken], tmp_path)
    assert not list(tmp_path.iterdir())


def test_the_shipped_scripts_come_in_reading_order():
    assert [s.name for s in scripts()] == [
        "book",
        "newton",
        "gradient_descent",
        "momentum",
        "friction",
        "stale",
        "claims",
    ]
    assert all(s.prose for s in scripts())


def test_a_script_of_ones_own_is_found(tmp_path):
    (tmp_path / "shared.py").write_text(
        '"""Shared."""\nfrom physsym import *\nfrom physsym.vocabulary import gamma\n'
        'd = Derivation("own", damped_particle.law(), (Step("Divide.", Divide(gamma)),))\n'
    )
    (tmp_path / "second.py").write_text('"""Second."""\nfrom shared import d as first\n')
    assert [s.name for s in scripts([tmp_path])] == ["second", "shared"]
    assert script(str(tmp_path / "shared.py")).derivations[0].title == "own"


@pytest.mark.parametrize(
    ("text", "reason"), [("1/0", "ZeroDivisionError"), ("x = 1", "no derivation"), ("def", "SyntaxError")]
)
def test_a_bad_script_is_named(text, reason, tmp_path):
    path = tmp_path / "bad.py"
    path.write_text(text)
    with pytest.raises(ScriptError, match=reason):
        scripts([path])


def test_unknown_names_and_paths_are_told():
    with pytest.raises(ScriptError, match="there are book, newton, gradient_descent"):
        script("adam")
    with pytest.raises(ScriptError, match="does not exist"):
        scripts(["nowhere"])


# ------------------------------------------------------------------ interruption and progress


@pytest.mark.parametrize("at", [0, 2])
def test_an_interrupted_build_writes_nothing(at, tmp_path):
    sources = [script("gradient_descent")]
    with pytest.raises(KeyboardInterrupt):
        ps.document(sources, tmp_path / "out", ["html", "md"], Interrupting(lambda what: None, at))
    assert not (tmp_path / "out").exists()


def test_the_command_says_that_it_was_interrupted(monkeypatch, capsys, tmp_path):
    monkeypatch.setattr("physsym.cli.document.document_of", Interrupting(None, 0))
    assert main(["document", "--out", str(tmp_path / "out")]) == 130
    assert capsys.readouterr().err.strip() == "physsym: interrupted"


def test_a_pipe_sees_no_bar_even_where_colours_are_wanted(monkeypatch, tmp_path, capfd):
    stale = Path(__file__).parents[3] / "derivations" / "stale.py"
    monkeypatch.setattr("physsym.cli.terminal.PATIENCE", 0.0)
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert main(["document", str(stale), "--out", str(tmp_path)]) == 0
    assert capfd.readouterr().err == ""


def test_a_badge_says_how_the_motions_of_a_limit_converge(tmp_path):
    steps = (Step("Let the mass vanish.", Limit(m)), Step("Divide by the friction.", Divide(gamma)))
    heavy = Derivation("Heavy friction", damped_particle.law(), steps)
    (page,) = ps.document(heavy, tmp_path, formats="html")
    text = page.read_text(encoding="utf-8")
    assert "holds, pointwise after a layer, up to" in text
    assert "holds, up to" not in text
