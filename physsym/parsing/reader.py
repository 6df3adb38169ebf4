"""Statements from text: the expression, equation, update, law or rule that a text states."""

from __future__ import annotations

import ast
import re
from collections.abc import Collection, Container, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Literal, TypeAlias, get_args

from sympy import E, Expr, S, Symbol, pi

from physsym.core.arguments import named_arguments
from physsym.core.motion import is_time
from physsym.core.signs import declares_sign
from physsym.core.statements import Equation, Law, Rule, StatementError, Update
from physsym.core.symbols import BEFORE, MARKS
from physsym.core.verdicts import Condition
from physsym.parsing.faces import learning_names, renamed
from physsym.parsing.gradients import gradient_g, refuse_words_for_gradients, targets_of, with_gradients
from physsym.parsing.grammar import Sentence, Tree, sentences
from physsym.parsing.gravity import with_gravity
from physsym.parsing.interpretation import FUNCTIONS, NAMES_TOO, Reading, conditions, reading
from physsym.parsing.limits import refuse_large
from physsym.parsing.tokens import COMPLEX, GREEK, SETTLED, ReadError, is_name
from physsym.parsing.words import BARE
from physsym.vocabulary import STANDARD, Face, Quantity, Vocabulary

Readable: TypeAlias = Expr | Equation | Update | Law | Rule
Declared: TypeAlias = str | Symbol | Quantity


Notation: TypeAlias = Literal["auto", "plain", "unicode", "latex", "python"]
NOTATIONS: tuple[Notation, ...] = get_args(Notation)
_PYTHON = re.compile(
    r"(?<![-+*/<>=!^_])(?:\*\*|//|[-+*/])=(?!=)|^\s*(?:def|import|from|class|return|for|while)\b"
    r"|\b(?:np|numpy|math|torch|jnp|self|cls|p|param)\.[A-Za-z_]",
    re.MULTILINE,
)

_LATEX = re.compile(r"\\[A-Za-z\\,;:!%{}|()\[\]]|\$[^$]+\$")
_SECOND_DERIVATIVE = re.compile(r"([A-Za-z])_\s*\{?\s*([xyz])\s*\2(?![\w]*\w)\}?")
_INDEXED = re.compile(r"\w\[\s*[A-Za-z]\s*(?:[+-]\s*[0-9]+\s*)?\]")


def notation_of(text: str) -> Notation:
    r"""Return the notation that a text is written in, by signs that no other notation has.

    >>> notation_of(r"\rho u_t"), notation_of("x -= lr*g"), notation_of("ρ u"), notation_of("rho*u")
    ('latex', 'python', 'unicode', 'plain')
    """
    if _LATEX.search(text):
        return "latex"
    if _PYTHON.search(text):
        return "python"
    return "plain" if text.isascii() else "unicode"


