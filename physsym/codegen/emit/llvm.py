"""Programs in the intermediate representation of LLVM: single operations, and loops over arrays."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from functools import singledispatchmethod
from typing import TypeAlias

from sympy import Symbol

from physsym.codegen.emit.loop import Loop, loops
from physsym.codegen.emit.storage import STORAGES, Storage
from physsym.codegen.expression_tree import LOGIC, Operand, Operation
from physsym.codegen.straight_line import Line, Program

ARITHMETIC = {"add": "fadd", "subtract": "fsub", "multiply": "fmul", "divide": "fdiv"}
# fmt: off
INTRINSICS = {"sqrt": "sqrt", "exp": "exp", "log": "log", "sin": "sin", "cos": "cos", "tanh": "tanh",
              "power": "pow", "absolute": "fabs", "floor": "floor", "ceil": "ceil"}
# fmt: on
# NaN is equal to nothing, and unequal to all.
COMPARISONS = {"less": "olt", "less_equal": "ole", "equal": "oeq", "not_equal": "une"}


@dataclass(frozen=True)
class Real:
    """A type of real numbers: `double`, `float`, or so many lanes of either."""

    base: str
    lanes: int = 1

    def __str__(self) -> str:
        return self.base if self.lanes == 1 else f"<{self.lanes} x {self.base}>"

    @property
    def suffix(self) -> str:
        """Return how the names of intrinsic functions end for this type."""
        bits = "f64" if self.base == "double" else "f32"
        return bits if self.lanes == 1 else f"v{self.lanes}{bits}"

    @property
    def size(self) -> int:
        """Return how many bytes one number takes."""
        return 8 if self.base == "double" else 4

    def constant(self, value: float) -> str:
        """Return a number as a constant, bit by bit, rounded to this type."""
        rounded = value if self.base == "double" else struct.unpack("f", struct.pack("f", value))[0]
        text = f"0x{struct.pack('>d', rounded).hex().upper()}"
        listed = ", ".join([f"{self.base} {text}"] * self.lanes)
        return text if self.lanes == 1 else f"<{listed}>"


DOUBLE, FLOAT = Real("double"), Real("float")
Known: TypeAlias = dict[Symbol, tuple[str, Real]]


@dataclass
class Emitter:
    """A builder of instructions, in program order.

    `number` is the type of constants and parameters, `element` that of states; where they meet, a number is
    truncated to the element type or broadcast to all lanes. `known` holds the register and the type of each
    symbol. With `fma`, a product and a sum may be contracted. In a loop that is `latency_bound`, each step
    depends on the one before; then the product of two with the longer dependency chain is contracted.
    """

    element: Real
    number: Real = DOUBLE
    fma: bool = False
    latency_bound: bool = False
    depths: dict[Symbol, int] = field(default_factory=dict)
    known: Known = field(default_factory=dict)
    lines: list[str] = field(default_factory=list)
    declared: set[str] = field(default_factory=set)
    count: int = 0

    def emit(self, instruction: str) -> str:
        """Write an instruction and return the register that holds its value."""
        self.count += 1
        # With a point in it, a register is called like no symbol.
        self.lines.append(f"%t.{self.count} = {instruction}")
        return f"%t.{self.count}"

    def run(self, lines: Iterable[Line]) -> None:
        """Compute the lines of a program."""
        for line in lines:
            values = [self.value(v) for v in line.values]
            self.known.update(zip(line.targets, values, strict=True))
            self.depths.update(zip(line.targets, map(self._depth, line.values), strict=True))

    def flush(self) -> list[str]:
        """Return the instructions written so far, and start a new list."""
        written, self.lines = self.lines, []
        return written

    def broadcast(self, number: str) -> str:
        """Return the register that holds a number in all lanes of an element."""
        kind, lanes = self.element, f"<{self.element.lanes} x i32> zeroinitializer"
        first = self.emit(f"insertelement {kind} poison, {self.number} {number}, i64 0")
        return self.emit(f"shufflevector {kind} {first}, {kind} poison, {lanes}")

    def result(self, value: Operand) -> str:
        """Return the register of a value as an element."""
        return self._as(self.element, *self.value(value))

    @singledispatchmethod
    def value(self, operand: Operand) -> tuple[str, Real]:
        """Return the register, or the constant, of a value, and its type."""
        raise TypeError(f"expected an operand of a program, given {operand!r}")

    @value.register(Symbol)
    def _(self, operand: Symbol) -> tuple[str, Real]:
        return self.known[operand]

    @value.register(int)
    def _(self, operand: int) -> tuple[str, Real]:
        return self.number.constant(float(operand)), self.number

    @value.register(Fraction)
    def _(self, operand: Fraction) -> tuple[str, Real]:
        return self.number.constant(operand.numerator / operand.denominator), self.number

    @value.register(Operation)
    def _(self, operand: Operation) -> tuple[str, Real]:
        return self._operation(operand, self.fma)

    def _operation(self, operand: Operation, contracted: bool) -> tuple[str, Real]:
        if operand.name == "where":
            return self._choice(*operand.arguments)
        # LLVM contracts only where both instructions carry the flag: without it, the first product is rounded
        # early, off the critical path, and the fused operation has the shortest chain behind it.
        alone = self._first_product(operand) if contracted and self.latency_bound else None
        parts = [
            self._operation(alone, False) if alone is not None and a is alone else self.value(a)
            for a in operand.arguments
        ]
        kind = self.element if any(k == self.element for _, k in parts) else self.number
        values = [self._as(kind, *part) for part in parts]
        return self._instruction(operand.name, values, kind, " contract" if contracted else ""), kind

    def _choice(self, condition: Operand, *cases: Operand) -> tuple[str, Real]:
        test, lanes = self._test(condition)
        parts = [self.value(case) for case in cases]
        in_lanes = lanes > 1 or any(kind == self.element for _, kind in parts)
        kind = self.element if in_lanes else self.number
        one, other = (self._as(kind, *part) for part in parts)
        # One truth value chooses between whole vectors.
        return self.emit(f"select {_bits(lanes)} {test}, {kind} {one}, {kind} {other}"), kind

    def _test(self, condition: Operand) -> tuple[str, int]:
        """Return the register of a truth value, and in how many lanes it is."""
        if not isinstance(condition, Operation) or condition.name not in LOGIC:
            raise TypeError(f"expected a condition of a program, given {condition!r}")
        if condition.name in COMPARISONS:
            parts = [self.value(a) for a in condition.arguments]
            kind = self.element if any(k == self.element for _, k in parts) else self.number
            left, right = (self._as(kind, *part) for part in parts)
            return self.emit(f"fcmp {COMPARISONS[condition.name]} {kind} {left}, {right}"), kind.lanes
        tests = [self._test(a) for a in condition.arguments]
        lanes = max(n for _, n in tests)
        values = [test if n == lanes else self._in_lanes(test, lanes) for test, n in tests]
        if condition.name == "logical_not":
            true = "true" if lanes == 1 else f"<{', '.join(['i1 true'] * lanes)}>"
            return self.emit(f"xor {_bits(lanes)} {values[0]}, {true}"), lanes
        word = condition.name.removeprefix("logical_")
        return self.emit(f"{word} {_bits(lanes)} {values[0]}, {values[1]}"), lanes

    def _in_lanes(self, test: str, lanes: int) -> str:
        first = self.emit(f"insertelement {_bits(lanes)} poison, i1 {test}, i64 0")
        zeros = f"<{lanes} x i32> zeroinitializer"
        return self.emit(f"shufflevector {_bits(lanes)} {first}, {_bits(lanes)} poison, {zeros}")

    def _first_product(self, operand: Operation) -> Operation | None:
        """Return the product of smaller depth in a sum of two products."""
        match operand:
            case Operation("add" | "subtract", (Operation("multiply") as a, Operation("multiply") as b)):
                return min(a, b, key=self._depth)
        return None

    def _depth(self, operand: Operand) -> int:
        """Return the length of the longest chain of operations up to a value."""
        if isinstance(operand, Operation):
            return 1 + max(map(self._depth, operand.arguments))
        return self.depths.get(operand, 0) if isinstance(operand, Symbol) else 0

    def _as(self, wanted: Real, register: str, kind: Real) -> str:
        if kind == wanted:
            return register
        if not register.startswith("%"):
            bits = struct.unpack(">d", bytes.fromhex(register.removeprefix("0x")))[0]
            return wanted.constant(bits)
        if wanted.lanes > kind.lanes:
            return self.broadcast(register)
        return self.emit(f"fptrunc {kind} {register} to {wanted}")

    def _instruction(self, name: str, values: Sequence[str], kind: Real, flag: str) -> str:
        if name in ARITHMETIC:
            return self.emit(f"{ARITHMETIC[name]}{flag} {kind} {', '.join(values)}")
        if name == "negative":
            return self.emit(f"fneg {kind} {values[0]}")
        if name in INTRINSICS:
            return self._call(INTRINSICS[name], values, kind)
        return (
            self._sign(values[0], kind) if name == "sign" else self._extreme(name, values[0], values[1], kind)
        )

    def _call(self, function: str, values: Sequence[str], kind: Real) -> str:
        name = f"@llvm.{function}.{kind.suffix}"
        self.declared.add(f"declare {kind} {name}({', '.join([str(kind)] * len(values))})")
        return self.emit(f"call {kind} {name}({', '.join(f'{kind} {v}' for v in values)})")

    def select(self, test: str, left: str, right: str, kind: Real, *, among: Sequence[str]) -> str:
        """Write a choice: the first of `among` where the comparison holds, the second elsewhere."""
        chosen = self.emit(f"fcmp {test} {kind} {left}, {right}")
        return self.emit(f"select {_bits(kind.lanes)} {chosen}, {kind} {among[0]}, {kind} {among[1]}")

    def _sign(self, value: str, kind: Real) -> str:
        zero, one, minus = (kind.constant(v) for v in (0.0, 1.0, -1.0))
        nonzero = self.select("oeq", value, zero, kind, among=(zero, value))
        below = self.select("olt", value, zero, kind, among=(minus, nonzero))
        return self.select("ogt", value, zero, kind, among=(one, below))

    def _extreme(self, name: str, left: str, right: str, kind: Real) -> str:
        # NaN propagates, as in NumPy.
        larger = "oge" if name == "maximum" else "ole"
        chosen = self.select(larger, left, right, kind, among=(left, right))
        return self.select("uno", left, left, kind, among=(left, chosen))


def _bits(lanes: int) -> str:
    return "i1" if lanes == 1 else f"<{lanes} x i1>"


def llvm_source(program: Program, *, single: bool = False, fma: bool = False) -> str:
    """Return the program as LLVM text: functions of arrays of `double`, or of `float` where `single`.

    The functions are those of the C text, with the length as a 64-bit integer.

    >>> from physsym.codegen import program
    >>> from physsym.core.statements import rule
    >>> from physsym.vocabulary import G, eta, x
    >>> text = llvm_source(program(rule({x: x - eta * G})))
    >>> print(text.splitlines()[0])
    define void @physsym_step(i64 %n, ptr noalias %x, ptr noalias %g, double %eta) {
    """
    return llvm_text(loops(program, WORDS), FLOAT if single else DOUBLE, fma)


WORDS = frozenset({"n", "i", "more", "next", "some", "entry", "body", "end"})


def llvm_text(
    parts: Iterable[Loop], element: Real, fma: bool, linkage: str = "", stored: Sequence[Storage] = ()
) -> str:
    """Return loops as LLVM text with the declarations that they need.

    Arrays hold numbers of the type `element`, or are `stored` in a type of their own each.
    """
    texts, declared = list[str](), set[str]()
    own = STORAGES["float64" if element.base == "double" else "float32"]
    for part in parts:
        emitter = Emitter(element, fma=fma)
        storages = dict(zip(part.arrays, stored or [own] * len(part.arrays), strict=True))
        texts.append(_function(part, emitter, linkage, storages))
        declared |= emitter.declared
    return "\n\n".join([*texts, *sorted(declared)]) + "\n"


def _function(part: Loop, emitter: Emitter, linkage: str, storages: Mapping[str, Storage]) -> str:
    kind, program = emitter.element, part.program
    arguments = [f"ptr noalias %{a}" for a in part.arrays] + [f"double %{name}" for name in part.numbers]
    emitter.known = {s: (f"%{part.names[s]}", DOUBLE) for s in program.parameters}
    emitter.run(part.scalars)
    before = emitter.flush()
    read = {s for line in program.body for s in line.reads} | set(program.results)
    for symbol in (s for s in program.states if s in read):
        array = part.names[symbol]
        value = storages[array].load(emitter.emit, _address(emitter, array, storages[array]), str(kind))
        emitter.known[symbol] = (value, kind)
    emitter.run(program.body)
    values = dict(zip(part.outputs, program.results, strict=True))
    stored = [(array, emitter.result(values[array])) for array, _ in part.written]
    for array, register in stored:
        address = _address(emitter, array, storages[array])
        emitter.lines.append(storages[array].store(emitter.emit, register, address, str(kind)))
    head = f"define {linkage}void @{part.function}(i64 %n, {', '.join(arguments)}) {{"
    return "\n".join([head, *_loop_blocks(before, emitter.lines)])


def _address(emitter: Emitter, array: str, storage: Storage) -> str:
    return emitter.emit(f"getelementptr {storage.memory}, ptr %{array}, i64 %i")


def _loop_blocks(before: list[str], inside: list[str]) -> list[str]:
    return [
        "entry:", *(f"  {line}" for line in before),
        "  %some = icmp sgt i64 %n, 0", "  br i1 %some, label %body, label %end",
        "body:", "  %i = phi i64 [ 0, %entry ], [ %next, %body ]", *(f"  {line}" for line in inside),
        "  %next = add nuw nsw i64 %i, 1", "  %more = icmp slt i64 %next, %n",
        "  br i1 %more, label %body, label %end",
        "end:", "  ret void", "}",
    ]  # fmt: skip


def llvm_function(head: str, blocks: Iterable[tuple[str, Iterable[str]]], emitter: Emitter) -> str:
    """Return a function of named blocks as LLVM text, with the declarations that its instructions need."""
    lines = [line for name, inside in blocks for line in (f"{name}:", *(f"  {text}" for text in inside))]
    return "\n".join([f"{head} {{", *lines, "}", "", *sorted(emitter.declared)]) + "\n"


def frame_entry(part: Loop) -> str:
    """Return a function that calls a loop with the contents of a frame: length, numbers, arrays."""
    loads = ["%n = load i64, ptr %frame", *_from_frame(1, "%numbers_at", "ptr")]
    for k, _ in enumerate(part.arrays):
        loads += _from_frame(k + 2, f"%array{k}", "ptr")
    for k, _ in enumerate(part.numbers):
        address = f"getelementptr double, ptr %numbers_at, i64 {k}"
        loads += [f"%number_at{k} = {address}", f"%number{k} = load double, ptr %number_at{k}"]
    given = [f"ptr %array{k}" for k, _ in enumerate(part.arrays)]
    given += [f"double %number{k}" for k, _ in enumerate(part.numbers)]
    call = f"call void @{part.function}(i64 %n, {', '.join(given)})"
    lines = [f"  {line}" for line in (*loads, call, "ret void")]
    return "\n".join(["\ndefine void @physsym_frame(ptr %frame) {", *lines, "}"]) + "\n"


def _from_frame(index: int, name: str, kind: str) -> list[str]:
    address = f"{name}_place"
    return [
        f"{address} = getelementptr i64, ptr %frame, i64 {index}",
        f"{name} = load {kind}, ptr {address}",
    ]
