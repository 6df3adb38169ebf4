"""Reports of audits: what is printed, exported, and counted, and that none of it can deceive its reader."""

import json
import re
import time
from dataclasses import replace
from pathlib import Path

import pytest

from physsym.__main__ import main, parser
from physsym.auditing import auditor
from physsym.auditing.audits import Audit, Entry
from physsym.auditing.baselines import baseline_of, read_baseline, with_baseline
from physsym.auditing.exports import github_of, json_of, sarif_of
from physsym.auditing.tables import rows_of, summary
from physsym.auditing.texts import Formula, Hint

ROOT = Path(__file__).parents[3]
EVIDENCE = {"readings": ("h(x) = c*x",), "details": ("differs by 2*c*x", "at c = x = 1: -1/2 against 3/2")}


def entry(kind, line=1, text="h(x) = c x", path="notes.md", hints=(), **more):
    formula = Formula(text, line, 3, hints=tuple(Hint(*h.partition(" ")[::2], line) for h in hints))
    more = {**(EVIDENCE if kind == "fails" else {}), **more}
    return Entry(path, formula, kind, **{"says": f"it is {kind}", **more})


KINDS = (
    "holds",
    "conditional",
    "recognised",
    "definition",
    "note",
    "fails",
    "undecided",
    "unread",
    "skipped",
)
ALL = Audit(tuple(entry(kind, line) for line, kind in enumerate(KINDS, 1)))


def test_the_summary_counts_every_kind():
    assert summary("notes.md", ALL.entries) == (
        "notes.md   9 formulas: 7 read · 2 hold (1 under conditions) · 1 named · 1 definitions · 1 notes"
        " · 1 FAIL · 1 undecided · 1 not read · 1 skipped"
    )
    assert summary("a\x1b[31m.md", []).startswith("a\\x1b[31m.md   0 formulas: 0 read · 0 FAIL")


def test_the_table_shows_what_fails_with_its_evidence_and_what_there_is_to_say():
    assert str(Audit(ALL.entries, (("notes.md", "line 3: the file b is not followed"),))).split("\n")[1:] == [
        "  2  holds  it is conditional",
        "  3  it is recognised",
        "  5  note  h(x) = c x   it is note",
        "  6  FAILS  h(x) = c x   it is fails",
        "     read as: h(x) = c*x",
        "     differs by 2*c*x",
        "     at c = x = 1: -1/2 against 3/2",
        "notes.md: line 3: the file b is not followed",
    ]


def shown(entries, **options):
    return [row.position for row in rows_of(entries, **options)]


def test_which_rows_are_shown():
    assert shown(ALL.entries) == ["2", "3", "5", "6"]
    assert shown(ALL.entries, verbose=True) == ["1", "2", "3", "4", "5", "6", "7", "9"]
    assert shown(ALL.entries, unread=True) == ["2", "3", "5", "6", "8"]
    hinted = entry("unread", 10, hints=["from 3"])
    surprising = entry("holds", 11, hints=["expect fails"], expected=True)
    known = entry("fails", 12, known=True)
    assert shown([hinted, surprising, known]) == ["10", "11"]
    (row,) = rows_of([surprising])
    assert (row.word, row.text) == ("HOLDS", "h(x) = c x   though a hint expects that it fails; it is holds")


def test_what_a_hint_asks_for_and_is_undecided_is_shown():
    asked = entry("undecided", 3, hints=["from 2"])
    found = [asked, entry("undecided", 4), entry("undecided", 5, hints=["one coordinate"])]
    assert shown(found) == ["3"]


def test_lines_used_are_named_by_cell_and_line_in_a_notebook():
    law = Entry("n.ipynb", Formula("a = b", 40, cell=3, cell_line=2), "definition")
    one = Entry("n.ipynb", Formula("c = d", 90, cell=7, cell_line=1), "holds", "if b > 0", uses=(40,))
    row = list(rows_of([law, one], verbose=True))[1]
    assert (row.position, row.text) == ("7:1", "c = d   if b > 0; uses line 3:2")


def test_a_word_is_not_said_twice():
    (row,) = rows_of([entry("conditional", says="holds if line 3 holds")])
    assert (row.word, row.text) == ("holds", "if line 3 holds")


def test_html_is_escaped():
    page = Audit((entry("fails", text="a < b </td><script>"), entry("note", says="<b>")))._repr_html_()
    assert "a &lt; b &lt;/td&gt;&lt;script&gt;" in page
    assert "<script>" not in page
    assert "&lt;b&gt;" in page