@named_arguments
def read(
    text: str,
    vocabulary: Vocabulary = STANDARD,
    declare: Iterable[Declared] = (),
    *,
    unknown: Literal["real", "refuse"] = "real",
    notation: Notation = "auto",
    face: Face = "physics",
) -> Readable:
    """Return the expression, equation, update, law or rule that a text states.

    Parameters
    ----------
    text
        An equation is written with `=`, an update with `<-`, `←`, `:=`, or with `=` where a new value stands
        on the left, or the name that the right side reads. Several of either, separated by semicolons,
        commas or line ends, are a law or a rule. A line may end inside of brackets. The functions are dot,
        after, before, potential, grad, hess, partial, exp, log, sqrt, sin, cos, tan, tanh, sinh, cosh, sign,
        Abs, floor, ceil, Max, Min, clip, and for case distinctions `where(x > 0, a, b)` and
        `Piecewise((a, x > 0), (b, True))`. `a % b` is a - b*floor(a/b). The start value of a state is a
        sentence of a rule: `u(0) = 0`, or `u(0) = oo` where it is infinite. Decimals are exact.
        Rates are written x', ẋ, dx/dt or x_dot; new values u+, u_{t+1}, uₜ₊₁, u[t+1] or u_new, values before
        the step u_t or u_old, earlier ones x- or x_{t-1}; gradients grad(x), ∇U(x) or ∇L; products also
        `2 x` and `ρ u`, powers also x^2 and x². What can be read in two ways is refused, with both readings.
    vocabulary
        Names with their symbols; Greek letters stand for their names.
    declare
        More names, which become real symbols, SymPy symbols, or quantities; a symbol or a quantity comes
        before one of the same name in the vocabulary. So `read(str(rule), declare=rule.parameters)` has the
        signs that these declare, where the vocabulary declares others. The letters λ and ε are lam and eps,
        or the symbols lambda and epsilon where these are declared.
    unknown
        With "real", a name that is not known becomes a real symbol, and so does what a rule updates, whatever
        sign the vocabulary declares. Then g alone is the gradient at x, w or theta, whichever the rule
        updates, if nothing else in the text is called g. With "refuse", a name that is not known is refused,
        so that a typing error is.
    notation
        "plain" or "unicode", "latex", "python", or "auto", which tells them apart by signs that no other one
        has. In Python, a name that is assigned again is the new value from there on; the code is never run.
    face
        With "learning", quantities have their names in machine learning: `w` is read as `x`.

    Returns
    -------
    Expr, Equation, Update, Law or Rule
        Where a law or a rule is expected, a single equation or update serves as one.

    Raises
    ------
    ReadError
        Where the text is no formula, can be read in two ways, or exceeds the limits.
    TypeError
        For what is not text.
    ValueError
        For a name that cannot be declared, and for an unknown notation or face.

    Examples
    --------
    >>> read("rho*u - (1 - rho)*eta*grad(x)")
    -eta*(1 - rho)*grad(x) + rho*u
    >>> print(read("m*dot(v) = -grad(x) - γ*v"))
    m*v' = -grad(x) - gamma*v
    >>> print(read("u <- rho*u - 0.1*eta*G; x <- x + after(u)"))
    u <- rho*u - eta*grad(x)/10; x <- x + u+
    >>> print(read("m <- b*m + g; x <- x - lr*m+; m(0) = 0"))
    m <- b*m + grad(x); x <- x - lr*m+; m(0) = 0
    >>> print(read("w <- w - eta*grad(w)", face="learning"))
    x <- x - eta*grad(x)
    >>> print(read("l θ̈ = -g sin(θ)"))
    l*theta'' = -g*sin(theta)
    >>> read("v <- b*v + g; x <- x - lr*v")
    Traceback (most recent call last):
    physsym.parsing.tokens.ReadError: line 2 reads v, which line 1 updates: write v+ for the new value or ...
    >>> read("rho*u - etaa*G", unknown="refuse")
    Traceback (most recent call last):
    physsym.parsing.tokens.ReadError: found etaa, which is no known name; write eta, or declare it
      rho*u - etaa*G
              ^
    """
    if unknown not in ("refuse", "real"):
        raise ValueError(f"unknown is 'refuse' or 'real', given {unknown!r}")
    if notation not in NOTATIONS:
        raise ValueError(f"notation is one of {', '.join(NOTATIONS)}, given {notation!r}")
    if face not in get_args(Face):
        raise ValueError(f"a face is one of {' and '.join(map(repr, get_args(Face)))}; given {face!r}")
    if not isinstance(text, str):
        raise TypeError(f"expected the text of a formula, given {text!r} of type {type(text).__name__}")
    if not text.strip():
        raise ReadError("found nothing to read; give a formula such as 'u <- rho*u - eta*G'", text, 0)
    if face == "learning":
        names, old = learning_names(vocabulary)
        stated = read(text, names, declare, unknown=unknown, notation=notation)
        return renamed(stated, old, text)
    for match in _SECOND_DERIVATIVE.finditer(text):
        rate = re.search(rf"(?<![A-Za-z\\]){re.escape(match[1])}_\s*\{{?\s*tt?\b\}}?(?!\s*[-+])", text)
        if rate is not None and f"{match[1]}_{match[2] * 2}" not in map(str, declare):
            message = f"found {match[0].strip()} beside {rate[0]}, partial derivatives, which are not read"
            advice = "a law has derivatives by t alone, such as u' = -k*u"
            raise ReadError(f"{message}; {advice}", text, match.start())
    written = notation_of(text) if notation == "auto" else notation
    if written == "latex":
        return _read_latex(text, vocabulary, declare, unknown == "real")
    stated, _ = _interpret(text, vocabulary, declare, unknown == "real", written)
    return stated


