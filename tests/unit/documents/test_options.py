"""What a reader may choose of a document: its title, its faces, how much of the evidence; in every format."""

import json
import re
from dataclasses import replace
from functools import cache

import pytest

import physsym as ps
from derivations.gradient_descent import derivation
from physsym.__main__ import main
from physsym.documents import FORMATS, document_of, size_of
from physsym.documents.formats import faces_of
from physsym.documents.tree import Grid, Line, blocks
from physsym.printing import latex, mathml
from tests.support.sample_book import SOURCES, half_claim
from tests.unit.documents.test_documents import Tags, on_the_page

TEXTS = ("html", "md", "myst", "tex", "ipynb")
OTHER = {"physics": "learning", "learning": "physics"}


@cache
def text_of(name, **options):
    """Return a document of the sample book in one format, as text."""
    (text, *_) = FORMATS[name](document_of(SOURCES, **options)).values()
    if name != "ipynb":
        return text
    return "\n\n".join("".join(cell["source"]) for cell in json.loads(text)["cells"])


def printed(name, line, face, vocabulary):
    if name == "html":
        return on_the_page(mathml(line.statement, face, vocabulary))
    return latex(line.statement, face, vocabulary)


# ------------------------------------------------------------------ title


@pytest.mark.parametrize("name", TEXTS)
def test_a_title_takes_the_place_of_that_of_the_book(name):
    assert "A short book" in text_of(name)
    titled = text_of(name, title="Lecture 4")
    assert "Lecture 4" in titled
    assert "A short book" not in titled


def test_a_title_is_text():
    assert "<title>1 &lt; 2</title>" in text_of("html", title="1 < 2")
    assert r"\title{50\% of it" in text_of("tex", title="50% of it")
    assert text_of("md", title="a * b").startswith(r"# a \* b")


@pytest.mark.parametrize("name", TEXTS)
def test_a_title_is_one_line(name):
    assert "Lecture 4" in text_of(name, title="Lecture\n\n 4 ")


# ------------------------------------------------------------------ faces


@pytest.mark.parametrize("face", OTHER)
@pytest.mark.parametrize("name", TEXTS)
def test_with_one_face_every_formula_is_on_it_alone(name, face):
    tree = document_of(SOURCES)
    both, text = text_of(name), text_of(name, faces=face)
    unlike = 0
    for section, line in blocks(tree):
        if not isinstance(line, Line) or len(line.faces) < 2:
            continue
        own, other = (printed(name, line, f, section.vocabulary) for f in (face, OTHER[face]))
        assert own in text
        assert {own in both, other in both} == {True}
        if own != other and other not in own:
            assert other not in text, other
            unlike += 1
    assert unlike > 5


@pytest.mark.parametrize("name", TEXTS)
def test_with_one_face_there_is_one_column_without_a_heading(name):
    headings = {
        "html": '<figure class="face physics"', "tex": r"\physics{",
        **dict.fromkeys(("md", "myst", "ipynb"), r"\textsf{physics}"),
    }  # fmt: skip
    heading = headings[name]
    assert text_of(name).count(heading) > 5
    one = text_of(name, faces="learning")
    assert heading not in one
    assert "<figcaption>Machine learning" not in one
    assert r"\textsf{machine learning}" not in one
    assert one.count(r"\beside{") + one.count(r"\stacked{") == 0


@pytest.mark.parametrize("name", TEXTS)
def test_what_its_author_gave_to_one_face_stays_there(name):
    (equation,) = [
        line for _, line in blocks(document_of(SOURCES)) if isinstance(line, Line) and line.number == "5.0"
    ]
    assert equation.faces == ("learning",)
    assert "(5.0)" in text_of(name, faces="physics")
    if name == "html":
        assert "<mi>L</mi>" in text_of(name, faces="physics")  # `learning: U` in the prose


def test_a_column_of_the_other_face_is_left_out():
    (grid,) = [b for _, b in blocks(document_of(SOURCES)) if isinstance(b, Grid)]
    (narrow,) = [b for _, b in blocks(document_of(SOURCES, faces="physics")) if isinstance(b, Grid)]
    assert grid.faces == ("physics", "learning", None, None)
    assert narrow.faces == ("physics", None, None)
    assert narrow.head == (grid.head[0], *grid.head[2:])
    assert [len(row) for row in narrow.rows] == [3, 3, 3]


def test_faces_stand_in_the_order_in_which_they_are_named():
    page = text_of("html", faces=("learning", "physics"))
    assert page.index('<figure class="face learning"') < page.index('<figure class="face physics"')
    assert faces_of(["learning", "physics", "learning"]) == ("learning", "physics")


