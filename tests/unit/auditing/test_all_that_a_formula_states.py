"""A hint, and the name of a rule, are about all that a formula states, not its first equation alone."""

import pytest

from physsym.auditing import audit

SUM = "$$x = a + b \\label{sum}$$"
LAW = r"$$\dot E = -c v^2 \label{law}$$"
CASES = [
    (SUM, "from sum", "x > a", ("b > 0",)),
    (SUM, "from sum; given b > 0", "x > a", ()),
    (SUM, "from sum; given b > 0", "x < a", "fails"),
    (SUM, "from sum", "x - a = b > 7", "fails"),
    (SUM, "from sum", r"x \in \mathbb R", "undecided"),
    (SUM, "from sum", r"x \propto a", "undecided"),
    (SUM, "same as sum", "x > a", ("b > 0",)),
    (LAW, "from law", r"\dot E \le 0", ("c >= 0",)),
    (LAW, "from law; given c > 0", r"\dot E \ge v^2", "undecided"),
    (SUM, "limit b -> 0 of sum", "x = a", ("b > 0",)),
    (SUM, "limit b -> 0 of sum", "2 x = 2 a", ("b > 0",)),
    (SUM, "limit b -> 0 of sum", "x = 2 a", "fails"),
    (SUM, "limit b -> 0 of sum", "2 x = a", "fails"),
    (r"$$x^2 = 9 \label{square}$$", "from square; given x > 0", "x = 3", ("a root",)),
    (r"$$x^2 = 9 \label{square}$$", "from square; given x > 0", "x = -3", "fails"),
    (SUM, "order 3 in h", r"\sin h = h", ()),
    (SUM, "order 3 in h", r"\sin h = h = 2 h", "fails"),
    (SUM, "order 3 in h", r"\sin h = h, \quad \cos h = h", "fails"),
    (SUM, "dimension x: L, t: T, v: L/T", r"\dot x = v", ()),
    (SUM, "dimension x: L, t: T, v: L/T", r"\dot x = v > x", "fails"),
    (SUM, "identity", r"(h + 1)^2 = h^2 + 2 h + 1, \quad z = h", ()),
    (SUM, "identity", r"(h + 1)^2 = h^2 + 2 h + 1, \quad x = h", "undecided"),  # another x is stated
    (SUM, "identity", r"(h + 1)^2 = h^2 + 2 h + 1, \quad z = h, \quad z = 2", "undecided"),
    (SUM, "identity", r"a \oplus b = a \otimes b", "undecided"),
    (r"$$E = m c^2 / (1 - v^2) \label{energy}$$", "limit v -> 0 of energy", "E = m c^2", "undecided"),
    (SUM, "is gradient_descent", r"x_{t+1} = x_t - \eta \nabla f(x_t)", ()),
    (SUM, "is gradient_descent", r"x_{t+1} = x_t - \eta \nabla f(x_t) = x_t", "undecided"),
]
UNAIDED = [
    (r"x_{t+1} = x_t - \eta g_t", "recognised"),
    (r"x_{t+1} = x_t - \eta g_t = x_t", "undecided"),
    (r"v_{t+1} = \beta v_t + g_t = 0, \quad x_{t+1} = x_t - \eta v_{t+1}", "undecided"),
    (r"x_{t+1} = x_t - \eta g_t = x_t = x_t + 0", "undecided"),  # its last link holds
    (r"x_{t+1} = x_t - \eta g_t = -\eta g_t + x_t", "recognised"),
    (r"q = 2^{10} = 1024", "holds"),
    (r"q = P(A \cup B) + c = c + P(A \cap B)", "undecided"),
    (r"q = P(A \cup B) + c = c + P(A \cup B)", "holds"),
    (r"q = 4!! = 4 \cdot 2 = 8", "unread"),
    (r"q = 4! = 4 \cdot 3 \cdot 2 = 24", "holds"),
    (r"q = 2^{10} = 1024 \approx 1000", "conditional"),
    (r"q = 2^{10} = 1024 \approx 7", "undecided"),
    (r"q = \frac{1}{1 - 0.9} = 10 \approx 1000", "undecided"),
]


@pytest.mark.parametrize(("before", "hint", "line", "answer"), CASES, ids=[f"{c[1]}: {c[2]}" for c in CASES])
def test_a_hint_is_about_all_statements(before, hint, line, answer, tmp_path):
    notes = tmp_path / "notes.md"
    notes.write_text(f"{before}\n\n<!-- physsym: {hint} -->\n\n$${line}$$\n")
    entry = audit(notes).entries[-1]
    if isinstance(answer, str):
        assert entry.kind == answer
    else:
        assert entry.kind in ("holds", "conditional", "recognised")
        assert all(condition in entry.says for condition in answer)


@pytest.mark.parametrize(("line", "kind"), UNAIDED)
def test_a_chain_is_judged_to_its_end(line, kind, tmp_path):
    notes = tmp_path / "notes.md"
    notes.write_text(f"$${line}$$\n")
    assert audit(notes).entries[-1].kind == kind
