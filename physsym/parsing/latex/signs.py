"""Tables of the signs of LaTeX: relations, products, brackets, fonts, accents, functions and operators."""

from __future__ import annotations

import re
from collections.abc import Mapping

RELATIONS: Mapping[str, str] = {
    "=": "=", r"\equiv": "=", ":=": ":=", r"\coloneqq": ":=", r"\triangleq": ":=", r"\coloneq": ":=",
    r"\doteq": ":=", r"\eqdef": ":=", r"\leftarrow": "<-", r"\gets": "<-", r"\longleftarrow": "<-",
    "<-": "<-",
    r"\rightarrow": "->", r"\to": "->", r"\longrightarrow": "->", "->": "->", r"\mapsto": "|->",
    r"\longmapsto": "|->", r"\approx": "~", r"\simeq": "~", r"\cong": "~", r"\sim": "~", r"\thickapprox": "~",
    r"\approxeq": "~", r"\asymp": "~", r"\neq": "!=", r"\ne": "!=", "<": "<", r"\lt": "<", ">": ">",
    r"\gt": ">",
    r"\leq": "<=", r"\le": "<=", r"\leqslant": "<=", r"\geq": ">=", r"\ge": ">=", r"\geqslant": ">=",
    r"\propto": "propto", r"\ll": "<<", r"\gg": ">>", r"\lesssim": "<<", r"\gtrsim": ">>", r"\in": "in",
    r"\notin": "in", r"\subset": "in", r"\subseteq": "in", r"\preceq": "in", r"\succeq": "in", r"\prec": "in",
    r"\succ": "in", r"\perp": "in", r"\ni": "in", r"\nearrow": "->", r"\searrow": "->",
    r"\hookrightarrow": "->",
    r"\rightharpoonup": "->", r"\leadsto": "->", r"\uparrow": "->", r"\downarrow": "->",
}  # fmt: skip
"""Signs of relations, with the one that each is read as."""
PRODUCTS: Mapping[str, str] = {
    r"\cdot": "*", "*": "*", r"\ast": "*", r"\times": "×", r"\odot": "⊙", r"\bullet": "*", "/": "/",
    r"\div": "/",
    r"\oslash": "/", r"\circ": "o",
    # Of these nothing is known; each is a function of its own.
    r"\bmod": "mod", r"\otimes": "otimes", r"\wedge": "wedge", r"\star": "star", r"\oplus": "oplus",
    r"\setminus": "setminus", r"\cup": "cup", r"\cap": "cap", r"\land": "wedge", r"\lor": "vee",
    r"\vee": "vee",
}  # fmt: skip
SUMS = {"+": "+", "-": "-", r"\pm": "±", r"\mp": "∓"}
BRACKETS: Mapping[str, str] = {
    "(": ")", "[": "]", r"\{": r"\}", r"\lbrace": r"\rbrace", r"\langle": r"\rangle", r"\lfloor": r"\rfloor",
    r"\lceil": r"\rceil", r"\lbrack": r"\rbrack", r"\lparen": r"\rparen", r"\lVert": r"\rVert",
    r"\lvert": r"\rvert",
}  # fmt: skip
OPENING = frozenset((*BRACKETS, "{"))
CLOSING = frozenset((*BRACKETS.values(), "}"))
BARS = {"|": "|", r"\vert": "|", r"\|": "||", r"\Vert": "||", "||": "||"}
FONTS = {
    r"\mathbf": "bold", r"\boldsymbol": "bold", r"\bm": "bold", r"\pmb": "bold", r"\bf": "bold",
    r"\symbf": "bold",
    r"\bold": "bold", r"\mathcal": "calligraphic", r"\mathscr": "calligraphic", r"\cal": "calligraphic",
    r"\mathbb": "blackboard", r"\Bbb": "blackboard", r"\mathfrak": "fraktur", r"\mathsf": "sans",
    r"\mathit": "italic", r"\it": "italic", r"\mathnormal": "italic", r"\mathtt": "upright",
    r"\tt": "upright",
    r"\mathrm": "upright", r"\rm": "upright", r"\operatorname": "upright", r"\operatorname*": "upright",
    r"\symup": "upright", r"\symbfup": "bold", r"\mathds": "blackboard", r"\mathbbm": "blackboard",
    r"\sf": "sans",
    r"\vec": "bold", r"\overrightarrow": "bold", r"\boldmath": "bold", r"\unboldmath": "",
}  # fmt: skip
SWITCHES = frozenset((r"\bf", r"\cal", r"\it", r"\tt", r"\rm", r"\sf", r"\boldmath", r"\unboldmath"))
ONES = "1"
"""The letters of a 1 in bold, the vector of ones, or an indicator."""
ACCENTS = {
    r"\hat": "hat", r"\widehat": "hat", r"\bar": "bar", r"\overline": "bar", r"\tilde": "tilde",
    r"\widetilde": "tilde", r"\dot": "dot", r"\ddot": "ddot", r"\dddot": "dddot", r"\check": "check",
    r"\breve": "breve", r"\mathring": "ring", r"\underline": "underline", r"\acute": "acute",
    r"\grave": "grave",
    r"\underbar": "underline", r"\overleftarrow": "arrow", r"\ddddot": "ddddot",
}  # fmt: skip
_FUNCTION_NAMES = (
    "sin cos tan cot sec csc sinh cosh tanh coth arcsin arccos arctan exp log ln lg det dim ker sgn sign"
)
_FUNCTION_NAMES += (
    " max min sqrt abs clip tr Tr trace diag rank softmax sigmoid relu ReLU prox erf sinc atan asin acos"
)
_FUNCTION_NAMES += (
    " arctanh arcsinh arccosh atan2 floor ceil gcd arg Re Im vec span erfc erfi logsumexp softplus mod"
)
_FUNCTION_NAMES += " arsinh arcosh artanh arcoth arsech arcsch asinh acosh atanh arccoth arccot arcsec arccsc"
_FUNCTION_NAMES += " versin erfcx erfinv logit gelu swish"
_FUNCTION_NAMES += " Var Cov var cov std mean clamp sech csch div curl rot"
FUNCTIONS = frozenset(_FUNCTION_NAMES.split())
BIG_OPERATORS = (
    r"\sum",
    r"\prod",
    r"\int",
    r"\oint",
    r"\iint",
    r"\iiint",
    r"\bigcup",
    r"\bigcap",
    r"\coprod",
    r"\bigoplus",
)
LIMITS = ("lim", "limsup", "liminf", "sup", "inf", "argmin", "argmax", "arg min", "arg max", "min",
    "max", "Pr",
           "plim", "esssup")  # fmt: skip