def test_the_macros_are_those_of_the_face():
    (both,) = FORMATS["sty"](document_of(SOURCES)).values()
    (one,) = FORMATS["sty"](document_of(SOURCES, faces="learning")).values()
    assert r"\newcommand{\PhysicsTwoPointTwo}" in both
    assert r"\newcommand{\LearningTwoPointTwo}" in one
    assert r"\newcommand{\Physics" not in one
    assert r"$\LearningOnePointFour$" in one


def test_the_standard_opening_speaks_of_the_faces_that_there_are():
    def opening(**options):
        (paragraph,) = document_of([derivation], **options).opening
        return "".join(str(span.content) for span in paragraph.spans)

    assert opening().startswith("Every step from one line to the next has been checked by machine")
    assert "in the notation of mechanics and in that of machine learning" in opening()
    assert "learning" not in opening(faces="physics")
    seen = "says how it came out, with what was seen and what was assumed."
    assert opening(faces="physics").endswith(seen)
    assert opening(faces="physics", evidence="none").endswith("says how it came out.")


# ------------------------------------------------------------------ evidence


FIRST, SECOND, WITNESS = "iff ", "else by ", "eta = 3"


@pytest.mark.parametrize("name", TEXTS)
def test_evidence_is_shown_whole_in_one_line_or_not_at_all(name):
    assert half_claim.judge().evidence[0].startswith(FIRST)
    assert half_claim.judge().evidence[1].startswith(SECOND)
    found = {
        kind: [words in text_of(name, evidence=kind) for words in (FIRST, SECOND, WITNESS)]
        for kind in ("folded", "line", "none")
    }
    assert found == {
        "folded": [True, True, True],
        "line": [True, False, False],
        "none": [False, False, False],
    }


def shown_of(name, evidence):
    """Return the text of a document without the section that explains the badges."""
    text = text_of(name, evidence=evidence)
    return text if evidence == "none" else text.rpartition("How the machine checks")[0]


@pytest.mark.parametrize("name", TEXTS)
def test_the_outcome_is_shown_in_any_case(name):
    counts = {
        kind: [shown_of(name, kind).count(word) for word in ("conditional", "undecidable")]
        for kind in ("folded", "line", "none")
    }
    assert counts["line"] == counts["none"]
    assert all(count > 0 for count in counts["none"])


@pytest.mark.parametrize("name", TEXTS)
def test_what_a_claim_says_and_its_repair_are_no_evidence(name):
    for kind in ("folded", "line", "none"):
        text = text_of(name, evidence=kind).lower()
        assert text.count("formally: ") == 3
        assert text.count("repaired: it does for ") == 1


@pytest.mark.parametrize("name", TEXTS)
def test_one_line_has_what_a_verdict_assumes(name):
    condition = "<mrow><mi>γ</mi><mo>≠</mo><mn>0</mn></mrow>"
    assumed = {"html": f"given <math><semantics>{condition}<annotation"}
    words = assumed.get(name, r"\gamma \neq 0")
    assert words in text_of(name, evidence="line")
    summaries = text_of(name, evidence="none").count(words)
    assert summaries < text_of(name, evidence="line").count(words)


@pytest.mark.parametrize("evidence", ["line", "none"])
def test_a_page_without_folds_is_well_formed(evidence):
    page = text_of("html", evidence=evidence, faces="physics")
    tags = Tags()
    tags.feed(page)
    assert not tags.open
    folded = {d for d in re.findall("<details[^>]*>", page) if "embedded" not in d}
    assert folded <= {'<details class="middle" open>'}
    assert len(set(tags.anchors)) == len(tags.anchors)
    assert {link.removeprefix("#") for link in tags.links} <= set(tags.anchors)


def test_a_notebook_prints_its_verdicts_only_where_evidence_is_shown(tmp_path):
    printing = {}
    for kind in ("folded", "none"):
        (path,) = ps.document([ps.script("stale")], tmp_path, ["ipynb"], evidence=kind)
        cells = ["".join(cell["source"]) for cell in json.loads(path.read_text())["cells"]]
        printing[kind] = sum("print(" in source for source in cells)
        assert any("assert [v.outcome.value for v in derivation.verdicts()]" in source for source in cells)
    assert printing == {"folded": 1, "none": 0}