# ---- what counts

COUNTED = [
    (entry("fails"), True, True),
    (entry("fails", expected=True, hints=["expect fails"]), False, False),
    (entry("holds", expected=True, hints=["expect fails"]), True, True),
    (entry("recognised", expected=True, hints=["expect fails"]), True, True),
    (entry("undecided", expected=True, hints=["expect fails"]), False, True),
    (entry("unread"), False, False),
    (entry("unread", hints=["from 3"]), False, True),
    (entry("undecided", hints=["from 3"]), False, True),
    (entry("conditional", hints=["from 3"]), False, False),
    (entry("definition", hints=["from 3"]), False, True),
    (entry("holds", hints=["from 3"]), False, False),
    (entry("recognised", hints=["is adam"]), False, False),
    (entry("unread", hints=["function f"]), False, False),
    (entry("skipped", hints=["skip it"]), False, False),
    (entry("fails", known=True), False, False),
    (entry("note"), False, False),
]


@pytest.mark.parametrize(("one", "counts", "strictly"), COUNTED)
def test_what_counts_against_a_text(one, counts, strictly):
    assert one.counts() is counts
    assert one.counts(strict=True) is strictly
    assert bool(Audit((one,)).failing) is counts


# ---- exports


def test_json_has_all_that_is_said():
    value = json.loads(json_of(ALL, refused=["b.md: no such file"]))
    assert value["counts"] == dict.fromkeys(KINDS, 1)
    assert value["refused"] == ["b.md: no such file"]
    (file,) = value["files"]
    assert [formula["kind"] for formula in file["formulas"]] == list(KINDS)
    assert [formula["counts"] for formula in file["formulas"]] == [kind == "fails" for kind in KINDS]
    assert file["formulas"][5]["details"] == list(EVIDENCE["details"])


def missing_of_sarif(log):
    """Return what a log of SARIF 2.1.0 lacks of what the specification demands, as paths."""
    missing = []

    def demand(value, where, **kinds):
        for name, kind in kinds.items():
            if not isinstance(value.get(name), kind) or isinstance(value.get(name), bool) is not (
                kind is bool
            ):
                missing.append(f"{where}.{name}")

    demand(log, "log", version=str, runs=list)  # 3.13
    if log.get("version") != "2.1.0":
        missing.append("log.version")
    for run in log.get("runs", []):
        demand(run, "run", tool=dict)  # 3.14.6
        demand(run.get("tool", {}), "tool", driver=dict)  # 3.18.2
        driver = run.get("tool", {}).get("driver", {})
        demand(driver, "driver", name=str)  # 3.19.8
        for rule in driver.get("rules", []):
            demand(rule, "rule", id=str)  # 3.49.3
            if rule.get("defaultConfiguration", {}).get("level") not in ("none", "note", "warning", "error"):
                missing.append("rule.level")
        for invocation in run.get("invocations", []):
            demand(invocation, "invocation", executionSuccessful=bool)  # 3.20.14
            for notification in invocation.get("toolExecutionNotifications", []):
                demand(notification, "notification", message=dict)  # 3.58.5
        if run.get("columnKind") not in (None, "utf16CodeUnits", "unicodeCodePoints"):  # 3.14.27
            missing.append("run.columnKind")
        for result in run.get("results", []):
            demand(result, "result", message=dict)  # 3.27.11
            demand(result["message"], "message", text=str)  # 3.11.8
            if result.get("level", "warning") not in ("none", "note", "warning", "error"):
                missing.append("result.level")
            index = result.get("ruleIndex", -1)
            if driver["rules"][index]["id"] != result["ruleId"]:  # 3.27.6
                missing.append("result.ruleIndex")
            for location in (*result.get("locations", []), *result.get("relatedLocations", [])):
                place = location["physicalLocation"]
                uri = place["artifactLocation"].get("uri", " ")  # 3.29.2
                if re.search(r"[\s\\\x00-\x1f]", uri):  # RFC 3986
                    missing.append("location.uri")
                region = place.get("region", {})
                if region.get("startLine", 1) < 1 or region.get("startColumn", 1) < 1:  # 3.30.5, 3.30.6
                    missing.append("region")
                if region.get("endLine", 1e9) < region.get("startLine", 1):  # 3.30.7
                    missing.append("region.endLine")
            for suppression in result.get("suppressions", []):
                if suppression.get("kind") not in ("inSource", "external"):  # 3.35.2
                    missing.append("suppression.kind")
    return missing


