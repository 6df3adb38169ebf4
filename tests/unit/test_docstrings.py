"""Docstrings of public functions are numpydoc: every parameter is described, and so is what is returned."""

import importlib
import inspect

from tests.unit.test_glossary import public_packages


def missing_sections(function):
    """Return the parameters that a docstring does not describe, and "Returns" if it has no such section."""
    doc = inspect.getdoc(function) or ""
    described = {name.strip() for line in doc.splitlines() for name in line.split(":")[0].split(",")}
    missing = [p for p in inspect.signature(function).parameters if not {p, f"*{p}", f"**{p}"} & described]
    if "Parameters\n----------" not in doc and inspect.signature(function).parameters:
        missing.append("Parameters")
    nothing = inspect.signature(function).return_annotation in (None, "None")
    return [
        *missing,
        *([] if nothing or "Returns\n-------" in doc or "Yields\n------" in doc else ["Returns"]),
    ]


def public_functions():
    for package in public_packages():
        module = importlib.import_module(package)
        for name in getattr(module, "__all__", ()):
            try:
                value = getattr(module, name)
            except ImportError:  # an optional dependency
                continue
            if inspect.isfunction(value) or hasattr(value, "__wrapped__"):
                yield f"{value.__module__}.{name}", value


def test_a_public_function_describes_its_parameters_and_its_result():
    missing = {name: missing_sections(function) for name, function in public_functions()}
    assert len(missing) > 100
    assert {name: sections for name, sections in missing.items() if sections} == {}


def test_what_is_not_described_is_found():
    def function(a, b, *c):
        """Do something.

        Parameters
        ----------
        a
            The first.
        """

    assert missing_sections(function) == ["b", "c", "Returns"]