def _read_latex(text: str, vocabulary: Vocabulary, declare: Iterable[Declared], by_use: bool) -> Readable:
    """Return what a text in LaTeX states, in which a symbol goes by its letters on either face too."""
    from physsym.parsing.latex.instants import Names
    from physsym.parsing.latex.names import printed_key  # imported where a text is in LaTeX
    from physsym.parsing.latex.reader import read_latex

    names = _names(vocabulary, declare)
    declared = frozenset(n for n in names if _is_declared(n, declare))
    written = {printed_key(q.physics): names[q.name] for q in vocabulary.quantities}
    written |= {printed_key(n): s for n, s in names.items() if n in declared}
    potentials = frozenset(
        n for q in vocabulary.quantities if q.kind == "potential" for n in (q.physics, q.learning)
    )
    return read_latex(text, Names({**written, **names}, declared, by_use, potentials | {"U", "L"}))


def conditions_of(
    text: str, vocabulary: Vocabulary = STANDARD, declare: Iterable[Declared] = ()
) -> tuple[Condition, ...]:
    """Return what must hold for every division, root, power and logarithm in a text to be defined.

    They are found in the text as written, before anything cancels, and listed even where they follow from the
    sign of a symbol. A power that is not whole needs a base that is not negative.

    Parameters
    ----------
    text, vocabulary, declare
        As for `read`.

    Returns
    -------
    tuple of Condition
        In the order of the text, each once.

    Raises
    ------
    ReadError, TypeError, ValueError
        As `read` does.

    Examples
    --------
    >>> print(*conditions_of("gamma*v/gamma + log(x) + sqrt(1 - rho)"), sep=", ")
    gamma != 0, x > 0, 1 - rho >= 0
    """
    _, readings = _interpret(text, vocabulary, declare, by_use=False)
    return tuple(dict.fromkeys(c for sides in readings for side in sides for c in conditions(side)))


def _interpret(
    text: str,
    vocabulary: Vocabulary,
    declare: Iterable[Declared],
    by_use: bool,
    written: Notation = "plain",
) -> tuple[Readable, list[list[Reading]]]:
    """Return what the sentences of a text state, not too large together, and the values of their sides."""
    if not isinstance(text, str):
        raise TypeError(f"expected the text of a formula, given {text!r} of type {type(text).__name__}")
    names = _names(vocabulary, declare)
    if written == "python":
        from physsym.parsing.python_text import OF_PYTHON, python_sentences  # imported where it is used

        if _INDEXED.search(text):
            found = sentences(OF_PYTHON.sub(lambda m: " " * len(m[0]), text), names, FUNCTIONS)
        else:
            found = python_sentences(text, names)
    else:
        found = sentences(text, names, FUNCTIONS)
    first, *others = found
    for other in others:
        if (first.relation, other.relation) == ("<-", "=") and _started(other) is not None:
            continue
        if not first.relation or other.relation != first.relation:
            message = (
                "found different kinds of sentences; write one expression, or only equations, or only updates"
            )
            side = other.sides[0]
            raise side.error(message, side.root)
    refuse_large([tree for sentence in found for tree in sentence.sides])
    declared = {n: s for n, s in names.items() if _is_declared(n, declare)}
    names = with_gravity(found, names)
    _refuse_imaginary(found, names)
    if by_use and not first.relation:
        _refuse_printed_euler(first.sides[0], names)
    if by_use and written != "python":
        _refuse_run_together(found, names)
    if by_use:
        names = _with_names_in_use(found, names, declared)
    else:
        names = with_gradients(*_used(found), targets_of(found), names)
    _refuse_settled_signs(found, names, declared)
    if "e" not in names and (uses := _used(found)[0].get("e")):
        names = {**names, "e": _euler(uses, names)}
    readings = [
        [
            reading(tree, {**_INFINITY, **names} if _starts_at_infinity(sentence) else names)
            for tree in _read_sides(sentence, first.relation)
        ]
        for sentence in found
    ]
    stated = _statement(found, [tuple(side.whole for side in sides) for sides in readings])
    _refuse_unclear(found, names)
    return stated, readings