SARIF = Audit(
    (
        *ALL.entries,
        entry("fails", 20, "a\n= b\n+ c", "a b/ü%.md", uses=(3, 7)),
        entry("holds", 21, expected=True, hints=["expect fails"]),
        entry("fails", 22, known=True),
        Entry("/abs/n.ipynb", Formula("x", 30, 5, cell=2, cell_line=1), "fails", "so", **EVIDENCE),
    )
)


def test_sarif_has_what_the_specification_demands():
    log = json.loads(sarif_of(SARIF, refused=["b.md: no such file"]))
    assert missing_of_sarif(log) == []
    (run,) = log["runs"]
    assert [(r["ruleId"], r["level"]) for r in run["results"]] == [
        ("FormulaNote", "note"), ("FormulaFails", "error"), ("FormulaFails", "error"),
        ("FormulaHolds", "error"),
        ("FormulaFails", "error"), ("FormulaFails", "error"),
    ]  # fmt: skip
    there = [r["locations"][0]["physicalLocation"] for r in run["results"]]
    assert there[2] == {
        "artifactLocation": {"uri": "a%20b/%C3%BC%25.md"},
        "region": {"startLine": 20, "startColumn": 3, "endLine": 22},
    }
    assert there[5] == {"artifactLocation": {"uri": "file:///abs/n.ipynb"}, "region": {"startLine": 30}}
    assert [r["physicalLocation"]["region"]["startLine"] for r in run["results"][2]["relatedLocations"]] == [
        3,
        7,
    ]
    assert [bool(r.get("suppressions")) for r in run["results"]] == [False] * 4 + [True, False]
    assert "differs by 2*c*x; at c = x = 1: -1/2 against 3/2" in run["results"][1]["message"]["text"]
    assert run["invocations"][0]["executionSuccessful"] is False


@pytest.mark.parametrize(
    ("change", "lack"),
    [
        (lambda log: log.pop("version"), "log.version"),
        (lambda log: log["runs"][0]["tool"]["driver"].pop("name"), "driver.name"),
        (lambda log: log["runs"][0]["results"][0].update(level="bad"), "result.level"),
        (lambda log: log["runs"][0]["results"][0].update(ruleIndex=0), "result.ruleIndex"),
        (lambda log: log["runs"][0]["results"][0]["message"].pop("text"), "message.text"),
        (
            lambda log: log["runs"][0]["results"][0]["locations"][0]["physicalLocation"]["region"].update(
                startLine=0
            ),
            "region",
        ),
        (
            lambda log: log["runs"][0]["invocations"][0].pop("executionSuccessful"),
            "invocation.executionSuccessful",
        ),
    ],
)
def test_a_log_that_lacks_something_is_found(change, lack):
    log = json.loads(sarif_of(SARIF))
    change(log)
    assert lack in missing_of_sarif(log)


def test_annotations_are_escaped():
    evil = "a,b:c%\n::error::x\x1b[31m.md"
    (line,) = github_of(Audit((entry("fails", 7, "x % y\n::set-output name=a::b", evil),)))
    name = "a%2Cb%3Ac%25%0A%3A%3Aerror%3A%3Ax\\x1b[31m.md"
    assert line.startswith(f"::error file={name},line=7,col=3,title=The formula does not hold.::x %25 y ::")
    assert "\n" not in line
    assert list(github_of(Audit((entry("note", 3),)))) == [
        "::notice file=notes.md,line=3,col=3,title=Something to look up%2C which a hint would decide."
        "::h(x) = c x: it is note"
    ]
    assert list(github_of(Audit((entry("fails", known=True), entry("undecided"))))) == []
    assert list(github_of(Audit(()), refused=["a\nb"])) == ["::error::a%0Ab"]


# ---- the baseline


def test_a_baseline_lists_what_fails_and_nothing_else(tmp_path):
    path = tmp_path / "baseline.json"
    twice = Audit((entry("fails", 1), entry("fails", 2), entry("fails", 3, "y = 2"), entry("holds", 4)))
    path.write_text(baseline_of(Audit((*twice.entries[1:], entry("fails", 9, "gone = 1")))))
    known, vain = with_baseline(twice, read_baseline(path))
    assert [e.known for e in known.entries] == [True, False, True, False]
    assert vain == 1
    moved = Audit((entry("fails", 77, "h(x)\n  = c x", "other.md"),))
    assert with_baseline(moved, read_baseline(path))[0].entries[0].known
    rewritten = tmp_path / "again.json"
    rewritten.write_text(baseline_of(known))
    assert sum(read_baseline(rewritten).values()) == 3


