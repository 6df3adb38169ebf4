"""What Markdown lectures hold beside formulas and derivations: lists, quotations, pictures, footnotes."""

import json
import re
import shutil
import subprocess
import zlib
from base64 import b64decode, b64encode
from html.parser import HTMLParser
from importlib.resources import files

import pytest

import physsym as ps
from physsym.__main__ import main
from physsym.documents import FORMATS, document_of, mathematics
from physsym.documents.formats import formats_of
from physsym.documents.mathematics import is_mathematics
from physsym.documents.notes import chapter_of
from physsym.documents.tree import Bullets, Paragraph, Photo, Quotation, blocks
from physsym.loading import Notes
from tests.unit.documents.test_own_documents import TEXTS, plain, text_of


def png(red=200):
    """Return a picture of one point, as the standard of PNG describes it."""

    def chunk(kind, data):
        body = kind + data
        return len(data).to_bytes(4, "big") + body + zlib.crc32(body).to_bytes(4, "big")

    head = chunk(b"IHDR", (1).to_bytes(4, "big") * 2 + bytes([8, 2, 0, 0, 0]))
    data = chunk(b"IDAT", zlib.compress(bytes([0, red, 0, 0])))
    return b"\x89PNG\r\n\x1a\n" + head + data + chunk(b"IEND", b"")


def tree_of(text, folder="."):
    return document_of(chapter_of(Notes("lecture", text, folder=str(folder))), faces="physics")


# ------------------------------------------------------------------ lists and quotations

LISTS = """# T

- one `x**2`
- two
  - below **two `m` here**

    3. three
    4. four

  More of two.

7. seven

> Said with `gamma`.
>
> - a list
>
> > and deeper
"""


def test_lists_and_quotations_keep_their_depth():
    found = [b for _, b in blocks(tree_of(LISTS)) if isinstance(b, Bullets | Quotation)]
    outer, seven, quoted = found[0], found[1], found[2]
    assert [plain(item) for item in outer.items] == ["one x**2", "two"]
    (_, (below, more)) = outer.parts[1]
    assert plain(more.spans) == "More of two."
    assert plain(below.items[0]) == "below two m here"
    ((_, (numbered,)),) = below.parts
    assert (numbered.numbered, numbered.first, len(numbered.items)) == (True, 3, 2)
    assert (seven.numbered, seven.first) == (True, 7)
    assert [type(part) for part in quoted.parts] == [Paragraph, Bullets, Quotation]
    assert plain(quoted.parts[0].spans) == "Said with gamma."


class Depth(HTMLParser):
    """How deep each text lies in lists and quotations of a page."""

    def __init__(self):
        super().__init__()
        self.open, self.depth = [], {}

    def handle_starttag(self, tag, attrs):
        if tag in ("ul", "ol", "blockquote"):
            self.open.append(tag)

    def handle_endtag(self, tag):
        if tag in ("ul", "ol", "blockquote"):
            assert self.open.pop() == tag

    def handle_data(self, data):
        self.depth.setdefault(data.strip(), tuple(self.open))


def test_a_page_nests_lists_and_quotations():
    page = Depth()
    text = text_of("html", tree_of(LISTS))
    page.feed(text)
    assert page.depth["two"] == ("ul",)
    assert page.depth["below"] == ("ul", "ul")
    assert page.depth["four"] == ("ul", "ul", "ol")
    assert page.depth["a list"] == ("blockquote", "ul")
    assert page.depth["and deeper"] == ("blockquote", "blockquote")
    assert '<ol start="3">' in text


def test_tex_nests_lists_and_quotations():
    text = text_of("tex", tree_of(LISTS))
    marks = re.findall(r"\\(?:begin|end)\{(?:itemize|enumerate|quote)\}", text.partition(r"\section{")[2])
    depth = 0
    for mark in marks:
        depth += 1 if "begin" in mark else -1
        assert depth >= 0
    assert depth == 0
    assert r"\begin{itemize}" in text[text.index(r"\item two") : text.index("below")]
    assert text.index(r"\begin{quote}") < text.index("Said with") < text.index(r"\end{quote}")


