"""Straight-line Python as text: the rule that assignments such as `v = beta*v + g; x -= lr*v` make.

The code is parsed and never run. A name that is assigned again is the new value from there on, as Python has
it. A name that is read before any line assigns it is a state; any other is put in where it is read.
"""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import NoReturn, TypeAlias

from physsym.core.symbols import AFTER
from physsym.parsing.grammar import MAX_BRACKETS, Sentence, Tree
from physsym.parsing.instants import WEIGHTS
from physsym.parsing.interpretation import FUNCTIONS
from physsym.parsing.limits import MAX_NODES
from physsym.parsing.tokens import GREEK, MAX_CHARACTERS, ReadError, Token, check_number, is_name

MAX_STATEMENTS = 100
MAX_DEPTH = 60
MODULES = ("np", "numpy", "math", "torch", "jnp")
OF_PYTHON = re.compile(rf"\b(?:{'|'.join(MODULES)})\.|#[^\n]*")
"""What is left out of code with indices, x[k+1] = x[k] - h*np.sin(x[k]), which says itself what is new."""
_OWNERS = ("self", "state", "group", "p", "param")
_ELEMENTWISE = {
    "maximum": "max", "minimum": "min", "fmax": "max", "fmin": "min", "absolute": "abs", "fabs": "abs",
    "clamp": "clip",
    **{n: n for n in ("sqrt", "exp", "log", "sin", "cos", "tan", "tanh", "sinh", "cosh", "sign", "abs",
                      "floor", "ceil", "clip", "where")},
}  # fmt: skip
"""Functions of array libraries that work element by element, with their names in formulas."""
_OPERATORS = (ast.Add, ast.Sub, ast.Mult, ast.Div, ast.Pow, ast.Mod)
_COMPARISONS = (ast.Lt, ast.LtE, ast.Gt, ast.GtE, ast.Eq, ast.NotEq)
_GRADIENT_OF_STEP = re.compile("(?:g|grad)_[tkn]")
_NEW = re.compile(r"(.+)_(?:new|next)")
_Group: TypeAlias = tuple[tuple[str, ast.expr, ast.expr], ...]  # names that get values at once, and where
_ADVICE = "write assignments alone, or give the function itself to ps.lift"


def python_sentences(text: str, names: Collection[str] = ()) -> tuple[Sentence, ...]:
    """Return the updates that straight-line code makes, or its one expression.

    Parameters
    ----------
    text
        Assignments, also `-=` and the like, of arithmetic and functions of NumPy, `math` and PyTorch that
        work element by element. `self.v`, `state["v"]` and `p.data` are v, v and p, `x.grad` is grad(x).
    names
        The names that are known: another g that is read first is the gradient, also where it is changed.

    Returns
    -------
    tuple of Sentence
        Its trees hold names and functions as formulas have them, new values with their mark.

    Raises
    ------
    ReadError
        For other code, with what to do; it points at what is not read.
    """
    if len(text) > MAX_CHARACTERS:
        message = f"the text has {len(text)} characters, at most {MAX_CHARACTERS} are read; split it"
        raise ReadError(message, text, MAX_CHARACTERS)
    code = _Code.parsed(text)
    code.names = names
    if len(code.lines) == 1 and isinstance(code.lines[0], ast.Expr):
        return (Sentence("", (code.tree(code.converted(code.lines[0].value)),)),)
    return code.sentences([pair for line in code.lines for pair in code.assignments(line)])