@pytest.mark.parametrize(
    "text", ["", "{}", "[]", '{"physsym_baseline": 9, "formulas": []}', '{"physsym_baseline": 1}']
)
def test_what_is_no_baseline_is_refused(tmp_path, text):
    path = tmp_path / "baseline.json"
    path.write_text(text)
    with pytest.raises(ValueError, match="no baseline"):
        read_baseline(path)


# ---- the command


def said(text):
    """Judge by what a formula says of itself, in place of mathematics."""
    for formula in text.formulas:
        word, _, rest = formula.text.partition(" ")
        expected = any(hint.keyword == "expect" for hint in formula.hints)
        if word == "raise":
            raise ValueError(f"line {formula.line}: {rest}")
        if word == "crash":
            raise RuntimeError(rest)
        evidence = EVIDENCE if word == "fails" and rest != "bare" else {}
        yield Entry(text.path, formula, word, rest, expected=expected, **evidence)


@pytest.fixture
def run(monkeypatch, capsys, tmp_path):
    monkeypatch.setattr(auditor, "judged", lambda text, budget: said(text))
    monkeypatch.chdir(tmp_path)

    def audit(content, *options, name="notes.md"):
        (tmp_path / name).write_text(content)
        code = main(["audit", name, *options])
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return audit


@pytest.mark.parametrize(
    ("content", "code", "strictly"),
    [
        ("$$holds x$$", 0, 0),
        ("$$fails x$$", 1, 1),
        ("$$undecided x$$ and $unread y$", 0, 0),
        ("<!-- physsym: expect fails -->\n$$fails x$$", 0, 0),
        ("<!-- physsym: expect fails -->\n$$holds x$$", 1, 1),
        ("<!-- physsym: from 1 -->\n$$unread x$$", 0, 1),
        ("<!-- physsym: from 1 -->\n$$conditional x$$", 0, 0),
        ("<!-- physsym: form 1 -->\n$$holds x$$", 2, 2),
        ("$$fails x$$\n\n$$raise the label is not there$$", 2, 2),
        ("no formulas", 0, 0),
        ("", 0, 0),
    ],
)
def test_exit_codes(run, content, code, strictly):
    assert run(content)[0] == code
    assert run(content, "--strict")[0] == strictly
    for form in ("json", "sarif", "github"):
        assert run(content, "--format", form)[0] == code


def test_a_failure_without_evidence_is_none(run):
    code, out, _ = run("$$fails bare$$", "-v")
    assert code == 0
    assert "FAILS" not in out
    assert "undecided  fails bare   no evidence was given: bare" in out


def test_what_is_refused_is_said_and_the_rest_is_audited(run, tmp_path):
    (tmp_path / "a.md").write_text("<!-- physsym: form 1 -->\n$$holds x$$")
    (tmp_path / "b.md").write_text("$$crash x$$")
    code, out, err = run("$$fails it is so$$", "a.md", "b.md")
    assert code == 2
    assert "FAILS" in out
    assert "physsym: a.md: line 1: 'form' is no keyword" in err
    assert "physsym: b.md: an error of physsym, please report it: RuntimeError: x" in err
    assert "Traceback" not in err


def test_the_caret_of_a_hint_is_below_it(run, tmp_path):
    (tmp_path / "a.md").write_text("<!-- physsym: define 2 = 3 -->\n$$holds x$$")
    *_, shown, below = run("$$holds x$$", "a.md")[2].rstrip().split("\n")
    assert shown[below.index("^") :] == "2 = 3"


def test_a_baseline_brings_an_old_text_into_tests(run):
    content = "$$fails one$$\n\n$$fails two$$"
    code, _, err = run(content, "--write-baseline", "b.json")
    assert (code, err) == (0, "2 failing formulas are listed in b.json\n")
    code, out, _ = run(content, "--baseline", "b.json")
    assert code == 0
    assert "2 FAIL · 2 in the baseline" in out
    code, out, _ = run(f"$$fails new$$\n\n{content}", "--baseline", "b.json")
    assert code == 1
    assert out.count("FAILS") == 1
    code, out, _ = run("$$fails one$$", "--baseline", "b.json")
    assert code == 0
    assert "1 formulas of b.json fail no more" in out
    assert run(content, "--baseline", "nothing.json")[0] == 2