_INFINITY: Mapping[str, Expr] = dict.fromkeys(("oo", "inf", "infinity"), S.Infinity)


def _starts_at_infinity(sentence: Sentence) -> bool:
    """Return whether a sentence says that a state starts at infinity: m(0) = oo, m(0) = -oo."""
    if _started(sentence) is None:
        return False
    value = sentence.sides[1]
    node = value.root.operand if isinstance(value.root, ast.UnaryOp) else value.root
    return isinstance(node, ast.Name) and value.token(node).name in _INFINITY


def _is_declared(name: str, declare: Iterable[Declared]) -> bool:
    names = {str(getattr(d, "name", d)) for d in declare}
    return name in names or any(name in (_LETTERS.get(n), GREEK.get(n)) for n in names)


_LETTERS = {"lambda": "lam", "epsilon": "eps"}
"""Names of Greek letters that may be declared, with those that letters are read as, also with an index."""


def _started(sentence: Sentence) -> tuple[ast.expr, str] | None:
    """Return the node and the marks of the state whose start value a sentence gives: u(0) = 0, x-(0) = 1."""
    if sentence.relation != "=":
        return None
    left = sentence.sides[0]
    match left.root:
        case ast.Call(func=ast.Name() as name, args=[ast.Constant() as zero]):
            marks = ""
        case ast.BinOp(left=ast.Name() as name, op=ast.Sub(), right=ast.Constant() as zero):
            marks = BEFORE
        case _:
            return None
    token = left.token(name)
    is_state = token.name not in FUNCTIONS or token.name in NAMES_TOO
    return (name, token.marks + marks) if is_state and left.token(zero).text == "0" else None


def _read_sides(sentence: Sentence, relation: str) -> tuple[Tree, ...]:
    """Return the sides of a sentence; on the left of a start value, the state alone."""
    started = _started(sentence) if relation == "<-" else None
    if started is None:
        return sentence.sides
    left, right = sentence.sides
    node, marks = started
    token = replace(left.token(node), marks=marks)
    return Tree(left.text, node, {**left.at_column, node.col_offset: token}), right


def _used(found: Iterable[Sentence]) -> tuple[dict[str, list[tuple[Tree, ast.Name]]], set[str]]:
    """Return the names that sentences use, with their nodes, and the names of functions that they call."""
    used: dict[str, list[tuple[Tree, ast.Name]]] = {}
    called: set[str] = set()
    for sentence in found:
        for tree in sentence.sides[:1] if _starts_at_infinity(sentence) else sentence.sides:
            for node in tree.nodes():
                if isinstance(node, ast.Name):
                    used.setdefault(tree.token(node).name, []).append((tree, node))
                elif isinstance(node, ast.Call):
                    called.add(tree.token(node).name)
    return used, called


