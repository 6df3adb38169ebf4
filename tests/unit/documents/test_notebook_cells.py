"""The code cells of a notebook run in the folder of the notebook, and their assertions hold."""

import json
from pathlib import Path

import pytest

import physsym as ps
from physsym.__main__ import main
from physsym.loading import shipped_folder

OWN = '''"""A script."""
from physsym import Derivation, Divide, Step, dot, law
from physsym.vocabulary import G, gamma, m, x

right = Derivation("Right", law({m * dot(dot(x)): -gamma * dot(x) - G}), (Step("Divide.", Divide(gamma)),))
wrong = Derivation("Wrong", law({gamma * dot(x): -G}), (Step("Divide.", Divide(gamma), law({dot(x): -G})),))
empty = Derivation("Nothing", law({gamma * dot(x): -G}), ())
'''


def run_cells(file):
    """Execute the code cells of a notebook in its folder, but those that draw, which need IPython."""
    cells = [c for c in json.loads(file.read_text())["cells"] if c["cell_type"] == "code"]
    sources = ["".join(cell["source"]) for cell in cells]
    names = {}
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(file.parent)
        for source in sources:
            if "IPython" not in source:
                exec(source, names)
    return sources


@pytest.mark.parametrize("name", ["newton", "momentum"])
def test_the_cells_of_shipped_scripts_hold(tmp_path, name):
    (path,) = ps.document([ps.script(name)], tmp_path, ["ipynb"])
    assert sum("derivation.verdicts()]" in source for source in run_cells(path)) == len(
        ps.script(name).derivations
    )


@pytest.mark.parametrize("out", ["build", "pages/of/notes.ipynb", "."])
@pytest.mark.parametrize("absolute", [True, False])
def test_the_cells_of_own_scripts_find_them_from_the_folder_of_the_notebook(
    tmp_path, monkeypatch, out, absolute
):
    (tmp_path / "notes").mkdir()
    script = Path("notes", "own.py")
    (tmp_path / script).write_text(OWN)
    monkeypatch.chdir(tmp_path)
    main(["document", str(tmp_path / script if absolute else script), "--out", out, "--format", "ipynb"])
    (path,) = tmp_path.rglob("*.ipynb")
    sources = run_cells(path)
    assert sum("derivation.verdicts()]" in source for source in sources) == 3
    assert any("== ['holds', 'fails']" in source for source in sources)


def test_scripts_of_one_name_are_told_apart(tmp_path):
    shorter = OWN[: OWN.index("right =")] + OWN[OWN.index("wrong =") :]
    for folder, text in {"a": OWN, "b": shorter}.items():
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "own.py").write_text(text)
    both = [tmp_path / folder / "own.py" for folder in "ab"]
    (path,) = ps.document(ps.scripts(both), tmp_path, ["ipynb"])
    assert sum("derivation.verdicts()]" in source for source in run_cells(path)) == 5


def test_the_cells_notice_a_script_that_changed(tmp_path, monkeypatch):
    script = tmp_path / "own_that_changes.py"
    script.write_text(OWN)
    (path,) = ps.document(ps.scripts([script]), tmp_path, ["ipynb"])
    script.write_text(OWN.replace("law({dot(x): -G})", "law({dot(x): -G / gamma})"))
    with pytest.raises(AssertionError):
        run_cells(path)


def test_the_shipped_folder_needs_no_path(tmp_path):
    (path,) = ps.document(ps.scripts([shipped_folder() / "friction.py"]), tmp_path, ["ipynb"])
    run_cells(path)