@pytest.mark.parametrize("width", [40, 60, 100])
def test_the_table_is_as_wide_as_the_terminal(run, monkeypatch, width):
    monkeypatch.setenv("COLUMNS", str(width))
    _, out, _ = run("$$fails " + "a word " * 40 + "$$", "-v")
    assert max(map(len, out.splitlines())) <= width
    assert len(out.splitlines()) > 5


def test_nothing_in_a_text_or_a_name_controls_the_terminal(run):
    _, out, err = run("$$fails \x1b[2Jx\x07$$\n\n\\input{\x1b]0;x\x07}", "-v", name="a\x1b[31m\n.tex")
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f]", out + err)
    assert "a\\x1b[31m\\n.tex" in out
    for form in ("json", "sarif", "github"):
        _, out, _ = run("$$fails \x1b[2Jx$$", "--format", form, name="a\x1b[31m.md")
        assert "\x1b" not in out


def test_several_files_have_a_sum(run, tmp_path):
    (tmp_path / "a.md").write_text("$$holds x$$\n\n\\$")
    code, out, _ = run("$$fails so$$\n\n$$unread y$$", "a.md", "--jobs", "1")
    assert code == 1
    assert out.splitlines()[-1] == "2 files   3 formulas: 2 read · 1 hold · 1 FAIL · 1 not read"


def test_a_long_audit_says_nothing_where_there_is_no_terminal(run, monkeypatch):
    monkeypatch.setattr("physsym.cli.terminal.PATIENCE", 0.0)
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setattr(auditor, "judged", lambda text, budget: (time.sleep(0.05) or e for e in said(text)))
    assert run("$$holds x$$\n\n" * 4)[2] == ""


@pytest.mark.parametrize(
    "options", [["--budget", "0"], ["--budget", "x"], ["--jobs", "0"], ["--format", "xml"]]
)
def test_wrong_options_are_refused(run, options):
    with pytest.raises(SystemExit) as caught:
        run("$$holds x$$", *options)
    assert caught.value.code == 2


@pytest.mark.slow
def test_an_audit_of_several_processes_is_the_same(tmp_path, capsys):
    names = [tmp_path / f"{k}.md" for k in range(3)]
    for k, name in enumerate(names):
        name.write_text(f"$$(x + {k})^2 = x^2 + {2 * k} x + {k * k} = x (x + {2 * k}) + {k * k + (k == 1)}$$")
    found = []
    for jobs in ("1", "2"):
        code = main(["audit", *map(str, names), "--jobs", jobs])
        found.append((code, capsys.readouterr().out))
    assert found[0] == found[1]
    assert found[0][0] == 1
    assert found[0][1].count("FAILS") == 1


def test_the_same_as_values(tmp_path):
    import physsym as ps

    path = tmp_path / "notes.md"
    path.write_text("$$(x + 1)^2 = x^2 + 2 x + 1 = x (x + 2) + 2$$\n\n$$(x + 1)^2 = x^2 + 2 x + 1$$")
    found = ps.audit(path)
    assert [entry.kind for entry in found.entries] == ["fails", "holds"]
    assert [entry.formula.line for entry in found.failing] == [1]
    assert found.failing[0].readings
    assert "FAILS" in str(found)
    path.write_text("<!-- physsym: form 1 -->\n$$x$$")
    with pytest.raises(ValueError, match=r"notes\.md: line 1: 'form'"):
        ps.audit(path)
    assert replace(found.entries[0], known=True).counts() is False


def test_the_hook_for_commits_runs_the_command():
    text = (ROOT / ".pre-commit-hooks.yaml").read_text()
    hook = dict(re.findall(r"^(?:- |  )(\w+): (.+)$", text, re.MULTILINE))
    page = (ROOT / "docs" / "how-to" / "audit-your-notes.md").read_text()
    assert hook["entry"] == "physsym audit"
    assert {"id", "name", "language", "types_or"} <= set(hook)
    assert f"- id: {hook['id']}" in page
    options = {
        word for line in re.findall(r"physsym audit (.+)", page) for word in line.split() if word[:2] == "--"
    }
    shown = parser().parse_args(["audit", "x", "--format", "sarif", "--baseline", "b"])
    assert {option.strip("`.,") for option in options} <= {f"--{n.replace('_', '-')}" for n in vars(shown)}