def _with_names_in_use(
    found: Iterable[Sentence], names: Mapping[str, Expr], declared: Mapping[str, Expr]
) -> dict[str, Expr]:
    """Return the names with a real symbol for each that the sentences use and nobody has declared."""
    used, called = _used(found)
    targets = targets_of(found)
    known = dict(names)
    tokens = {name: [tree.token(node) for tree, node in uses] for name, uses in used.items()}
    dated = {name for name, read in tokens.items() if any(t.told and t.text != name for t in read)}
    for name in (*targets, *(name for name in dated if isinstance(known.get(name), Symbol))):
        if name not in declared and (name not in known or _declares_sign(known[name])):
            known[name] = Symbol(name, real=True)
    if "e" in used and "e" not in known:
        known["e"] = _euler(used["e"], known)
    known |= gradient_g(used, called, targets, known)
    known = with_gradients(used, called, targets, known, declared)
    refuse_words_for_gradients(used, targets, known)
    for name in used:
        tree, node = used[name][0]
        if name in _INFINITY and name not in known:
            raise tree.error(f"found {name}, infinity, which is a start value alone: m(0) = oo", node)
        if name in ("nan", "NaN", "zoo", "None") and name not in known:
            raise tree.error(f"found {name}, which is no number and no name", node)
        is_function = name in FUNCTIONS and name not in NAMES_TOO
        if name not in known and name not in ("True", "False") and not is_function:
            letter, index, rest = name.partition("_")
            alike = f"{_LETTERS.get(letter, letter)}{index}{rest}"
            known[name] = pi if name == "pi" else Symbol(alike, real=True)
            known[name] = known.get(alike, known[name])
    return known


_COMMON = frozenset(
    ("lr", "wd", "eps", "tol", "min", "max", "mom", "std", "var", "avg", "err", "oo", "inf", "nan")
)
_RUN = re.compile(
    r"[A-Za-z]{2,3}|k_B[A-Za-z]|(?:[A-Za-z][0-9]+){2,}[A-Za-z]?|[A-Za-z]+_[0-9]+[A-Za-z]+"
    r"|(?:[A-Za-z]_(?:[0-9]+|[i-nt])){2,}[A-Za-z]?"
)
_PAIR_OF_STEP = re.compile(r"[A-Za-z]_([tkn])[A-Za-z]_\1")  # `x_ty_t`
_APART = re.compile(r"[*·×⋅∙∗\U0001d400-\U0001d7cb]|[^\W_]['′]*[\u2080-\u209c]* +[^\W\d_](?![A-Za-z])")

_FUNCTION = re.compile(rf" *\b(?:{'|'.join(BARE)})(?: +|(?=\())")


def may_be_product(name: str, names: Container[str]) -> bool:
    """Return whether a name that is not among those known may be a product of its letters, as kx."""
    is_name = name in names or name in _COMMON or name in GREEK.values() or name in FUNCTIONS
    return not is_name and _RUN.fullmatch(name) is not None


def _refuse_run_together(found: Iterable[Sentence], names: Mapping[str, Expr]) -> None:
    """Raise ReadError for letters that may be one name or a product: kx in m x'' = -kx.

    They are one name where they have a rate or are set, and where the text keeps its factors apart and uses
    none of the letters by itself.
    """
    used, _ = _used(found)
    tokens = {n: [tree.token(node) for tree, node in uses] for n, uses in used.items()}
    lefts = {s.sides[0].token(s.sides[0].root).name for s in found if s.relation}
    for name, uses in used.items():
        pair = next(filter(None, (_PAIR_OF_STEP.fullmatch(t.text) for t in tokens[name])), None)
        is_run = (pair is not None and name not in names) or may_be_product(name, names)
        if name in lefts or not is_run or any(t.marks for t in tokens[name]):
            continue
        tree, node = uses[0]
        letters = [c for c in name if c.isalpha()]
        is_differential = name[0] == "d" and (name[1:] in names or name[1:] in used)
        apart = _APART.search(_FUNCTION.sub("(", tree.text)) is not None and name.isalpha()
        if is_differential or (apart and not set(letters) & {n for n in used if len(n) == 1}):
            continue
        name = pair[0] if pair is not None else name
        parts = re.findall(r"k_B|[A-Za-z](?:_?[0-9]+|_[i-nt])?", name)
        message = f"found {name}, which may be one name or a product; write {'*'.join(parts)} for the product"
        raise tree.error(f"{message}, or declare {name}", node)