@dataclass
class _Code:
    """A text with its syntax tree, the tokens at its positions, and what its names stand for so far."""

    text: str
    lines: list[ast.stmt]
    starts: list[int]
    indent: int
    at_column: dict[int, Token] = field(default_factory=dict)
    names: Collection[str] = ()
    values: dict[str, ast.expr] = field(default_factory=dict)
    moved: list[str] = field(default_factory=list)
    sizes: dict[int, int] = field(default_factory=dict)
    kept: list[ast.expr] = field(default_factory=list)

    @classmethod
    def parsed(cls, text: str) -> _Code:
        """Return the code of a text. Raises ReadError where it is no Python."""
        depth = deepest = 0
        for character in text:
            depth += {"(": 1, "[": 1, "{": 1, ")": -1, "]": -1, "}": -1}.get(character, 0)
            deepest = max(deepest, depth)
        if deepest > MAX_BRACKETS:
            message = f"found brackets more than {MAX_BRACKETS} deep; name parts of it"
            raise ReadError(message, text, 0)
        starts = [0, *(i + 1 for i, c in enumerate(text) if c == "\n")]
        rows = text.split("\n")
        indent = min((len(r) - len(r.lstrip(" \t")) for r in rows if r.strip()), default=0)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                module = ast.parse("\n".join(r[indent:] for r in rows))
        except SyntaxError as error:
            row = starts[min(max((error.lineno or 1), 1), len(starts)) - 1]
            position = min(row + indent + max((error.offset or 1) - 1, 0), len(text))
            raise ReadError(f"this is no Python: {error.msg}; correct it", text, position) from None
        except (ValueError, RecursionError, MemoryError) as error:
            raise ReadError(f"this is no Python: {type(error).__name__}; correct it", text, 0) from None
        code = cls(text, [], starts, indent)
        for line in module.body:
            if isinstance(line, ast.Import) and all(a.name in ("numpy", "math", "torch") for a in line.names):
                continue
            code.lines.append(line)
        if not code.lines:
            raise ReadError("found nothing to read; give assignments such as x -= lr*g", text, 0)
        if len(code.lines) > MAX_STATEMENTS:
            code.fail(
                f"found more than {MAX_STATEMENTS} statements; split the text", code.lines[MAX_STATEMENTS]
            )
        return code

    def position(self, node: ast.AST) -> int:
        """Return the position of a node in the text: Python counts bytes from the start of a line."""
        row = self.starts[min(getattr(node, "lineno", 1), len(self.starts)) - 1] + self.indent
        shown = self.text[row:].split("\n", 1)[0].encode("utf-8", "replace")
        return row + len(shown[: getattr(node, "col_offset", 0)].decode("utf-8", "ignore"))

    def fail(self, message: str, node: ast.AST) -> NoReturn:
        """Raise the error that points at a node."""
        raise ReadError(message, self.text, min(self.position(node), len(self.text)))

    def tree(self, root: ast.expr) -> Tree:
        """Return the tree of an expression."""
        return Tree(self.text, root, self.at_column)

    # ------------------------------------------------------------------ statements

    def assignments(self, line: ast.stmt) -> list[_Group]:
        """Return what a statement assigns: names with values, those of one tuple at once."""
        if isinstance(line, ast.Assign) and len(line.targets) == 1:
            (target,), value = line.targets, line.value
            if isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple):
                if len(target.elts) == len(value.elts):
                    pairs = zip(target.elts, value.elts, strict=True)
                    return [tuple((self.name(t), v, t) for t, v in pairs)]
            elif not isinstance(target, ast.Tuple):
                return [((self.name(target), value, target),)]
        elif isinstance(line, ast.AnnAssign) and line.value is not None:
            return [((self.name(line.target), line.value, line.target),)]
        elif isinstance(line, ast.AugAssign):
            read = ast.copy_location(ast.BinOp(line.target, line.op, line.value), line)
            return [((self.name(line.target), read, line.target),)]
        kind = "def" if isinstance(line, ast.FunctionDef) else type(line).__name__.lower()
        return self.fail(f"found {kind}, which is no assignment to a name; {_ADVICE}", line)

    def name(self, node: ast.expr) -> str:
        """Return the name that is assigned or read: v of `self.v`, `state["v"]`, `v.data` and `v`."""
        match node:
            case ast.Name(id=name):
                pass
            case ast.Attribute(value=ast.Name(id=owner), attr=name) if owner in _OWNERS and name != "data":
                pass
            case ast.Attribute(value=ast.Name(id=name), attr="data"):
                pass
            case ast.Subscript(value=value, slice=ast.Constant(value=str() as name)):
                inner = value.attr if isinstance(value, ast.Attribute) else getattr(value, "id", "")
                if inner not in (*_OWNERS, "param_group"):
                    self.fail(f"found an entry of {inner or 'something'}; give it a name", node)
            case _:
                self.fail(f"found what is no name; {_ADVICE}", node)
        meant = GREEK.get(name, name)
        if not is_name(meant):
            self.fail(f"found the name {name!a}; a name has Latin letters or is a Greek one", node)
        return meant

    def sentences(self, groups: Sequence[_Group]) -> tuple[Sentence, ...]:
        """Return the updates of the states, in the order in which they get their last value."""
        states = self._states(groups)
        known = {*self.names, *(name for group in groups for name, _, _ in group)}
        nodes = (node for group in groups for _, value, _ in group for node in ast.walk(value))
        for node in nodes:
            if isinstance(node, ast.Name) and _GRADIENT_OF_STEP.fullmatch(node.id) and node.id not in known:
                message = f"found {node.id}, a gradient or a constant; write {node.id[:-2]} for the gradient"
                self.fail(f"{message}, or declare {node.id}", node)
        usual = [name for name in states.values() if name in (*WEIGHTS, "p", "param")]
        self.moved = usual or [*states.values()]
        last = {name: i for i, group in enumerate(groups) for name, _, _ in group}
        read_in = [frozenset[str]().union(*(self._read(value) for _, value, _ in group)) for group in groups]
        updates: list[Sentence] = []
        for i, group in enumerate(groups):
            found = [self.converted(value) for _, value, _ in group]  # all before any name gets its new value
            for (name, _, node), value in zip(group, found, strict=True):
                state = states.get(name)
                if state is None and last[name] == i and not any(name in read for read in read_in[i + 1 :]):
                    state = name  # nothing reads it: a value that the code gives
                if state is None or last[name] > i:
                    self.values[name] = value
                    continue
                if isinstance(value, ast.Name) and self.at_column[value.col_offset].name == state:
                    self.values[name] = value  # x = x_new
                    continue
                target = self._named(state, node)
                updates.append(Sentence("<-", (self.tree(target), self.tree(value))))
                self.values[name] = self._named(state, node, AFTER)
        return tuple(updates)

    def _states(self, groups: Sequence[_Group]) -> dict[str, str]:
        """Return the names that become updates, with the state of each: x of x_new, where x is read."""
        done: set[str] = set()
        first: set[str] = set()
        for group in groups:
            for _, value, _ in group:
                first |= {n for n in self._read(value) if n not in done}
            done |= {name for name, _, _ in group}
        states = {name: name for name in done & first - self._gradients(groups, first)}
        for name in done:
            if (match := _NEW.fullmatch(name)) and match[1] in first and name not in first:
                states[name] = match[1]
        return states or {name: name for name in done}

    def _gradients(self, groups: Sequence[_Group], first: Collection[str]) -> set[str]:
        """Return g where it is the gradient, to which g = g + wd*x adds something before the weights move.

        A name grad that is read first is always the gradient.
        """
        order = [name for group in groups for name, _, _ in group]
        moved = [order.index(name) for name in WEIGHTS if name in order and name in first]
        others = {"G", "grad"} & {*first} or any(
            getattr(node, "attr", getattr(node, "id", "")) == "grad"
            for group in groups
            for _, value, _ in group
            for node in ast.walk(value)
        )
        is_one = len(moved) == 1 and not others and "g" in order and "g" not in self.names
        is_g = is_one and max(k for k, n in enumerate(order) if n == "g") < moved[0]
        return {"grad", *(["g"] if is_g else [])}

    def _read(self, value: ast.expr) -> set[str]:
        """Return the names that an expression reads."""
        found: set[str] = set()
        for node in ast.walk(value):
            if getattr(node, "attr", "") == "grad":
                continue  # x.grad is no name, and x is found below
            if isinstance(node, ast.Name | ast.Subscript | ast.Attribute):
                try:
                    found.add(self.name(node))
                except ReadError:
                    continue
        return found

    # ------------------------------------------------------------------ expressions

    def _placed(self, made: ast.expr, token: Token, parts: Sequence[ast.expr] = ()) -> ast.expr:
        """Return a node that is made, with its token, which stands where it was found; count its size."""
        made.col_offset = token.position
        self.at_column.setdefault(token.position, token)
        while self.at_column[made.col_offset] != token:  # two names may begin at one position: self.x of x
            made.col_offset += len(self.text) + 1
            self.at_column.setdefault(made.col_offset, token)
        size = 1 + sum(self.sizes[id(part)] for part in parts)
        if size > MAX_NODES:
            message = f"the values that are put in have more than {MAX_NODES} nodes; split the code"
            raise ReadError(message, self.text, token.position)
        self.sizes[id(made)] = size
        self.kept.append(made)  # so that no other node gets its identity
        return made

    def _named(self, name: str, node: ast.AST, marks: str = "") -> ast.expr:
        return self._placed(
            ast.Name(name), Token("name", name, self.position(node), marks, (), name, told=True)
        )

    def _call(self, name: str, arguments: Sequence[ast.expr], node: ast.AST) -> ast.expr:
        made = ast.Call(ast.Name(name), list(arguments), [])
        return self._placed(made, Token("name", name, self.position(node)), arguments)

    def converted(self, node: ast.expr, depth: int = 0) -> ast.expr:
        """Return an expression as formulas have it, with the values of names put in."""
        if depth > MAX_DEPTH:
            self.fail(f"found a formula more than {MAX_DEPTH} levels deep; name the inner ones", node)
        match node:
            case ast.Constant(value=int() | float()) if not isinstance(node.value, bool):
                return self._number(node)
            case ast.BinOp():
                return self._chain(node, depth)
            case ast.UnaryOp(op=ast.USub() | ast.UAdd()):
                operand = self.converted(node.operand, depth + 1)
                sign = "-" if isinstance(node.op, ast.USub) else "+"
                made = ast.UnaryOp(node.op, operand)
                return self._placed(made, Token("sign", sign, self.position(node)), [operand])
            case ast.IfExp(test=test, body=body, orelse=other):
                return self._call("where", [self.converted(n, depth + 1) for n in (test, body, other)], node)
            case ast.Compare() | ast.BoolOp():
                return self._condition(node, depth)
            case ast.Call():
                return self._function(node, depth)
            case ast.Attribute(value=ast.Name() | ast.Attribute(), attr="grad"):
                return self._call("grad", [self.converted(node.value, depth + 1)], node.value)
            case ast.Attribute(value=ast.Name(id=owner), attr="pi") if owner in MODULES:
                return self._named("pi", node)
            case ast.Name() | ast.Attribute() | ast.Subscript():
                name = self.name(node)
                if name == "grad" and name not in self.values:
                    return self._call("grad", [self._named(self._weights(node), node)], node)
                return self.values.get(name) or self._named(name, node)
        return self.fail(f"found {type(node).__name__}, which is not read; {_ADVICE}", node)

    def _weights(self, node: ast.AST) -> str:
        """Return the weights that the code moves, where a gradient does not name them."""
        if len(self.moved) != 1:
            self.fail("found grad without the point where it is taken; write grad(x)", node)
        return self.moved[0]

    def _number(self, node: ast.Constant) -> ast.expr:
        start = self.position(node)
        match = re.match(r"[0-9.]+(?:[eE][+-]?[0-9]+)?", self.text[start:])
        written = match[0] if match else ""
        try:
            same = float(written) == float(node.value)  # type: ignore[arg-type]
        except (ValueError, OverflowError):
            same = False
        if not same:
            self.fail("found a number in a form that is not read; write it in digits", node)
        check_number(written, self.text, start)
        token = Token("number", written.removesuffix(".") or "0", start, length=len(written))
        return self._placed(ast.Constant(0), token)

    def _chain(self, node: ast.BinOp, depth: int) -> ast.expr:
        """Return a sum or product of many operands without a level of recursion for each."""
        chain: list[ast.BinOp] = []
        left: ast.expr = node
        while isinstance(left, ast.BinOp):
            chain.append(left)
            left = left.left
        made = self.converted(left, depth + 1)
        for operation in reversed(chain):
            right = self.converted(operation.right, depth + 1)
            if isinstance(operation.op, ast.FloorDiv):
                quotient = self._operation(made, ast.Div(), right)
                made = self._call("floor", [quotient], operation)
            elif isinstance(operation.op, _OPERATORS):
                made = self._operation(made, operation.op, right)
            else:
                self.fail(
                    f"found {type(operation.op).__name__}, which is not read; {_ADVICE}", operation.right
                )
        return made

    def _operation(self, left: ast.expr, operator: ast.operator, right: ast.expr) -> ast.expr:
        made = ast.BinOp(left, operator, right)
        return self._placed(made, self.at_column[left.col_offset], [left, right])

    def _condition(self, node: ast.Compare | ast.BoolOp, depth: int) -> ast.expr:
        token = Token("name", "condition", self.position(node))
        if isinstance(node, ast.Compare):
            if unknown := [op for op in node.ops if not isinstance(op, _COMPARISONS)]:
                self.fail(f"found {type(unknown[0]).__name__}, which is no comparison of numbers", node)
            parts = [self.converted(n, depth + 1) for n in (node.left, *node.comparators)]
            return self._placed(ast.Compare(parts[0], node.ops, parts[1:]), token, parts)
        first, *others = (self.converted(n, depth + 1) for n in node.values)
        join = ast.BitAnd() if isinstance(node.op, ast.And) else ast.BitOr()
        for other in others:
            first = self._placed(ast.BinOp(first, join, other), token, [first, other])
        return first

    def _function(self, node: ast.Call, depth: int) -> ast.expr:
        """Return a call of a function that works element by element."""
        if node.keywords or any(isinstance(a, ast.Starred) for a in node.args):
            self.fail(f"found arguments by name, which are not read; {_ADVICE}", node)
        arguments = [self.converted(a, depth + 1) for a in node.args]
        match node.func:
            case ast.Attribute(value=ast.Name(id=owner), attr=name) if owner in MODULES:
                if name not in (*_ELEMENTWISE, "power", "pow", "square"):
                    self.fail(
                        f"found {owner}.{name}, which does not work element by element; {_ADVICE}", node
                    )
            case ast.Attribute(value=value, attr=name) if name in (*_ELEMENTWISE, "pow", "square"):
                arguments = [self.converted(value, depth + 1), *arguments]
            case ast.Name(id=name) if name in FUNCTIONS or name == "pow":
                pass
            case ast.Attribute(attr=name):
                self.fail(f"found .{name}(...), which is not read; {_ADVICE}", node)
            case _:
                self.fail(f"found a function that is not known; {_ADVICE}", node)
        if name in ("power", "pow", "square"):
            size = 1 + (name != "square")
            if len(arguments) != size:
                self.fail(f"{name} takes {size} argument{'s' * (size > 1)}; change their number", node)
            if name == "square":
                token = Token("number", "2", self.position(node))
                arguments.append(self._placed(ast.Constant(0), token))
            return self._operation(arguments[0], ast.Pow(), arguments[1])
        return self._call(_ELEMENTWISE.get(name, name), arguments, node)
