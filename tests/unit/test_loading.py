"""The loading of scripts: from packages and plain folders, whatever else has their names; and failures."""

import os
import pickle
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

import derivations.momentum
from physsym.loading import ScriptError, files_of, paths_to_reload, script, scripts, shipped_folder

ROOT = Path(__file__).parents[2]
OWN = (
    '"""Own."""\nfrom physsym import Derivation, Divide, Step, damped_particle\n'
    "from physsym.vocabulary import gamma\n"
    'd = Derivation("{0}", damped_particle.law(), (Step("Divide.", Divide(gamma)),))\n'
)


def write(folder, **texts):
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in texts.items():
        (folder / f"{name}.py").write_text(text)
    return folder


def titles(found):
    return [d.title for s in found for d in s.derivations]


def test_the_shipped_scripts_are_the_modules_that_can_be_imported():
    assert script("momentum").derivations[0] is derivations.momentum.derivation
    assert script("momentum").claims[0].judge is derivations.momentum.source_claim.judge


def test_one_script_is_loaded_without_the_others():
    code = "import physsym as ps, sys; ps.script('newton'); print('derivations.book' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout == "False\n"


@pytest.mark.parametrize("first", ["import derivations", "import physsym as ps; ps.scripts()"])
def test_shipped_scripts_neither_shadow_nor_are_shadowed(tmp_path, first):
    write(tmp_path / "derivations", __init__="", mine=OWN.format("mine"), gradient_descent="mine = True\n")
    code = (
        f"{first}\nimport physsym as ps\n"
        "print(ps.script('gradient_descent').derivations[0].title)\n"
        "import derivations.gradient_descent, derivations.mine\nprint(derivations.gradient_descent.mine)\n"
        "print([d.title for s in ps.scripts(['derivations']) for d in s.derivations])\n"
        "import pickle\nprint(pickle.dumps(ps.script('friction').derivations) != b'')\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": os.pathsep.join([str(tmp_path), str(ROOT)])},
    )
    assert done.stdout.split("\n") == ["Gradient descent", "True", "['mine']", "True", ""]


@pytest.mark.parametrize("how", ["from .shared import d", "from derivations.shared import d"])
def test_a_users_package_has_its_own_neighbours_though_its_name_is_taken(tmp_path, how):
    before = dict(sys.modules)
    for name in ("one", "two"):
        write(tmp_path / name / "derivations", __init__="", shared=OWN.format(name), mine=f"{how}\n")
    paths = [tmp_path / name / "derivations" / "mine.py" for name in ("one", "two")]
    assert titles(scripts(paths)) == ["one", "two"]
    assert scripts([paths[0]])[0].derivations[0] is scripts([paths[0]])[0].derivations[0]
    assert {n: m for n, m in sys.modules.items() if n in before} == before
    assert sys.modules["derivations.momentum"] is derivations.momentum
    assert str(tmp_path / "one") not in sys.path


def test_plain_folders_have_their_own_neighbours(tmp_path):
    for name in ("one", "two"):
        write(tmp_path / name, shared=OWN.format(name), mine="from shared import d\n")
    assert titles(scripts([tmp_path / "one"])) == ["one", "one"]
    assert titles(scripts([tmp_path / "two"])) == ["two", "two"]


def test_a_relative_import_in_a_plain_folder_is_told_what_it_lacks(tmp_path):
    write(tmp_path, mine="from .shared import d\n", shared=OWN.format("shared"))
    with pytest.raises(ScriptError, match=r"mine.py, line 1: ImportError: .*put an empty __init__.py"):
        scripts([tmp_path])
    write(tmp_path, __init__="")
    assert titles(scripts([tmp_path])) == ["shared", "shared"]


@pytest.mark.parametrize("name", ["statistics", "numpy", "sys", "physsym", "v1.2", "my-script", "[bold]"])
def test_a_script_may_have_any_name(tmp_path, name):
    import statistics

    (tmp_path / f"{name}.py").write_text(OWN.format("own"))
    (found,) = scripts([tmp_path])
    assert (found.name, titles([found])) == (name, ["own"])
    assert sys.modules["statistics"] is statistics


def test_an_edited_script_is_loaded_anew(tmp_path):
    write(tmp_path, mine=OWN.format("first"))
    assert titles(scripts([tmp_path])) == ["first"]
    write(tmp_path, mine=OWN.format("second title"))
    assert titles(scripts([tmp_path])) == ["second title"]


def test_what_a_script_defines_can_be_pickled(tmp_path):
    text = "from __future__ import annotations\nfrom dataclasses import dataclass\n"
    own = "@dataclass\nclass Own:\n    k: int\nown = Own(3)\n"
    write(tmp_path, picklable=text + own + OWN.format("own").replace('"""Own."""', ""))
    scripts([tmp_path])
    own = sys.modules["picklable"].own
    assert pickle.loads(pickle.dumps(own)) == own


