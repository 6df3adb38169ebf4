"""The words of public names are in the glossary or in the list of plain words, and some names are banned."""

import ast
import importlib
import inspect
import io
import pkgutil
import re
import tokenize
from pathlib import Path

import pytest
from sympy import Expr

import physsym

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "physsym"
GLOSSARY = ROOT / "docs" / "glossary.md"
PLAIN = ROOT / "docs" / "glossary-plain-words.txt"

# Words that name nothing in any field, as whole names of functions and classes, and what to write instead.
BANNED = {
    "alike": "isclose", "about": "approx_equal", "asked": "query_engine", "begun": "initial",
    "concluded": "combine", "doubling": "reassociate", "each": "all_named", "flattened": "one_step_map",
    "followed": "verify_method", "glimpses": "sample_points", "grows": "is_increasing",
    "height": "degree bounds", "integrated": "integrate", "keeps": "is_forward_invariant", "kept": "cached",
    "lies": "layout", "looks": "sample_points", "made": "the noun itself", "measured": "estimate_order",
    "minimax": "is_minimax_rate", "missed": "defect", "noting": "add_evidence",
    "rate_floor": "rate_lower_bound", "repeated": "common_subexpressions",
    "settled_equation": "slow_manifold_equation", "shrinks": "is_decreasing", "tells": "format_*",
    "tends": "check_limit", "throughout": "holds_for_all", "told": "format_*", "trust": "error_bound",
    "worst_rate": "worst_case_rate", "Desk": "BuildContext", "On": "OneFace", "Orbit": "ExactTrajectory",
    "Premise": "Hypothesis", "Run": "EquationRange", "Shown": "NumberedEquation", "Split": "ReduceOrder",
    "Told": "Content", "fully_implicit_euler": "backward_euler",
    "semi_implicit_euler_positions_first": "semi_implicit_euler with first=",
}  # fmt: skip
BANNED_MODULES = {
    "alike", "along", "attempts", "balls", "calling", "compare", "comparison", "components", "degree",
    "doubling", "encoding", "exactly", "field", "forest", "grids", "handwritten", "harmless", "invariant",
    "judging", "lanes", "march", "marching", "native", "operation", "order", "places", "points", "ranges",
    "repeated", "residues", "selftest", "slow", "specimens", "spoil", "stages", "stepping", "tell", "trees",
    "truth", "units",
}  # fmt: skip

# Phrases of a private language, in the package and in the derivations, and what to write instead.
BANNED_PHRASES = {
    "forgets": "is asymptotically stable", "hangs on": "depends on", "looked at": "sampled",
    "stands in": "occurs in", "stand in": "occur in", "to the last bit": "bitwise",
    "told by": "given by", "who looked": "engines consulted",
}  # fmt: skip
# Words banned in one sense, in docstrings, comments and messages of the package: what to write instead,
# and uses that are plain English.
BANNED_SENSES = {
    r"slopes?": ("gradient", r"slopes of the Newton polygon"),
    r"places?": ("evaluation point", r"in[ -]place|out of place|takes? place|Optimizer\.place"),
    r"(?:the|a|its|each) shares?|shares? of": ("fraction", None),
    r"waiting": ("not yet updated", r"waiting for"),
    r"(?:rows?|cells?) of (?:the|a) (?:sweep|grid)": ("grid point", None),
}
ANY_SENSE = re.compile("|".join(rf"\b(?:{word})\b" for word in BANNED_SENSES))