@pytest.mark.parametrize("name", ["md", "myst"])
def test_markdown_is_read_back_with_the_same_lists_and_quotations(name):
    from markdown_it import MarkdownIt

    def shape(text):
        kept = ("list_item", "bullet_list", "ordered_list", "blockquote")
        tokens = MarkdownIt("commonmark").parse(text)
        return [(t.type, t.attrGet("start")) for t in tokens if t.type.rsplit("_", 1)[0] in kept]

    written = text_of(name, tree_of(LISTS)).partition("\n----\n")[0]
    assert shape(written) == shape(LISTS)


# ------------------------------------------------------------------ pictures


@pytest.fixture
def folder(tmp_path):
    inside = tmp_path / "lectures"
    (inside / "img").mkdir(parents=True)
    (inside / "img" / "bob ü.png").write_bytes(png())
    (inside / "no.png").write_bytes(b"<html>")
    (inside / "wave.svg").write_text("<svg xmlns='http://www.w3.org/2000/svg'/>")
    (tmp_path / "out.png").write_bytes(png())
    (inside / "link.png").symlink_to(tmp_path / "out.png")
    return inside


SHOWN = '# T\n\n![A [bob] & rod](<img/bob ü.png> "The *bob* %")\n\nAfter.\n'


def test_a_page_holds_the_pictures_of_a_lecture(folder):
    page = text_of("html", tree_of(SHOWN, folder))
    (data,) = re.findall(r'<img src="data:image/png;base64,([^"]*)" alt="A \[bob\] &amp; rod">', page)
    assert b64decode(data) == png()
    assert "img-src data:" in page
    assert "The *bob* %" in page


@pytest.mark.parametrize("name", ["md", "myst", "tex"])
def test_other_formats_have_pictures_as_files_beside_them(name, folder):
    files = FORMATS[name](tree_of(SHOWN, folder))
    (path,) = (path for path in files if path.startswith("figures/"))
    assert files[path] == png()
    assert re.fullmatch(r"figures/bob-fc-[0-9a-f]{8}\.png", path)
    (text, *_) = files.values()
    assert (rf"\photo{{{path}}}" if name == "tex" else f"]({path})") in text


def test_a_notebook_holds_pictures_in_their_cells(folder):
    book = json.loads(FORMATS["ipynb"](tree_of(SHOWN, folder))["derivations.ipynb"])
    ((name, data),) = ((k, v) for c in book["cells"] for k, v in c.get("attachments", {}).items())
    assert b64decode(data["image/png"]) == png()
    assert any(f"](attachment:{name})" in "".join(c["source"]) for c in book["cells"])


def test_a_picture_of_an_introduction_lies_beside_it(folder):
    (folder / "intro.md").write_text(SHOWN)
    tree = document_of(ps.script("newton"), intro=folder / "intro.md")
    (shown,) = (block for block in tree.opening if isinstance(block, Photo))
    assert shown.content == png()
    assert any(shown.name in path for path in FORMATS["md"](tree))
    assert b64encode(png()).decode() in "".join(FORMATS["ipynb"](tree)["derivations.ipynb"])


def test_the_digest_of_a_lecture_is_also_that_of_its_pictures(folder):
    (folder / "lecture.md").write_text(SHOWN)
    before = document_of(folder / "lecture.md").provenance
    (folder / "img" / "bob ü.png").write_bytes(png(100))
    after = document_of(folder / "lecture.md").provenance
    assert dict(before.rows)["Scripts"] != dict(after.rows)["Scripts"]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("![a](nowhere.png)", r"lecture\.md, line 3: there is no picture .*nowhere\.png"),
        ("![a](../out.png)", "lies elsewhere"),
        ("![a](link.png)", "lies elsewhere"),
        ("![a](/etc/passwd.png)", "lies elsewhere"),
        ("![a](no.png)", "is no picture of the kind .png: it begins with b'<html>'"),
        ("![a](lecture.md)", r"a picture is one of \.png, \.jpg"),
        ("Here ![a](wave.svg) within.", "stands on a line of its own"),
        ("![a](javascript:alert(1))", "javascript"),
    ],
)
def test_what_is_no_picture_of_the_folder_is_refused(text, reason, folder):
    (folder / "lecture.md").write_text(f"# T\n\n{text}\n")
    with pytest.raises(ValueError, match=reason):
        ps.document(folder / "lecture.md", folder / "out")
    assert not (folder / "out").exists()


