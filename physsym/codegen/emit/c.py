"""Programs in C: a function for each evaluation point of the gradient, and one for the step in place."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from physsym.codegen.emit.loop import Loop, loops
from physsym.codegen.emit.text import Language, Names, expression_text, unique_name
from physsym.codegen.expression_tree import Operation
from physsym.codegen.straight_line import Line, Program

_TAKEN = """auto break case char const continue default do double else enum extern float for goto if inline
    int long register restrict return short signed sizeof static struct switch typedef union unsigned
    void volatile while alignas alignof bool constexpr false nullptr static_assert thread_local true
    typeof asm fortran main class template namespace this new delete operator private public i n frame
    numbers size_t uintptr_t NULL sqrt pow exp log sin cos tanh fabs sqrtf powf expf logf sinf cosf
    tanhf fabsf floor ceil floorf ceilf
    linux unix i386 arm mips sparc sun hpux vax NAN INFINITY HUGE_VAL HUGE_VALF HUGE_VALL M_E M_LOG2E
    M_LOG10E M_LN2 M_LN10 M_PI M_PI_2 M_PI_4 M_1_PI M_2_PI M_2_SQRTPI M_SQRT2 M_SQRT1_2 FP_NAN FP_INFINITE
    FP_ZERO FP_SUBNORMAL FP_NORMAL FP_ILOGB0 FP_ILOGBNAN MATH_ERRNO MATH_ERREXCEPT math_errhandling"""
WORDS = frozenset(_TAKEN.split())
_LIBRARY = {name: name for name in ("sqrt", "exp", "log", "sin", "cos", "tanh", "floor", "ceil")} | {
    "power": "pow",
    "absolute": "fabs",
}
_OWN = {name: f"physsym_{name}" for name in ("sign", "maximum", "minimum")}
_BODIES = {
    "sign": "({t} a)\n{{\n    return a > 0 ? 1 : a < 0 ? -1 : a == 0 ? 0 : a;\n}}",
    "maximum": "({t} a, {t} b)\n{{\n    return a >= b || a != a ? a : b;\n}}",
    "minimum": "({t} a, {t} b)\n{{\n    return a <= b || a != a ? a : b;\n}}",
}
CHOICES = {
    "where": "{} ? {} : {}", "less": "{} < {}", "less_equal": "{} <= {}", "equal": "{} == {}",
    "not_equal": "{} != {}", "logical_and": "{} && {}", "logical_or": "{} || {}", "logical_not": "!{}",
}  # fmt: skip
DOUBLE = Language("C", "{}.0", "{}.0/{}.0", CHOICES, _LIBRARY | _OWN)
FLOAT = Language(
    "C",
    "{}.0f",
    "(float)({}.0/{}.0)",
    CHOICES,
    {k: f"{v}f" for k, v in _LIBRARY.items()} | {k: f"{v}f" for k, v in _OWN.items()},
)


def c_source(program: Program, *, single: bool = False) -> str:
    """Return the program as C text: functions of arrays of `double`, or of `float` where `single`.

    `physsym_step` updates the states in place; it is given the gradients, whose evaluation points are
    computed by `physsym_place`, `physsym_place2`, ... where they are not the states themselves. Numbers are
    given and computed in double precision. A counter is given as a number; the caller counts.

    >>> from physsym.codegen import program
    >>> from physsym.core.statements import rule
    >>> from physsym.vocabulary import G, eta, rho, u, x
    >>> from physsym.core.symbols import after
    >>> print(c_source(program(rule({u: rho * u - (1 - rho) * eta * G, x: x + after(u)}))))
    #include <stddef.h>
    <BLANKLINE>
    void physsym_step(size_t n, double *restrict u, double *restrict x, const double *restrict g,
        double eta, double rho)
    {
        const double c = eta*(1.0 - rho);
        for (size_t i = 0; i < n; ++i) {
            const double u_next = rho*u[i] - c*g[i];
            const double x_next = x[i] + u_next;
            u[i] = u_next;
            x[i] = x_next;
        }
    }
    <BLANKLINE>
    """
    return c_text(list(loops(program, WORDS)), single=single)


def c_text(parts: list[Loop], *, single: bool, linkage: str = "") -> str:
    """Return loops as C text, with the headers and the helper functions that they call."""
    lines = [line for part in parts for line in (*part.program.scalars, *part.program.body)]
    called = {name for line in lines for value in line.values for name in _called(value)}
    header = ["#include <math.h>"] * bool(called & _LIBRARY.keys()) + ["#include <stddef.h>"]
    helpers = [_helper(name, is_single) for name in _BODIES if name in called
               for is_single in sorted({False, single})]  # fmt: skip
    functions = [linkage + c_function(part, single=single) for part in parts]
    return "\n\n".join(["\n".join(header), *helpers, *functions]) + "\n"


def _called(value: object) -> Iterator[str]:
    if isinstance(value, Operation):
        yield value.name
        for argument in value.arguments:
            yield from _called(argument)


def _helper(name: str, single: bool) -> str:
    kind, suffix = ("float", "f") if single else ("double", "")
    return f"static inline {kind} {_OWN[name]}{suffix}" + _BODIES[name].format(t=kind)


def c_function(part: Loop, *, single: bool) -> str:
    """Return one loop as a C function."""
    kind, language = ("float", FLOAT) if single else ("double", DOUBLE)
    inside = {**part.names} | {s: f"{part.names[s]}[i]" for s in part.program.states}
    stored = {part.names[s]: inside[s] for s in part.program.states}
    if single:
        inside |= {s: f"(float){part.names[s]}" for s in part.program.constants}
    lines = [f"    {line}" for line in c_lines(part.scalars, part.names, "double", DOUBLE)]
    lines += ["    for (size_t i = 0; i < n; ++i) {"]
    lines += [f"        {line}" for line in c_lines(part.program.body, inside, kind, language)]
    # An earlier value is a state moved to another array: it is loaded before any array is overwritten.
    taken = {*WORDS, *part.names.values(), *part.arrays}
    loaded = {v: unique_name(f"{v}_kept", taken) for _, v in part.written if v in stored}
    lines += [f"        const {kind} {name} = {stored[v]};" for v, name in loaded.items()]
    lines += [f"        {array}[i] = {loaded.get(v, v)};" for array, v in part.written]
    return "\n".join([_signature(part, kind), "{", *lines, "    }", "}"])


def c_lines(lines: Iterable[Line], names: Names, kind: str, language: Language) -> Iterator[str]:
    """Yield program lines as C definitions."""
    for line in lines:
        for target, value in zip(line.targets, line.values, strict=True):
            name = names[target].removeprefix("(float)")
            yield f"const {kind} {name} = {expression_text(value, names, language)};"


def _signature(part: Loop, kind: str) -> str:
    written = {a for a, _ in part.written}
    arrays = [f"{'' if a in written else 'const '}{kind} *restrict {a}" for a in part.arrays]
    numbers = "".join(f", double {name}" for name in part.numbers)
    listed = f"void {part.function}(size_t n, {', '.join(arrays)}{numbers})"
    if len(listed) <= 100 or not numbers:
        return listed
    return f"void {part.function}(size_t n, {', '.join(arrays)},\n    {numbers[2:]})"


def frame_entry(part: Loop, *, single: bool) -> str:
    """Return a function that calls a loop with the contents of a frame: length, numbers, arrays."""
    kind = "float" if single else "double"
    arrays = [f"({kind} *)frame[{k + 2}]" for k, _ in enumerate(part.arrays)]
    numbers = [f"numbers[{k}]" for k, _ in enumerate(part.numbers)]
    return f"""
#include <stdint.h>

__attribute__((visibility("default"))) void physsym_frame(const uint64_t *frame)
{{
    const double *numbers = (const double *)frame[1];
    (void)numbers;
    {part.function}({", ".join(["frame[0]", *arrays, *numbers])});
}}
"""