# ------------------------------------------------------------------ bad input, and the command line


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"faces": "physic"}, "physics, learning or both, given 'physic'"),
        ({"faces": ()}, r"physics, learning or both, given \(\)"),
        ({"faces": ("physics", "both")}, "physics, learning or both"),
        ({"title": " "}, "the title of a document is empty"),
        ({"evidence": "some"}, "folded, line, none, given 'some'"),
    ],
)
def test_other_choices_are_refused_and_nothing_is_written(options, reason, tmp_path):
    with pytest.raises(ValueError, match=reason):
        ps.document([derivation], tmp_path / "out", ["md"], **options)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("given", "options", "kind", "reason"),
    [
        ("momentum", {}, TypeError, r"given 'momentum'; load it with ps\.script\('momentum'\)"),
        (["momentum"], {}, TypeError, r"ps\.script\('momentum'\)"),
        ([derivation.rule], {}, TypeError, "made of derivations and scripts, given Rule"),
        (None, {}, TypeError, "made of derivations and scripts, given None"),
        ([None], {}, TypeError, "made of derivations and scripts, given None"),
        ([], {}, ValueError, "at least one derivation, given none"),
        (derivation, {"title": 3}, TypeError, "the title of a document is text, given 3"),
        (derivation, {"faces": None}, ValueError, "physics, learning or both, given None"),
        (derivation, {"faces": [["physics"]]}, ValueError, "physics, learning or both"),
        (derivation, {"formats": "html,doc"}, ValueError, "unknown format doc; there are html"),
        (derivation, {"formats": ""}, ValueError, "unknown format"),
        (derivation, {"title": "Part \ud800"}, ValueError, r"after '.*Part ' stands '\\ud800', half of"),
        (replace(derivation, title="\udfff"), {}, ValueError, "half of a surrogate pair"),
        (replace(derivation, steps=(replace(derivation.steps[0], says="So \ud800."),)), {}, ValueError,
         "half of a surrogate pair"),
    ],
)  # fmt: skip
def test_what_is_no_document_is_refused_in_one_line_and_nothing_is_written(
    given, options, kind, reason, tmp_path
):
    with pytest.raises(kind, match=reason):
        ps.document(given, tmp_path / "out", **options)
    assert not (tmp_path / "out").exists()


def test_one_derivation_or_script_is_a_list_of_one(tmp_path):
    written = []
    for given in (derivation, [derivation], iter([derivation])):
        (path,) = ps.document(given, tmp_path, "md")
        written.append(path.read_text())
    assert len(set(written)) == 1
    (path,) = ps.document(ps.script("newton"), tmp_path, "md")
    assert "A particle without friction" in path.read_text()
    assert size_of(derivation) == size_of([derivation]) == 1


def test_formats_are_names_or_one_text(tmp_path):
    named = [p.name for p in ps.document(derivation, tmp_path, "tex, md,tex")]
    assert named == ["derivations.tex", "derivations.md"]


@pytest.mark.parametrize("name", ["x.html", "x.md", "x.myst.md", "x.tex", "x.ipynb"])
def test_a_file_is_written_where_one_is_named(name, tmp_path):
    path = tmp_path / "deep" / name
    assert ps.document([derivation], path, title="Lecture 4", faces="physics") == [path]
    kind = "myst" if "myst" in name else path.suffix[1:]
    assert ps.document([derivation], path, kind, title="Lecture 4", faces="physics") == [path]
    (other,) = ps.document([derivation], tmp_path, kind, title="Lecture 4", faces="physics")
    assert path.read_text() == other.read_text()
    assert [p.name for p in path.parent.iterdir()] == [name]


def test_the_figures_of_a_file_stand_beside_it(tmp_path):
    written = ps.document(SOURCES, tmp_path / "book.md")
    assert written[0] == tmp_path / "book.md"
    assert len(written) > 1
    for figure in written[1:]:
        assert str(figure.relative_to(tmp_path)) in written[0].read_text()


@pytest.mark.parametrize(
    ("name", "formats", "reason"),
    [
        ("x.html", "md", "x.html is one file in the format html, given the formats md: name a folder"),
        ("x.html", ["html", "md"], "given the formats html, md: name a folder"),
        ("x.sty", None, r"is named derivations\.sty; name the folder"),
    ],
)
def test_a_file_holds_one_format(name, formats, reason, tmp_path):
    with pytest.raises(ValueError, match=reason):
        ps.document([derivation], tmp_path / name, formats)
    assert not list(tmp_path.iterdir())


def test_the_command_line_has_the_same_choices(tmp_path, capsys):
    arguments = ["document", "derivations/stale.py", "--out", str(tmp_path), "--format", "md"]
    chosen = ["--title", "Lecture 4", "--face", "learning", "--evidence", "none"]
    assert main([*arguments, *chosen]) == 0
    ps.document([ps.script("derivations/stale.py")], tmp_path / "api", ["md"],
                title="Lecture 4", faces="learning", evidence="none")  # fmt: skip
    written = (tmp_path / "derivations.md").read_text()
    assert written == (tmp_path / "api" / "derivations.md").read_text()
    assert main(arguments) == 0
    assert (tmp_path / "derivations.md").read_text() != written
    with pytest.raises(SystemExit):
        main([*arguments, "--evidence", "some"])
    assert "folded" in capsys.readouterr().err
