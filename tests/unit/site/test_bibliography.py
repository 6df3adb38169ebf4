"""Every citation in the package, the derivations and the pages is in the bibliography, and reversely."""

import ast
import re
from pathlib import Path

import pytest

import physsym as ps
from docs.extensions import bibliography
from docs.extensions.bibliography import citations, cited_in, cited_works, keys, linked, named, plain, works

ROOT = Path(__file__).parents[3]
NO_WORKS = ("MathML Core", "DLPack")  # specifications, with their addresses
ADDRESS = re.compile(r"doi\.org/(\S+?)[\s)>\"]|arXiv:(\d{4}\.\d{4,5})")


def unknown(text):
    """Return the citations of a text that are in no entry of the table."""
    return [found[0] for found, work in citations(plain(" ".join(text.split()))) if work is None]


def test_every_citation_by_names_and_year_is_in_the_table():
    assert {name: lost for name, text in bibliography.places().items() if (lost := unknown(text))} == {}


def test_every_address_of_a_work_is_in_the_table():
    known = {key for work in works() for key in (work.doi, work.arxiv) if key}
    lost = [
        (name, doi or arxiv)
        for name, text in bibliography.places().items()
        for doi, arxiv in ADDRESS.findall(text)
        if (doi or arxiv) not in known
    ]
    assert lost == []


def references():
    """Yield the references of each docstring, with the file."""
    texts = {file: file.read_text(encoding="utf-8") for file in sorted((ROOT / "physsym").rglob("*.py"))}
    for file in (file for file, text in texts.items() if "Reference" in text):
        for node in ast.walk(ast.parse(texts[file])):
            if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef):
                text = ast.get_docstring(node) or ""
                for found in re.findall(
                    r"^References\n-+\n(.*?)(?:\n\n|\Z)|^References?: (.*?)(?:\n\n|\Z)", text, re.M | re.S
                ):
                    yield file.relative_to(ROOT).as_posix(), " ".join("".join(found).split())


def test_every_reference_of_a_docstring_names_a_work():
    found = list(references())
    assert len(found) > 25
    lost = [
        (name, part)
        for name, text in found
        if not any(words in text for words in NO_WORKS)
        for part in text.split(";")
        if not cited_works(part)
    ]
    assert lost == []


@pytest.mark.parametrize("rule", list(ps.known.values()), ids=lambda rule: rule.name)
def test_a_published_rule_cites_a_work_as_the_table_has_it(rule):
    if rule.citation.startswith("torch.optim"):  # the documentation of a library
        return
    said = [work for work in works() if str(work) in rule.citation or _with_number(work) in rule.citation]
    assert said, rule.citation
    assert (
        all(work.arxiv == "" or work.arxiv in rule.citation or work.doi for work in said)
        or rule.name == "unified_momentum"
    )


def _with_number(work):
    """Return a work as it is cited where a workshop or the number of a paper is named."""
    return ", ".join(filter(None, (", ".join(work.authors), work.title, f"{work.where} {work.year}")))


def test_every_work_of_the_table_is_cited():
    assert [key for work, key in keys().items() if not cited_in()[work]] == []
    assert len(works()) > 80


def test_entries_are_unlike_each_other_and_complete():
    assert len(set(keys().values())) == len(works())
    for work in works():
        assert work.title
        assert 1800 < work.year < 2030
        assert not work.doi or re.fullmatch(r"10\.\d{4,5}/\S+", work.doi)
        assert not work.arxiv or re.fullmatch(r"\d{4}\.\d{4,5}", work.arxiv)
        assert all(re.fullmatch(r"(?:[A-Z]\S*\.[- ]?)*.+", name) for name in work.authors)


@pytest.mark.parametrize(
    ("text", "lost"),
    [
        ("as in Nobody 1999", ["Nobody 1999"]),
        ("see Nobody and Schwartz (1923)", ["Nobody and Schwartz (1923)"]),
        ("Schwartz 1981", ["Schwartz 1981"]),
        ("(A. Nobody, 1999)", ["Nobody, 1999"]),
        ("Schwartz 1980; Cohen et al. 2022; Su, Boyd and Candès (2014)", []),
        ("Version 2026, in ICLR 2021, Algebraic Curves, 1950", []),
    ],
)
def test_a_citation_that_is_in_no_entry_is_found(text, lost):
    assert unknown(text) == lost


def test_works_are_told_apart_by_their_authors():
    assert len(named(("DeMillo", "Lipton"), 1978).authors) == 2
    assert len(named(("DeMillo", "Lipton", "Sayward"), 1978).authors) == 3
    assert named(("HLW",), None).title == "Geometric numerical integration"
    assert cited_works("a reference that names nobody") == set()


def test_citations_of_a_page_become_links_but_not_in_code():
    page = "By Schwartz 1980 and `Zippel 1979`.\n\n```text\n[Qian 1999]\n```\n\n# Polyak 1964\n"
    assert linked(page) == page.replace("Schwartz 1980", "[Schwartz 1980](#schwartz-1980)")
    assert bibliography.linked_in_docstring("(Cauchy 1847)") == "(:ref:`Cauchy 1847 <cauchy-1847>`)"


def test_the_page_has_an_anchor_and_a_link_for_each_work():
    page = bibliography.page()
    assert all(f"({key})=\n" in page for key in keys().values())
    assert all(work.link.replace("(", "%28").replace(")", "%29") in page for work in works())


def test_the_page_says_which_works_were_compared_with_no_second_source():
    text = bibliography.page()
    assert (
        text.count("(Not compared with a second source.)") == sum(not work.compared for work in works()) > 0
    )