def _refuse_imaginary(found: Sequence[Sentence], names: Mapping[str, Expr]) -> None:
    """Refuse i in an exponential, the imaginary unit."""
    trees = [tree for sentence in found for tree in sentence.sides]
    for tree, node in ((t, n) for t in trees for n in t.nodes()):
        if isinstance(node, ast.Call) and tree.token(node).name == "exp":
            letters = [n for n in ast.walk(node) if isinstance(n, ast.Name) and n is not node.func]
            for letter in letters:
                if tree.token(letter).name in {"i", "j"} - {*names}:
                    message = f"found a complex power of e; {COMPLEX}"
                    raise tree.error(message, letter)


def _refuse_settled_signs(
    found: Sequence[Sentence], names: Mapping[str, Expr], declared: Collection[str]
) -> None:
    """Refuse sign(m) of a name that the vocabulary declares positive, and that may be another quantity."""
    trees = [tree for sentence in found for tree in sentence.sides]
    if not re.search("sign|sgn", trees[0].text):
        return
    for tree, node in ((t, n) for t in trees for n in t.nodes() if isinstance(n, ast.Call)):
        of_one = tree.token(node).name in ("sign", "sgn") and len(node.args) == 1
        if not of_one or not isinstance(node.args[0], ast.Name):
            continue
        token = tree.token(node.args[0])
        value = names.get(token.name)
        if value is not None and value.is_positive and token.name not in declared and not token.marks:
            raise tree.error(SETTLED.format(token.name), node)


_UNPRINTED = re.compile(
    r"\^|[^\w\s\x00-\x7f]|[²³¹⁰⁴-⁹½¼¾]|(?<!elta)(?<=[\w)]) +[\w(]|(?<![0-9]e)(?<=\w)[-+]\w"
)
"""What SymPy prints in no expression: powers and products by hand, signs without spaces around them."""


def _refuse_printed_euler(tree: Tree, names: Collection[str]) -> None:
    """Refuse E in what SymPy may have printed: it writes Euler's number so, and statements have exp(1)."""
    if _UNPRINTED.search(tree.text):
        return
    for node in tree.nodes():
        if isinstance(node, ast.Name) and tree.token(node).name == "E" and "E" not in names:
            message = (
                "found E, Euler's number where SymPy prints it; write exp(1), or declare E for a quantity"
            )
            raise tree.error(message, node)


def _euler(uses: Iterable[tuple[Tree, ast.Name]], names: Collection[str]) -> Expr:
    """Return Euler's number for a letter e that is raised to powers and nothing else."""
    for tree, node in uses:
        powers = [n for n in tree.nodes() if isinstance(n, ast.BinOp) and isinstance(n.op, ast.Pow)]
        exponents = [n.right for n in powers if n.left is node]
        read = [m for e in exponents for m in ast.walk(e) if isinstance(m, ast.Name)]
        if unreal := [m for m in read if tree.token(m).name in {"i", "j", "I"} - {*names}]:
            raise tree.error(f"found a complex power of e; {COMPLEX}", unreal[0])
        if not exponents:
            message = "found e; write exp(1) for Euler's number, or declare e where it is a quantity"
            raise tree.error(message, node)
    return E


def _refuse_unclear(found: Iterable[Sentence], names: Mapping[str, Expr]) -> None:
    """Raise ReadError where a rule reads a name that an earlier line updates and does not say which value.

    A gradient that is read by its name alone keeps the value that it has where it is read first.
    """
    lines: dict[str, int] = {}
    seen: set[str] = set()
    for line, sentence in enumerate(found, 1):
        if sentence.relation != "<-":
            continue
        left, right = sentence.sides
        nodes = right.nodes()
        marked = {
            id(a)
            for n in nodes
            if isinstance(n, ast.Call) and right.token(n).name in ("after", "before")
            for a in n.args
        }
        tokens = [right.token(n) for n in nodes if isinstance(n, ast.Name) and id(n) not in marked]
        for token in sorted(tokens, key=lambda t: t.position):
            value = names.get(token.name)
            if (
                value is None
                or token.marks
                or token.told
                or (token.name in seen and not isinstance(value, Symbol))
            ):
                continue
            for symbol in sorted(s.name for s in value.free_symbols if isinstance(s, Symbol)):
                if symbol not in lines:
                    continue
                form = "{}" if isinstance(value, Symbol) else "grad({})"
                new, old = form.format(f"{symbol}+"), form.format(f"{symbol}_t")
                message = (
                    f"line {line} reads {token.text}, which line {lines[symbol]} updates: "
                    f"write {new} for the new value or {old} for the old one"
                )
                if token.name == "g":
                    message += ", or grad(x) where g is the gradient"
                raise ReadError(message, right.text, token.position)
        seen |= {t.name for t in tokens}
        if isinstance(left.root, ast.Name):
            lines.setdefault(left.token(left.root).name, line)