"""Operators that act on what follows, as words; the last but two are functions where brackets follow."""
WORDS = frozenset((*FUNCTIONS, "lr", "wd", "eps", "grad", "loss", "const", "argmin", "argmax", "tol", "dist"))
"""Runs of letters that are one name, or that of a function."""
_UNIT_NAMES = (
    "m s kg g N J W Hz Pa K A V C cm mm km nm ms ns min h rad eV keV MeV mol L Nm kN MHz GHz kHz T F fm au yr"
)
UNITS = frozenset(_UNIT_NAMES.split())
"""Units that stand behind a number."""
FRACTIONS = (r"\frac", r"\dfrac", r"\tfrac", r"\cfrac", r"\nicefrac", r"\sfrac")
_GREEK_NAMES = (
    "alpha beta gamma delta epsilon varepsilon zeta eta theta vartheta iota kappa lambda mu nu xi "
    "pi varpi rho varrho "
    "sigma varsigma tau upsilon phi varphi chi psi omega Gamma Delta Theta Lambda Xi Pi Sigma "
    "Upsilon Phi Psi Omega "
    "ell hbar nabla partial infty emptyset imath jmath aleph wp Re Im varnothing top bot dagger "
    "bullet square forall "
    "exists prime star circ ast complement degree checkmark varGamma varDelta varTheta varPhi "
    "varOmega digamma "
    "varkappa lambdabar mho eth Box triangle blacksquare qed"
)
LETTERS = frozenset(f"\\{name}" for name in _GREEK_NAMES.split())
ELLIPSES = (
    r"\ldots",
    r"\dots",
    r"\cdots",
    r"\dotsc",
    r"\dotsb",
    r"\dotsm",
    r"\dotsi",
    "...",
    r"\vdots",
    r"\ddots",
)
GRIDS = ("matrix", "pmatrix", "bmatrix", "Bmatrix", "vmatrix", "Vmatrix", "smallmatrix", "array",
    "cases", "dcases",
          "rcases", "aligned", "split", "gathered", "alignedat")  # fmt: skip
BARE_STARTS = frozenset(
    (*OPENING, *FONTS, *ACCENTS, *BIG_OPERATORS, *FRACTIONS, *LETTERS, *ELLIPSES, r"\sqrt", r"\binom",
     r"\begin",
     r"\limsup",
     r"\liminf", r"\dbinom", r"\tbinom", r"\underbrace", r"\overbrace", r"\not", r"\arg", r"\substack")
)  # fmt: skip


def is_unit(said: str) -> bool:
    """Return whether the words behind a number are a unit, such as `m/s`."""
    return bool(parts := re.findall("[A-Za-z]+", said)) and UNITS.issuperset(parts)