def words(identifier):
    """Return the words of a name, in lower case: of_two_Words gives of, two and words."""
    return [w.lower() for w in re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+", identifier)]


def public_packages():
    return [physsym.__name__] + [
        f"physsym.{module.name}"
        for module in pkgutil.iter_modules(physsym.__path__)
        if not module.name.startswith("_") and module.name != "cli"
    ]


def public_names(package):
    """Yield every public identifier of a package: names, parameters, methods and fields."""
    yield package.rpartition(".")[2]
    module = importlib.import_module(package)
    for name in getattr(module, "__all__", ()):
        try:
            value = getattr(module, name)
        except ImportError:  # an optional dependency
            value = None
        if isinstance(value, Expr) and package == "physsym.vocabulary":
            continue  # letters of formulas, which are no words
        yield name
        if inspect.isfunction(value):
            yield from inspect.signature(value).parameters
        elif inspect.isclass(value) and not issubclass(value, tuple(_from_sympy())):
            yield from _members(value)


def _from_sympy():
    import sympy

    return [sympy.Function]  # their members are SymPy's


def _members(cls):
    yield from (name for name in vars(cls).get("__annotations__", {}) if not name.startswith("_"))
    for name, value in vars(cls).items():
        function = getattr(value, "__func__", value)
        if name.startswith("_") or not (inspect.isfunction(function) or isinstance(value, property)):
            continue
        yield name
        if inspect.isfunction(function):
            yield from inspect.signature(function).parameters


def glossary_words(text):
    """Return the words of the terms: of the first column of every table."""
    terms = [line.split("|")[1] for line in text.splitlines() if line.startswith("| ")]
    terms = [term for term in terms if term != " term "]  # the heading
    return {w.lower() for term in terms for w in re.findall(r"[A-Za-z]+", term)}


def plain_words(text):
    return {w for line in text.splitlines() if not line.startswith("#") for w in line.split()}


def unknown_words(names, glossary, plain):
    """Return the words of names that are in neither list, in the singular or the plural."""
    known = glossary_words(glossary) | plain_words(plain)
    used = {word for name in names for word in words(name)}
    return sorted(w for w in used if not {w, w.removesuffix("s"), w.removesuffix("ies") + "y"} & known)


@pytest.mark.parametrize("package", public_packages())
def test_the_words_of_public_names_are_in_the_glossary(package):
    found = unknown_words(public_names(package), GLOSSARY.read_text(), PLAIN.read_text())
    assert not found


def test_a_word_of_no_field_is_found():
    found = unknown_words(["told_twice", "Law"], GLOSSARY.read_text(), PLAIN.read_text())
    assert found == ["told", "twice"]


def test_a_word_is_in_one_list_only():
    assert not glossary_words(GLOSSARY.read_text()) & plain_words(PLAIN.read_text())


def test_every_plain_word_is_used():
    used = {word for package in public_packages() for name in public_names(package) for word in words(name)}
    forms = {form for w in used for form in (w, w.removesuffix("s"), w.removesuffix("ies") + "y")}
    assert not plain_words(PLAIN.read_text()) - forms


def test_no_plain_word_is_banned():
    assert not plain_words(PLAIN.read_text()) & set(BANNED)


def banned_names(path, text):
    """Return the banned names that a module defines, its own included."""
    found = [path.stem] if path.stem in BANNED_MODULES else []
    if not re.search(rf"(?:def|class)\s+_*(?:{'|'.join(BANNED)})_*\b", text):
        return found
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and node.name.strip("_") in BANNED:
            found.append(node.name)
    return found


def test_no_function_class_or_module_has_a_banned_name():
    found = {
        f"{path.relative_to(ROOT)}: {name}"
        for path in PACKAGE.rglob("*.py")
        for name in banned_names(path.relative_to(ROOT), path.read_text())
    }
    assert not found


def test_a_banned_name_is_found():
    assert banned_names(Path("lanes.py"), "def _told(): pass\nclass Told: pass\ndef holds(): pass") == [
        "lanes", "_told", "Told",
    ]  # fmt: skip


def banned_phrases(text):
    """Return the banned phrases in a text, which may be broken over lines."""
    plain = " ".join(text.replace("#", " ").split())
    return [phrase for phrase in BANNED_PHRASES if re.search(rf"\b{phrase}\b", plain)]


def module_paths(*folders):
    return sorted(path for folder in folders for path in (ROOT / folder).rglob("*.py"))


def found_in(search, *folders):
    """Return what a search finds in the modules of folders, by their paths."""
    found = {str(path.relative_to(ROOT)): search(path.read_text()) for path in module_paths(*folders)}
    assert len(found) > 100
    return {path: uses for path, uses in found.items() if uses}


def test_prose_has_no_private_phrases():
    assert found_in(banned_phrases, "physsym", "derivations") == {}


def test_a_private_phrase_is_found():
    assert banned_phrases("What hangs\n    # on it.") == ["hangs on"]


def prose(text):
    """Return the prose of a module: comments, and strings of several words, without examples."""
    strings = [n.value for n in ast.walk(ast.parse(text)) if isinstance(n, ast.Constant)]
    texts = [re.sub(r"(?m)^ *(>>>|\.\.\.) .*\n.*", "", s) for s in strings if isinstance(s, str) and " " in s]
    return [" ".join(part.split()) for part in (*texts, comments(text))]


def comments(text):
    """Return the comments of a module; none where nothing that follows a `#` has a banned sense."""
    if not ANY_SENSE.search(" ".join(" ".join(re.findall("#(.*)", text)).split())):
        return ""
    tokens = tokenize.generate_tokens(io.StringIO(text).readline)
    return " ".join(t.string.lstrip("#") for t in tokens if t.type == tokenize.COMMENT)


def banned_senses(text):
    """Return the uses of words in a sense that is banned."""
    found = []
    for part in filter(ANY_SENSE.search, prose(text)):
        for word, (_, allowed) in BANNED_SENSES.items():
            rest = re.sub(rf"\b(?:{allowed})\b", "", part) if allowed else part
            found += re.findall(rf"\b(?:{word})\b", rest)
    return found


def test_prose_uses_no_word_in_a_private_sense():
    assert found_in(banned_senses, "physsym") == {}


@pytest.mark.parametrize(
    ("text", "uses"),
    [
        ('"""The slope\n    at a place."""', ["slope", "place"]),
        ("f = 1  # the share of the\n# velocity, waiting", ["the share", "waiting"]),
        ('Quantity("share of the velocity kept in one step")', ["share of"]),
        ('f"each stage of {name} obeys the law at its place"', ["place"]),
        ('"""Each cell of the sweep, a row of the grid."""', ["cell of the sweep", "row of the grid"]),
        ('"""Arrays, updated in place, share memory; a row of the matrix is out of place."""', []),
        ('"""Text.\n\n    >>> place + slope\n    place + slope\n    """', []),
        ("place = slope", []),
    ],
)
def test_a_private_sense_is_found(text, uses):
    assert sorted(banned_senses(text)) == sorted(uses)