def _declares_sign(value: Expr) -> bool:
    return not isinstance(value, Symbol) or (declares_sign(value) and not is_time(value))


def _names(vocabulary: Vocabulary, declare: Iterable[Declared]) -> dict[str, Expr]:
    if not isinstance(vocabulary, Vocabulary):
        raise TypeError(
            f"expected a Vocabulary such as STANDARD, given {vocabulary!r}"
            + f"; write notation={vocabulary!r}" * (str(vocabulary) in NOTATIONS)
        )
    if isinstance(declare, (str, Symbol, Quantity)):
        raise TypeError(f"declare takes several names; given {declare!r}, write declare=({declare!r},)")
    names = {q.name: q.symbol for q in vocabulary.quantities}
    own: dict[str, Expr] = {}
    for declared in declare:
        name, value = _declared(declared, {**names, **own})
        if own.setdefault(name, value) != value:
            raise ValueError(f"{name} is declared twice, as symbols with different assumptions; keep one")
    for name, letter in _LETTERS.items():
        if name in own:
            own.setdefault(letter, own[name])
    replaced = {names[name]: value for name, value in own.items() if name in names}
    return {name: value.xreplace(replaced) for name, value in names.items()} | own


def _declared(declared: Declared, names: Mapping[str, Expr]) -> tuple[str, Expr]:
    if isinstance(declared, str):
        name = GREEK.get(declared, declared)
        value = names.get(name, Symbol(name, real=True))
    elif isinstance(declared, Quantity):
        name, value = declared.name, declared.symbol
    elif isinstance(declared, Symbol):
        name, value = declared.name, declared
    else:
        raise TypeError(f"declare takes names, symbols and quantities, given {declared!r}")
    if not is_name(name) or (name in FUNCTIONS and name not in NAMES_TOO):
        raise ValueError(f"{name!r} cannot be declared; a name is made of letters, digits and single _")
    if not value.is_commutative or value.is_real is False:
        raise ValueError(f"{name} cannot be declared: formulas are about real numbers, and it is none")
    return name, value


def _statement(found: tuple[Sentence, ...], values: list[tuple[Expr, ...]]) -> Readable:
    """Return what sentences of one kind, with these values of their sides, state together."""
    relation = found[0].relation
    if not relation:
        return values[0][0]
    if relation == "=":
        equations = tuple(Equation(*sides) for sides in values)
        return equations[0] if len(equations) == 1 else Law(equations)
    pairs = list(zip(found, values, strict=True))
    start = tuple(sides for sentence, sides in pairs if sentence.relation == "=")
    pairs = [(sentence, sides) for sentence, sides in pairs if sentence.relation != "="]
    for sentence, (target, _) in pairs:
        if not isinstance(target, Symbol) or target.name[-1:] in MARKS:
            side = sentence.sides[0]
            raise side.error(f"found {target} on the left of <-; write the symbol that is updated", side.root)
    updates = tuple(Update(*sides) for _, sides in pairs)
    try:
        if start:
            return Rule(updates, start)
        if len(updates) == 1 and not declares_sign(updates[0].target):
            return updates[0]  # it may belong to a larger rule
        whole = Rule(updates)
        return updates[0] if len(updates) == 1 else whole
    except StatementError as error:
        side = found[0].sides[0]
        raise side.error(str(error), side.root) from None
