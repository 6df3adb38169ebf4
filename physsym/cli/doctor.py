"""`physsym doctor`: which parts are there, in which versions, what each is for, and how to get the others."""

from __future__ import annotations

import platform
import re
import shutil
import subprocess
import sys
from argparse import Namespace
from collections.abc import Iterable, Sequence
from importlib.metadata import PackageNotFoundError, requires
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

from physsym import __version__
from physsym._versions import PACKAGES, Package, installed_version
from physsym.cli.columns import Line, paragraph, table
from physsym.cli.terminal import sign
from physsym.core.verdicts import Outcome

LONGEST = 20  # seconds that a program may take to print its version


class Program(NamedTuple):
    """Programs of which one is enough, what they are for, and the packages of Debian that bring one."""

    name: str
    commands: tuple[str, ...]
    serves: str
    brought_by: str


class Part(NamedTuple):
    """What was found of a part: its version, or what is wrong with it, and then how to get it."""

    name: str
    serves: str
    version: str = ""
    fault: str = ""
    get: str = ""
    extras: tuple[str, ...] = ()


PROGRAMS = (
    Program("compiler", ("gcc", "clang"), "the backend c", "gcc"),
    Program(
        "tex",
        ("latexmk", "tectonic"),
        "document --format pdf",
        "latexmk texlive-latex-recommended texlive-fonts-recommended",
    ),
    Program("coq", ("coqc",), "certify", "coq libcoq-coquelicot"),
    Program(
        "browser",
        ("chromium", "chromium-browser", "google-chrome"),
        "browser tests of the repository; documents open in any",
        "chromium",
    ),
    Program("firefox", ("firefox-esr", "firefox"), "browser tests of the repository", "firefox-esr"),
)


def main(options: Namespace) -> int:
    """Print what is there; return 1 where a part is not that is needed, or that `options.parts` name.

    Raises ValueError for a name that no part and no extra has.
    """
    oldest = requirements()
    core = [found(p, oldest or {}) for p in PACKAGES if not p.extra and (oldest is None or p.name in oldest)]
    core.insert(0, Part("python", "all of it", platform.python_version()))
    packages = [found(p, oldest or {}) for p in PACKAGES if p.extra]
    programs = [found_program(p) for p in PROGRAMS]
    parts = (*core, *packages, *programs)
    extras = [*dict.fromkeys(name for p in PACKAGES for name in p.extras), "all"]
    known = dict.fromkeys((*(part.name for part in parts), *extras))
    for name in options.parts:
        if name not in known:
            raise ValueError(f"there is no part {name!r}; there are {', '.join(known)}")
    print(*paragraph(f"physsym {__version__} on {platform.platform()}"), sep="\n")
    brought = [found_extra(name, [p for p in packages if name in p.extras]) for name in extras]
    sections = {
        "needed": core,
        "optional packages": packages,
        "extras": brought,
        "optional programs": programs,
    }
    for title, rows in sections.items():
        print(f"\n{title}")
        print_rows(rows)
    faulty = [p for p in parts if p.fault and (p in core or {p.name, *p.extras} & set(options.parts))]
    for part in faulty:
        asked = next((extra for extra in options.parts if extra in part.extras), "")
        get = f"pip install 'physsym[{asked}]'" if asked else part.get
        print("", *paragraph(f"{part.name}: {part.fault}; {get}", "", "  "), sep="\n")
    if not faulty:
        asked = f" and {', '.join(options.parts)}" if options.parts else ""
        print("", *paragraph(f"What physsym needs{asked}: all there."), sep="\n")
    return 1 if faulty else 0


def print_rows(rows: Iterable[Part]) -> None:
    """Print parts in two columns: name and version, then what it is for, after what is wrong with it."""
    shown = [
        (
            f"{p.name} {p.version}".rstrip(),
            Line("", "-", "", f" {p.fault}{f', for {p.serves}' * bool(p.serves)}: {p.get}")
            if p.fault
            else Line("", sign(Outcome.HOLDS), "", f" {p.serves}"),
        )
        for p in rows
    ]
    for lines in table(shown):
        print(*lines, sep="\n")


def release(text: str) -> tuple[int, ...]:
    """Return the numbers that a version begins with.

    >>> release("1.14.0rc1") >= release("1.13")
    True
    """
    return tuple(map(int, re.findall(r"\d+", re.match(r"[\d.]*", text)[0])))  # type: ignore[index]


def requirements() -> dict[str, str] | None:
    """Return the oldest version of each package that physsym asks for; None where it was not installed.

    The metadata of the installed physsym say it; those that another version of Python needs are left out.
    """
    try:
        listed = requires("physsym") or []
    except PackageNotFoundError:  # a checkout on the search path
        return None
    oldest = dict[str, str]()
    for requirement in listed:
        before = re.search(r"python_version < ['\"]([\d.]+)", requirement)
        if not before or sys.version_info < release(before[1]):
            name, _, version = requirement.partition(";")[0].partition(">=")
            oldest[re.sub(r"[-_.]+", "-", name.strip()).lower()] = version.strip()
    return oldest


def found(package: Package, oldest: dict[str, str]) -> Part:
    """Return what was found of a package, without importing it."""
    version, least = installed_version(package.name), oldest.get(package.name, "")
    wanted = f"physsym[{package.extra}]" if package.extra else package.name + f">={least}" * bool(least)
    fault = ""
    if find_spec(package.module) is None:
        fault = f"its module {package.module} is missing" if version else "missing"
    elif version and release(version) < release(least):
        fault = f"too old, {least} or later is needed"
    get = f"pip install '{wanted}'"
    extras = (*package.extras, "all") if package.extras else ()
    return Part(package.name, package.serves, version, fault, get, extras)


def found_extra(name: str, packages: Sequence[Part]) -> Part:
    """Return whether all packages are there that an extra brings."""
    lacking = ", ".join(p.name for p in packages if p.fault)
    if lacking:
        return Part(name, "", "", f"lacks {lacking}", f"pip install 'physsym[{name}]'")
    return Part(name, ", ".join(p.name for p in packages))


def found_program(program: Program) -> Part:
    """Return what was found of the first of some programs that is there."""
    get = f"on Debian and Ubuntu apt-get install {program.brought_by}"
    command = next((c for c in program.commands if shutil.which(c)), None)
    if command is None:
        fault = f"none of {', '.join(program.commands)} found" if program.commands[1:] else "missing"
        return Part(program.name, program.serves, "", fault, get)
    said = output([command, "--version"])
    if said is None:
        return Part(program.name, program.serves, "", f"{command} --version fails", get)
    number = re.search(r"\d+(?:\.\d+)+", said)
    version = f"{command} {number[0]}" if number else command
    lacking = "without its library Coquelicot" if command == "coqc" and not has_coquelicot() else ""
    return Part(program.name, program.serves, f"({version})", lacking, get)


def output(command: Sequence[str]) -> str | None:
    """Return what a program prints, or None where it fails or takes too long."""
    try:
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, encoding="utf-8", errors="replace",
            timeout=LONGEST, check=True,
        )  # fmt: skip
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout


def has_coquelicot() -> bool:
    """Return whether Coq has the library that certificates need."""
    folder = output(["coqc", "-where"])
    return folder is not None and (Path(folder.strip()) / "user-contrib" / "Coquelicot").is_dir()