def test_a_drawing_that_tex_cannot_show_is_refused_there_alone(folder):
    tree = tree_of("# T\n\n![A wave](wave.svg)\n", folder)
    assert "data:image/svg+xml;base64," in text_of("html", tree)
    with pytest.raises(
        ValueError, match=r"LaTeX shows no picture \.svg \(A wave\): give it as \.png or \.jpg"
    ):
        FORMATS["tex"](tree)


def test_a_picture_of_another_place_is_a_link():
    text = text_of("md", tree_of("# T\n\n![Waves](https://example.org/a.png)\n"))
    assert "[Waves](https://example.org/a.png)" in text
    assert "![" not in text


# ------------------------------------------------------------------ footnotes

FOOTNOTES = """# T

First[^b], then[^a], again[^b]; not ``[^a]``, not \\[^a].

- in a list[^a]

[^a]: The note *a* with `m`.
[^b]: The note b
  goes on.

    And has `gamma` in a second paragraph.

```text
[^a]: code
```

Last.
"""


@pytest.mark.parametrize("name", TEXTS)
def test_footnotes_stand_at_the_end_in_the_order_of_their_references(name):
    text = text_of(name, tree_of(FOOTNOTES))
    places = [
        text.index(w) for w in ("First", "in a list", "Last", "The note b", "second paragraph", "The note")
    ]
    assert places[:2] == sorted(places[:2])
    assert text.index("The note b") < text.rindex("The note")
    assert text.index("Last") < text.index("The note b") < text.index("second paragraph")
    assert "[^b]" not in text.replace("\\", "")


def test_references_of_footnotes_are_numbers_that_lead_to_them():
    tree = tree_of(FOOTNOTES)
    first = next(b for _, b in blocks(tree) if isinstance(b, Paragraph))
    assert plain(first.spans) == "First¹, then², again¹; not [^a], not [^a]."
    targets = {span.target for span in first.spans if span.target}
    page = text_of("html", tree)
    assert all(page.count(f'id="{target}"') == 1 for target in targets)
    assert len(targets) == 1


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("a[^x]\n\n[^y]: why", r"lecture\.md, line 3: there is no footnote \[\^x\]"),
        ("a[^x]\n\n[^x]: one\n\n[^x]: two", r"lecture\.md, line 7: a second footnote is named \[\^x\]"),
        ("a[^x]\n\n[^x]: `phi*psi`", "line 5.*found p[hs]i"),
    ],
)
def test_footnotes_that_do_not_fit_are_refused(text, reason):
    with pytest.raises(ValueError, match=reason):
        tree_of(f"# T\n\n{text}\n")


# ------------------------------------------------------------------ titles and code


@pytest.mark.parametrize(
    ("front", "title", "heading"),
    [
        ('---\ntitle: "Beads & springs #1"\n---\n# Beads\n', "Beads & springs #1", True),
        ("---\nauthor: A\ntitle: Beads\n---\n# Beads\n", "Beads", False),
        ("---\nauthor: A\n---\n# Beads\n", "Beads", False),
        ("---\ntitle: |\n  long\n---\n# Beads\n", "Beads", False),
        ("# Beads\n", "Beads", False),
    ],
)
def test_the_title_of_the_front_matter_is_that_of_the_document(front, title, heading):
    tree = tree_of(front + "\nWords.\n")
    assert tree.title == title
    assert (text_of("md", tree).count("## Beads") == 1) == heading
    assert document_of(chapter_of(Notes("lecture", front)), title="Mine").title == "Mine"