def test_a_folder_lists_its_scripts_and_packages_and_nothing_hidden(tmp_path):
    write(tmp_path, __init__="__all__ = ['b']\n", a=OWN.format("a"), b=OWN.format("b"), _c="1/0")
    write(tmp_path / "book", __init__=OWN.format("book"))
    (tmp_path / ".#limit.py").symlink_to("someone@elsewhere.1234")
    (tmp_path / "folder.py").mkdir()
    assert [file.relative_to(tmp_path).as_posix() for file in files_of([tmp_path])] == [
        "b.py",
        "a.py",
        "book/__init__.py",
    ]
    assert titles(scripts([tmp_path])) == ["b", "a", "book"]
    (tmp_path / "gone.py").symlink_to("nowhere.py")
    with pytest.raises(FileNotFoundError, match="nowhere"):
        scripts([tmp_path])


def test_what_a_package_exports_itself_is_read_too(tmp_path):
    write(
        tmp_path,
        __init__=OWN.format("package") + "__all__ = ['d', 'b']\n",
        a=OWN.format("a"),
        b=OWN.format("b"),
    )
    assert titles(scripts([tmp_path])) == ["package", "b", "a"]
    assert [s.name for s in scripts([tmp_path])] == [tmp_path.name, "b", "a"]


def test_one_script_is_meant_where_one_is_asked_for(tmp_path):
    write(tmp_path, a=OWN.format("a"), b=OWN.format("b"))
    with pytest.raises(ScriptError, match=r"holds several scripts: .*a\.py, .*b\.py; name one"):
        script(str(tmp_path))
    assert script(str(tmp_path / "b.py")).derivations[0].title == "b"


def test_a_package_that_lists_what_is_not_there_is_refused(tmp_path):
    write(tmp_path, __init__="__all__ = ['b']\n", a=OWN.format("a"))
    with pytest.raises(ScriptError, match="lists b in __all__"):
        scripts([tmp_path])


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("x = 1\n1/0\n", "bad.py, line 2: ZeroDivisionError: division by zero"),
        ("x = 1\n\nx +\n", "bad.py, line 3: SyntaxError: invalid syntax"),
        ("import physsym as ps\nps.law({})\nps.Derivation('', 1, ())\n", "bad.py, line 2: "),
        ("\nfrom other import x\n", "other.py, line 1: ZeroDivisionError"),
        ("import sys\nsys.exit(0)\n", "bad.py, line 2: SystemExit: 0"),
        ("import nonsense_of_this_name", "bad.py, line 1: ModuleNotFoundError"),
        # Text in a script that is run, or read, in a frame that is in no file.
        ("import physsym as ps\n\nps.Limit('dt +', 0)\n", "bad.py, line 3: ReadError: "),
        ("x = 1\nexec('y = 2\\n1/0')\n", "bad.py, line 2: ZeroDivisionError"),
    ],
)
def test_a_script_that_fails_is_told_with_its_line(tmp_path, monkeypatch, text, where):
    write(tmp_path, bad=text, other="1/0")
    with pytest.raises(ScriptError) as error:
        scripts([tmp_path / "bad.py"])
    assert str(error.value).startswith(f"{tmp_path / 'bad.py'} could not be loaded: {where}")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ScriptError) as error:
        scripts(["bad.py"])
    assert str(error.value).startswith(f"bad.py could not be loaded: {where}")


def test_an_interruption_while_loading_is_no_failure(tmp_path):
    write(tmp_path, slow="raise KeyboardInterrupt\n")
    with pytest.raises(KeyboardInterrupt):
        scripts([tmp_path])
    assert "slow" not in sys.modules


def test_scripts_are_named_by_paths_that_load_them_again(tmp_path):
    write(tmp_path, mine=OWN.format("mine"))
    assert paths_to_reload(scripts()) == ()
    assert paths_to_reload(scripts([shipped_folder()])) == ()
    assert paths_to_reload(scripts([tmp_path])) == (str(tmp_path / "mine.py"),)
    both = paths_to_reload(scripts([tmp_path, shipped_folder() / "newton.py"]))
    assert both == (str(tmp_path / "mine.py"), str(shipped_folder() / "newton.py"))


def test_loading_the_shipped_scripts_needs_neither_numpy_nor_what_documents_need():
    code = (
        "import sys\nsys.modules |= dict.fromkeys(('matplotlib', 'markdown_it', 'nbformat', 'numpy'))\n"
        "import physsym as ps\nprint(len(ps.scripts()))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout == "7\n"


def test_scripts_claims_and_books_are_short_when_printed():
    found = scripts()
    assert len(repr(found)) < 300 + len(found) * (50 + len(str(shipped_folder())))
    assert repr(replace(script("momentum"), path="momentum.py")) == (
        "Script('momentum', 4 derivations, 1 claim, 1 part, 'momentum.py')"
    )
    assert repr(script("book").parts) == "(Book('Descent, derived', 7 chapters),)"
    assert repr(script("book").parts[0].chapters[1]).startswith("Chapter('")
    assert max(len(repr(claim)) for claim in script("claims").claims) < 90
    assert repr(script("claims").claims[0]) == (
        "Claim('C01', 'Whenever we write a physics equation, we can substitute x...')"
    )


def test_a_script_of_this_folder_is_named_where_its_suffix_was_left_out(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ScriptError, match=r"\(or give a path\)$"):
        script("first")
    (tmp_path / "first.py").write_text("")
    with pytest.raises(ScriptError, match=r"\(or give a path, such as first\.py\)$"):
        script("first")
