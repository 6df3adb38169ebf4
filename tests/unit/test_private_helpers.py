"""A ratchet: the fraction of private functions that are used exactly once may only fall.

A private function should be used twice or name a concept of the field; one that does neither is read better
where it is called. `RECORDED` is the fraction when it was last lowered; lower it after helpers were inlined.
`python -m tests.support.census` prints the fraction beside other counts.
"""

from tests.support.census import ROOT, main, modules, used_once, uses

RECORDED = 0.59


def test_helpers_used_once_do_not_become_more_frequent():
    counts = uses(modules(ROOT / "physsym"))
    once = used_once(counts)
    now = len(once) / len(counts)
    assert now <= RECORDED, (
        f"{len(once)} of {len(counts)} private functions ({now:.3f}) are used once, recorded is {RECORDED}: "
        "inline some of those that this change added, or name them as concepts and use them twice"
    )


def test_the_count_knows_what_is_used_once():
    module = "def _once(): ...\ndef _twice(): ...\ndef _shared(): ...\ndef _(): ...\ndef public():\n"
    module += "    return _once(), _twice(), _twice(), _shared()\n"
    other = "from a import _shared\n"
    counts = uses({"a": module, "b": other})
    assert counts == {("a", "_once"): 1, ("a", "_twice"): 2, ("a", "_shared"): 2}
    assert used_once(counts) == ["a._once"]


def test_the_census_of_another_checkout(tmp_path, capsys):
    texts = {
        "physsym/__init__.py": "__all__ = ['public']\ndef public(): return _a()\ndef _a():\n    return 1\n",
        "derivations/one.py": "a = 1\nb = 2\n",
        "tests/test_one.py": "def test_one(): ...\n",
    }
    for name, text in texts.items():
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).write_text(text)
    assert main([str(tmp_path)]) == 0
    assert [
        line.split(maxsplit=1) for line in capsys.readouterr().out.replace(": files, lines", "").splitlines()
    ] == [
        ["physsym", "1, 4"],
        ["derivations", "1, 2"],
        ["tests", "1, 1"],
        ["public", "names                 1"],
        ["functions", "2"],
        ["private", "functions            1"],
        ["private", "functions used once  1, a fraction of 1.000"],
    ]


def test_a_folder_without_the_package_is_refused(tmp_path, capsys):
    assert main([str(tmp_path)]) == 2
    assert f"given: {tmp_path}; expected" in capsys.readouterr().err