@pytest.mark.parametrize("name", TEXTS)
def test_between_two_backticks_stands_code(name):
    tree = tree_of("# T\n\nRun ``pip install physsym`` or `` `1/2 > 2/3` `` now.\n")
    shown = text_of(name, tree).replace(r"\allowbreak{}", "")
    assert "pip install physsym" in shown
    assert not tree.totals
    assert not tree.failing


def test_the_advice_for_code_in_backticks_is_how_code_is_written():
    with pytest.raises(ValueError, match="code that is no formula stands between double backticks"):
        tree_of("# T\n\nRun `pip install physsym`.\n")


def test_emphasis_ends_where_its_words_end():
    text = text_of("md", tree_of("# T\n\nA **bold `m` word** here.\n"))
    assert "A **bold** $`m`$ **word** here." in text


# ------------------------------------------------------------------ numbers between dollars


@pytest.mark.parametrize(
    ("latex", "outcome"),
    [
        (r"e^{-1} \approx 0.37", "holds"),
        (r"e^{-1} \approx 0.38", "fails"),
        (r"\frac{1}{2} > \frac{2}{3}", "fails"),
        (r"\frac{1}{2} < \frac{2}{3}", "holds"),
        ("1/3 = 0.333", "fails"),
        ("2 + 2 = 4", "holds"),
        (r"\pi \approx \frac{22}{7}", None),  # how close is not said
        (r"\gamma \approx 0.57", None),
        (r"0 < \gamma", None),
        (r"1 \to 2", None),
    ],
)
def test_numbers_between_dollars_are_judged(latex, outcome):
    for text in (f"Here ${latex}$.", f"$$\n{latex}\n$$", f"- in a list ${latex}$"):
        tree = tree_of(f"# T\n\n{text}\n")
        assert [t.outcome.value for t in tree.totals if t.of == "number"] == ([outcome] if outcome else [])
        shown = text_of("md", tree).partition("How the machine checks")[0]
        assert ("✗ fails" in shown.partition("# T")[2].partition("There is no")[2]) == (outcome == "fails")
        assert bool(tree.failing) == (outcome == "fails")
    assert not tree_of(f"# T\n\nCode: ``${latex}$``.\n").totals


def test_a_decimal_number_between_dollars_is_printed_as_it_is_written():
    text = text_of("md", tree_of("# T\n\nIt is $e^{-1} \\approx 0.370$ here.\n"))
    assert " ≈ 0.370 here" in text or "fails" in text
    assert "37/100" not in text


def test_check_counts_numbers_between_dollars(tmp_path, capsys):
    (tmp_path / "lecture.md").write_text("# T\n\nIt is $1 > 2$.\n")
    assert main(["check", str(tmp_path / "lecture.md")]) == 1
    assert "$1 > 2$" in capsys.readouterr().out
    (tmp_path / "lecture.md").write_text("# T\n\nIt is $1 < 2$.\n")
    assert main(["check", str(tmp_path / "lecture.md")]) == 0


# ------------------------------------------------------------------ files


@pytest.mark.parametrize("name", ["c.docx", "c.odt", "c.pptx", "notes.rst"])
def test_a_file_of_no_format_is_refused_with_the_endings_that_there_are(name, tmp_path):
    with pytest.raises(
        ValueError, match=r"which is no format; a file ends with one of \.html, \.md, .*\.ipynb"
    ):
        ps.document(ps.script("newton"), tmp_path / name)
    assert not (tmp_path / name).exists()
    for folder in ("v1.2", "build"):
        assert formats_of(tmp_path / folder) == ["html", "md"]
    (tmp_path / name).mkdir()
    assert formats_of(tmp_path / name) == ["html", "md"]


def test_a_style_sheet_that_is_not_there_is_refused_in_words():
    with pytest.raises(FileNotFoundError, match=r"^there is no style sheet nowhere\.css$"):
        document_of(ps.script("newton"), css="nowhere.css")


# ------------------------------------------------------------------ LaTeX that is not read

