r"""The values of names in LaTeX: what belongs to the name, what is an index, a power or a transpose."""

from __future__ import annotations

from dataclasses import replace

import sympy
from sympy import Expr, Integer, Symbol
from sympy import Function as Undefined

from physsym.core.symbols import after, before, dot
from physsym.parsing.instants import NEW, OLD, UNCLEAR
from physsym.parsing.latex.conventions import is_capital, key_of
from physsym.parsing.latex.formula import OPAQUE, Formula
from physsym.parsing.latex.names import (
    MARKS,
    TRANSPOSES,
    Named,
    letters_of,
    shifted,
    spelled_below,
    spelled_letter,
    unwrapped,
)
from physsym.parsing.latex.signs import ONES
from physsym.parsing.latex.tree import (
    Bracket,
    Function,
    Name,
    Node,
    Number,
    Product,
    Relation,
    Script,
    Scripted,
    Sum,
)
from physsym.parsing.tokens import INVERSE, TYPEFACES


class NamedValues(Formula):
    """The values of names, with what stands below and above them."""

    def key(self, name: Named) -> str:
        """Return a name in words, without its indices of time, primes and dots."""
        parts = [spelled_letter(name.letters, self.conventions.variants)]
        font = "" if name.font in ("italic", "word") else name.font
        if name.letters in self.conventions.fonts and self.conventions.strict:
            raise self.error(TYPEFACES.format(name.letters), name.node)
        if font and name.letters in self.conventions.fonts:
            parts.append(font)
        parts += [
            self._part(i) for item in name.below for i in self._split(item) if not self._is_index(i, name)
        ]
        if name.below_text and not name.below:
            plain = "_".join("".join(c if c.isalnum() else " " for c in name.below_text).split())
            parts.append(MARKS.get(name.below_text, plain or f"{OPAQUE}{name.below_text}"))
        parts += name.accents
        if name.mark and name.mark not in ("+", "-", "++", "--"):
            parts.append(name.mark)
        return "_".join(p for p in parts if p)

    def _part(self, node: Node) -> str:
        """Return an index that belongs to the name."""
        if isinstance(node, Number):
            return node.text
        if isinstance(node, Name):
            return spelled_letter(node.letters, self.conventions.variants)
        if isinstance(node, Function):
            return node.name
        if isinstance(node, Product) and all(isinstance(f, (Name, Number)) for f in node.factors):
            return "".join(map(self._part, node.factors))
        if isinstance(node, Scripted) and isinstance(node.base, Number):
            raise self.error("this index is not understood", node)
        found = "".join(
            c if c.isalnum() or c in "+-=" else " " for c in self.source(node).replace(r"\_", " ")
        )
        return "_".join(found.split())

    def _split(self, node: Node) -> tuple[Node, ...]:
        """Return the indices of an index: letters that count side by side are several, 2k may be two."""
        if not isinstance(node, Product) or any(node.signs):
            return (node,)
        letters = [f for f in node.factors if isinstance(f, Name) and self._counts(f.letters)]
        numbers = [f for f in node.factors if isinstance(f, Number)]
        if not letters or len(letters) + len(numbers) != len(node.factors):
            return (node,)
        if (
            numbers
            and self.decisions.take(node, f"the index {self.source(node)}", "a product", "two indices") == 0
        ):
            return (node,)
        return node.factors

    def _counts(self, letters: str) -> bool:
        return letters in self.conventions.indices or letters in self.bound

    def _is_index(self, node: Node, name: Named) -> bool:
        """Return whether an index counts, and is no part of the name."""
        inner = unwrapped(node)
        if isinstance(inner, Sum) and len(inner.terms) == 1:
            inner = inner.terms[0]
        if isinstance(inner, Relation):  # `t=0` below a name: its value before the first step
            return inner.signs == ("=",) and self._is_index(inner.sides[0], name)
        if isinstance(inner, Number):
            if self.conventions.strict and not self._may_be_time(node, name):
                return False
            sequence = key_of(name) in self.conventions.sequences or key_of(name) in self.conventions.above
            return sequence and "." not in inner.text
        if isinstance(inner, (Name, Sum, Product)):
            found = list(letters_of(inner))
            return bool(found) and all(map(self._counts, found))
        return False

    def _may_be_time(self, number: Node, name: Named) -> bool:
        r"""Return whether a number stands where the name has its time elsewhere: 0 in `\mu_{1,0}`, not 1."""
        timed = (key_of(name), spelled_below(name)[:-1]) in self.conventions.in_time
        return timed and number is name.below[-1] and not self.conventions.starts_said

    def indices(self, name: Named) -> list[Expr]:
        """Return the values of the indices that count, those above behind those below."""
        parts = [i for item in name.below for i in self._split(item)]
        counting = [unwrapped(i) for i in parts if self._is_index(i, name)]
        # An index may name the letter of time too, as in `t=0`.
        found = [self.value(i.sides[1] if isinstance(i, Relation) else i) for i in counting]
        if name.above is not None and self.is_above(name):
            inside = name.above.inside
            assert inside is not None
            found.append(self.value(unwrapped(inside)))
        return found

    def is_above(self, name: Named) -> bool:
        """Return whether what stands above a name is an index."""
        script = name.above
        if script is None or script.inside is None or script.text in TRANSPOSES:
            return False
        inside, key = script.inside, key_of(name)
        in_brackets = isinstance(inside, Bracket) and inside.opening in ("(", "[")
        bare = unwrapped(inside)
        if in_brackets and isinstance(bare, (Name, Number, Sum)):
            if key in self.conventions.above or shifted(bare) in self.conventions.indices:
                return True
            return isinstance(bare, Name) and key not in self.conventions.functions
        counts = any(map(self._counts, letters_of(bare))) and isinstance(bare, (Name, Sum))
        if key in self.conventions.above_plain:
            if counts or script.text in ("0", "1"):
                return True
            if isinstance(bare, Number):
                return bool(
                    self.decisions.take(script, f"{key}^{script.text}", "a power", "the value of a step")
                )
            return False
        if key in self.conventions.perhaps_above and counts and not name.letters.startswith("\\"):
            return bool(
                self.decisions.take(script, f"what stands above {key}", "a power", "the value of a step")
            )
        return False

    def name_value(self, name: Named) -> Expr:
        """Return the value of a name with what stands below and above it."""
        if name.letters == r"\infty":
            return sympy.oo
        if name.letters in ("const", "constant"):
            # Another one at each occurrence: of two such constants it is not known that they are equal.
            return self.symbol(f"{OPAQUE}constant {name.start}")
        self._refuse_signs(name)
        name = self.completed(name)
        exponent = name.above if not self.is_above(name) else None
        if (
            (name.letters == "e" and name.bare)
            or (name.letters == "e" and exponent is not None and not name.below_text)
        ) and (found := self._euler(name, exponent)) is not None:
            return found
        base = self._base(name)
        if exponent is None:
            return base
        return self.raised(base, exponent, name)

    def completed(self, name: Named) -> Named:
        """Return a name with what stands above it as a part of it, where it is no power and no index.

        In a text without a document, a sign below says the instant as one above does: v_+ is v^+.
        """
        if self.conventions.strict and name.below_text in ("+", "-") and not name.mark:
            name = replace(name, below=(), below_text="", mark=name.below_text)
        name = self._of_instant(name) if self.conventions.strict else name
        above = name.above
        if above is None or above.inside is None or self.is_above(name):
            return name
        inside = above.inside
        if (
            isinstance(inside, Bracket)
            and inside.opening == "("
            and isinstance(unwrapped(inside), (Number, Name))
        ):
            return replace(name, above=None, mark=f"({self._part(unwrapped(inside))})")
        if not self._is_word(above):
            return name
        return replace(name, above=None, mark=self._part(above.inside))

    def _of_instant(self, name: Named) -> Named:
        """Return a name with the instant that a word below it says: w_{new} is w^+, and w_{old} is w."""
        word = self._part(name.below[0]) if len(name.below) == 1 else ""
        base = spelled_letter(name.letters)
        if word not in (*NEW, *OLD, *UNCLEAR) or f"{base}_{word}" in self.conventions.declared or name.mark:
            return name
        if word in UNCLEAR:
            message = (
                f"found {base}_{word}; write {base}_{{old}} for the value before the step, "
                f"{base}^- for the one before that"
            )
            raise self.error(message, name.node)
        return replace(name, below=(), below_text="", mark="+" if word in NEW else "")

    def _refuse_signs(self, name: Named) -> None:
        if name.letters in (r"\forall", r"\exists", r"\dagger", r"\prime", r"\bullet", r"\top", r"\bot",
            r"\star", r"\ast",
                            r"\circ", r"\emptyset", r"\square", r"\Box", r"\cdot", r"\degree"):  # fmt: skip
            raise self.error(f"found {name.letters}, which is not understood here", name.node)
        if name.letters in (r"\nabla", r"\partial"):
            raise self.error(f"expected what {name.letters} acts on", name.node)

    def _euler(self, name: Named, exponent: Script | None) -> Expr | None:
        """Return the exponential, where e is Euler's number."""
        sure = name.font == "upright"
        simple = exponent is None or isinstance(exponent.inside, (Number, Name))
        marked = not sure and not self.conventions.euler and simple
        if marked and (
            exponent is None or not self.decisions.take(name.node, "e", "a name", "Euler's number")
        ):
            return None
        if exponent is None:
            if self.coefficients.get(name.start):
                return None
            return (
                None
                if not sure and self.decisions.take(name.node, "e", "Euler's number", "a name")
                else sympy.E
            )
        if exponent.inside is None:
            raise self.error("this exponent is not understood", name.node)
        value = self.value(exponent.inside)
        self._refuse_large_exponent(value, exponent)
        return sympy.exp(value)

    def _base(self, name: Named) -> Expr:
        """Return the value of a name without its power."""
        if name.letters == ONES:
            return self.symbol(f"{OPAQUE}ones {name.below_text}".strip())
        indices = self.indices(name)
        key = self.key(name)
        marks = "'" * (name.dots + name.primes)
        if indices:
            found = Undefined(key + marks)(*indices)
            if name.above is not None and self.is_above(name):
                self.above[found] = name.above.start - 1
            return self._placed(found, name.node)
        alone = self._bare_letter(name)
        if name.letters == r"\pi" and alone and not name.font:
            return sympy.pi
        if name.letters == "i" and alone and self.conventions.imaginary and not self._counts("i"):
            return sympy.I
        if name.letters == "I" and self._is_identity(name):
            self.one_coordinate = True
            return Integer(1)
        if self._counts(name.letters) and self._bare_letter(name):
            whole = self.conventions.whole
            if whole is None or name.letters in whole or name.letters in self.bound:
                return Symbol(key, integer=True)
        found = self.symbol(key)
        for _ in marks:
            found = dot(found)
        for sign in name.mark if name.mark in ("+", "-", "++", "--") else "":
            found = after(found) if sign == "+" else before(found)
        return self._placed(found, name.node)

    def _bare_letter(self, name: Named) -> bool:
        return not (name.accents or name.below_text or name.mark or name.primes or name.dots)

    def _is_identity(self, name: Named) -> bool:
        """Return whether I is the identity: asked where matrices and powers of I occur, or neither."""
        if name.letters != "I" or name.accents or name.primes or name.dots or name.mark:
            return False
        sized = bool(name.below_text)
        if name.font == "bold" or (sized and r"\times" in name.below_text):
            return True
        if sized or "I" in self.conventions.set_alone or key_of(name) in self.conventions.functions:
            return False
        number, matrices = "I" in self.conventions.scalars, bool(self.conventions.matrices)
        if number != matrices:
            return matrices
        return not self.decisions.take(name.node, "I", "the identity", "a number")

    def raised(self, base: Expr, exponent: Script, where: Named | Node) -> Expr:
        """Return a power, a transpose, or an inverse; refuse what is too large."""
        node = where.node if isinstance(where, Named) else where
        text = exponent.text
        if text == "T" and self.conventions.strict:
            raise self.error("found ^T, a transpose or a power: leave a transpose out, or rename T", node)
        if text in TRANSPOSES or text in (r"\dagger", "H", r"\mathrm{H}", r"\mathsf{H}"):
            letter = where.letters if isinstance(where, Named) else ""
            vector = isinstance(where, Named) and where.font == "bold"
            perhaps = text == "T" and "T" in self.conventions.letters and not (letter.isupper() or vector)
            if perhaps and self.decisions.take(exponent, "^T", "a transpose", "a power"):
                return self._power(base, self.symbol("T"), exponent)
            self.one_coordinate, self.joined = True, node
            if text == r"\dagger" or text == "H":
                return self.opaque("dagger", base)
            return 1 / base if text.startswith("-") else base
        is_gradient = isinstance(where, Named) and where.letters == "g" and not where.below_text
        if (
            self.conventions.strict
            and is_gradient
            and text in self.conventions.indices - self.conventions.declared
        ):
            raise self.error(
                f"found g^{text}, an index or a power; write g_{text} for the gradient of this step, "
                f"or g_{text}^{text} for a power of it",
                node,
            )
        if (
            isinstance(where, Named)
            and text in self.conventions.indices
            and self.conventions.above_plain
            and key_of(where) not in self.conventions.above
        ):
            question = f"{text} above {where.letters}"
            if self.decisions.take(exponent, question, "a power", "an index"):
                return sympy.Function(str(base))(Symbol(text, integer=True))
        if exponent.inside is None:
            if text == "*":
                return self.opaque("star", base)
            raise self.error(f"what stands above, {text}, is not understood", node)
        if text == "-1" and isinstance(where, Named):
            undeclared = self.key(where) not in self.conventions.declared
            if self.conventions.strict and is_capital(where.letters) and undeclared:
                written = self.source(node)
                quotient = rf"\frac{{1}}{{{written.partition('^')[0]}}}"
                raise self.error(INVERSE.format(written, quotient), node)
            self.one_coordinate |= where.letters in self.conventions.matrices or where.letters.isupper()
        return self._power(base, self.value(exponent.inside), exponent)

    def _is_word(self, exponent: Script) -> bool:
        """Return whether letters above a name belong to it: asked for capitals, and for runs of letters."""
        inside = exponent.inside
        if exponent.text in TRANSPOSES:
            return False
        if (
            isinstance(inside, Product)
            and not any(inside.signs)
            and all(isinstance(f, Name) for f in inside.factors)
        ):
            letters = [f.letters for f in inside.factors if isinstance(f, Name)]
            touching = self.source(exponent).strip("{}") == "".join(letters)
            if touching and all(len(a) == 1 for a in letters):
                if not set(letters) & self.conventions.letters and (
                    not self.conventions.strict or len(letters) > 2
                ):
                    return True
                return bool(
                    self.decisions.take(
                        exponent, f"{exponent.text} above a name", "a power", "a part of the name"
                    )
                )
        if (
            isinstance(inside, Name)
            and inside.font == ""
            and inside.letters.isupper()
            and len(inside.letters) == 1
        ):
            if self._counts(inside.letters) or self.conventions.strict:
                return False
            return bool(
                self.decisions.take(
                    exponent, f"{exponent.text} above a name", "a power", "a part of the name"
                )
            )
        return False
