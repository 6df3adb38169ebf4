"""An audit as JSON, as SARIF 2.1.0, and as annotations of GitHub."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from pathlib import PurePath
from typing import Any
from urllib.parse import quote

from physsym import __version__
from physsym.auditing.audits import HOLDING, Audit, Entry
from physsym.auditing.tables import by_file, excerpt
from physsym.core.escapes import visible

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_RULES = {
    "fails": ("FormulaFails", "The formula does not hold.", "error"),
    "unexpected": ("FormulaHolds", "A hint says that the formula fails, and it holds.", "error"),
    "unmet": ("HintNotMet", "The formula has a hint, and was not read or does not hold.", "error"),
    "note": ("FormulaNote", "Something to look up, which a hint would decide.", "note"),
}


def fingerprint(entry: Entry) -> str:
    """Return a hash of the text of a formula, without the space in it."""
    return hashlib.sha256(" ".join(entry.formula.text.split()).encode("utf-8", "replace")).hexdigest()[:32]


def message_of(entry: Entry) -> str:
    """Return what is said of a formula, in one paragraph."""
    said = entry.says.split("\n")[0]
    parts = [f"{excerpt(entry.formula.text)}: {said or entry.kind}"]
    parts += [f"read as: {' or as: '.join(entry.readings)}"] if entry.readings else []
    parts += entry.details
    parts += [f"uses line {', '.join(map(str, entry.uses))}"] if entry.uses else []
    return visible("; ".join(parts))


def rule_of(entry: Entry, strict: bool = False) -> str:
    """Return by which rule an entry is reported: `fails`, `unexpected`, `unmet`, `note`; empty for none."""
    if entry.kind == "fails":
        return "" if entry.expected else "fails"
    if entry.kind == "note" and not (strict and entry.is_hinted):
        return "note"
    if entry.expected and entry.kind in HOLDING:
        return "unexpected"
    return "unmet" if entry.counts(strict) else ""


def json_of(audit: Audit, strict: bool = False, refused: Sequence[str] = ()) -> str:
    """Return an audit as JSON: the files, each with its formulas and what is said of them."""
    files = [
        {
            "path": path,
            "counts": {str(kind): n for kind, n in Audit(tuple(entries)).counts.items()},
            "remarks": [remark for of, remark in audit.remarks if of == path],
            "formulas": [_formula(entry, strict) for entry in entries],
        }
        for path, entries in by_file(audit)
    ]
    value = {
        "physsym": __version__,
        "counts": {str(kind): n for kind, n in audit.counts.items()},
        "files": files,
        "refused": list(refused),
    }
    return json.dumps(value, indent=1)


def _formula(entry: Entry, strict: bool) -> dict[str, Any]:
    f = entry.formula
    value: dict[str, Any] = {"line": f.line, "column": f.column}
    if f.cell:
        value |= {"cell": f.cell, "cell_line": f.cell_line}
    return value | {
        "text": f.text,
        "label": f.label,
        "headings": list(f.headings),
        "hints": [str(hint) for hint in (*f.scoped, *f.hints)],
        "kind": entry.kind,
        "says": entry.says,
        "readings": list(entry.readings),
        "details": list(entry.details),
        "uses": list(entry.uses),
        "expected": entry.expected,
        "known": entry.known,
        "counts": entry.counts(strict),
        "fingerprint": fingerprint(entry),
    }


def sarif_of(audit: Audit, strict: bool = False, refused: Sequence[str] = ()) -> str:
    """Return an audit as SARIF 2.1.0, which code scanning of GitHub and editors read.

    References
    ----------
    OASIS, Static Analysis Results Interchange Format (SARIF) Version 2.1.0, 2020.
    """
    rules = list(_RULES)
    results = [
        _result(entry, rule, rules.index(rule)) for entry in audit.entries if (rule := rule_of(entry, strict))
    ]
    notifications = [
        {"level": "error", "message": {"text": visible(reason)}, "descriptor": {"id": "refused"}}
        for reason in refused
    ]
    run = {
        "tool": {
            "driver": {
                "name": "physsym",
                "version": __version__,
                "rules": [
                    {
                        "id": identity,
                        "shortDescription": {"text": text},
                        "defaultConfiguration": {"level": level},
                    }
                    for identity, text, level in _RULES.values()
                ],
            }
        },
        "columnKind": "unicodeCodePoints",
        "invocations": [{"executionSuccessful": not refused, "toolExecutionNotifications": notifications}],
        "results": results,
    }
    return json.dumps({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}, indent=1)


def _result(entry: Entry, rule: str, number: int) -> dict[str, Any]:
    identity, _, level = _RULES[rule]
    result: dict[str, Any] = {
        "ruleId": identity,
        "ruleIndex": number,
        "level": level,
        "message": {"text": message_of(entry)},
        "locations": [{"physicalLocation": _location(entry)}],
        "partialFingerprints": {"formulaText/v1": fingerprint(entry)},
    }
    used = [line for line in entry.uses if line > 0]
    if used:
        artifact = {"uri": _uri(entry.path)}
        result["relatedLocations"] = [
            {
                "id": k,
                "message": {"text": f"line {line}, which it was judged by"},
                "physicalLocation": {"artifactLocation": artifact, "region": {"startLine": line}},
            }
            for k, line in enumerate(used, 1)
        ]
    if entry.known:
        result["suppressions"] = [{"kind": "external", "justification": "listed in the baseline"}]
    return result


def _location(entry: Entry) -> dict[str, Any]:
    f = entry.formula
    region: dict[str, Any] = {"startLine": f.line}
    if not f.cell:  # columns of a notebook are those of its cells
        region |= {"startColumn": f.column, "endLine": f.line + f.text.count("\n")}
    return {"artifactLocation": {"uri": _uri(entry.path)}, "region": region}


def _uri(path: str) -> str:
    """Return a path as a reference by URI: relative where the path is."""
    pure = PurePath(path)
    text = quote(pure.as_posix().encode("utf-8", "surrogateescape"), safe="/")
    return f"file://{text}" if pure.is_absolute() else text


def github_of(audit: Audit, strict: bool = False, refused: Sequence[str] = ()) -> Iterator[str]:
    """Yield commands for GitHub Actions that annotate the lines of the files."""
    levels = {"error": "error", "note": "notice"}
    for entry in audit.entries:
        rule = rule_of(entry, strict)
        if not rule or entry.known:
            continue
        f, (_, title, level) = entry.formula, _RULES[rule]
        where = {"file": entry.path, "line": str(f.line)}
        if not f.cell:
            where |= {"col": str(f.column)}
        where["title"] = title
        options = ",".join(f"{name}={_property(value)}" for name, value in where.items())
        yield f"::{levels[level]} {options}::{_data(message_of(entry))}"
    for reason in refused:
        yield f"::error::{_data(visible(reason))}"


def _data(text: str) -> str:
    """Return the message of a command, in which the ends of lines are escaped."""
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(visible(text)).replace(":", "%3A").replace(",", "%2C")