LAGRANGE = r"\frac{d}{dt}\left(\frac{\partial L}{\partial \dot q}\right) = \oint_\Gamma x'^2_1"
UNSAFE = (
    r"\input{secret}",
    r"\frac{a}",
    "x^2^3",
    "x_1_2",
    "x^2'",
    r"\left( x",
    r"{x",
    "x}",
    r"\begin{cases} a \end{matrix}",
    r"\begin{cases} a & b & c \end{cases}",
    r"\write18{ls}",
    "a % b",
    "a # b",
    "a & b",
    r"a \\ b",
    r"\text{\input x}",
    r"\def\x{\x\x}\x",
    r"\csname x\endcsname",
    "^^5cinput",
    r"x^\sin",
    r"\hat",
    "{" * 60 + "}" * 60,
    "\u0411",
    "a`b",
    r"\begin{document}",
    r"\right)",
    "x^",
    r"\sqrt[3",
    "a" * 6000,
    "x\x00",
)


@pytest.mark.parametrize(
    "text", [LAGRANGE, r"\begin{cases} a & b \\ \text{if so} \end{cases}", r"\sqrt[3]{x}''"]
)
def test_plain_mathematics_is_shown_as_it_is_written(text):
    assert is_mathematics(text)


@pytest.mark.parametrize("text", UNSAFE)
def test_what_tex_might_act_upon_is_no_plain_mathematics(text):
    assert not is_mathematics(text)


def test_latex_that_is_not_read_is_mathematics_and_it_is_said_once():
    text = f"# T\n\nHere ${LAGRANGE}$ and\n\n$$\n{LAGRANGE}\n$$\n\n- an $\\oint_\\Gamma \\frac$ end\n"
    tree = tree_of(text)
    assert f"${LAGRANGE}$" in text_of("tex", tree)
    assert rf"$\displaystyle {LAGRANGE}$" in text_of("tex", tree)
    assert f"$`{LAGRANGE}`$" in text_of("md", tree)
    assert f"{{math}}`{LAGRANGE}`" in text_of("myst", tree)
    assert r"`$\oint_\Gamma \frac$`" in text_of("md", tree)
    assert r"\oint_\Gamma \frac" not in text_of("tex", tree)
    (said,) = [plain(spans) for label, spans in tree.provenance.rows if label == "Not read"]
    assert said.startswith("3 formulas between dollars are shown as written")
    assert not [label for label, _ in tree_of("# T\n\nOnly $x$.\n").provenance.rows if label == "Not read"]


def test_letters_that_the_fonts_of_tex_have_not_are_counted_at_its_end():
    text = text_of("tex", tree_of("# T\n\nПривет, ещё, é and γ.\n"))
    assert "8 of the text are not in the fonts of this file" in " ".join(text.split())
    assert "Letters" not in text_of("tex", tree_of("# T\n\nOnly é and γ.\n")).partition("closing{")[2]


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="needs TeX")
def test_tex_takes_all_that_is_plain_mathematics(tmp_path):
    texts = [
        *(f"{s} x" for s in mathematics._SYMBOLS), *(f"x^{s}_{s}" for s in mathematics._LETTERS),
        *(rf"\frac{s}{s}" for s in mathematics._LETTERS), *(f"{s} x {s}{{ab}}" for s in mathematics._ONE),
        *(f"{s} ab{s}{{a}}{{b}}" for s in mathematics._TWO),
        *(rf"\left{s} x \right{s}" for s in mathematics._DELIMITERS),
        *(rf"\begin{{{e}}} {' & '.join('a' * n)} \\ b \end{{{e}}}" for e, n in mathematics._COLUMNS.items()),
        "x'^2_1", "^a_b", r"\sqrt[3]{x}''", "{}^2", LAGRANGE,
    ]  # fmt: skip
    assert all(map(is_mathematics, texts))
    preamble = (files("physsym.documents") / "preamble.tex").read_text(encoding="utf-8")
    lines = "\n\n".join(f"${text}$" for text in texts)
    (tmp_path / "all.tex").write_text(f"{preamble}\\begin{{document}}\n{lines}\n\\end{{document}}\n")
    command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "all.tex"]
    ran = subprocess.run(command, cwd=tmp_path, capture_output=True, check=False)
    assert ran.returncode == 0, ran.stdout[-800:]
