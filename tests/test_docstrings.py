"""Every public name has a whole docstring, in the form of numpydoc, whose examples are true."""

import ast
import doctest
import inspect
import re

import pytest
from numpydoc.docscrape import get_doc_object
from numpydoc.validate import ERROR_MSGS, Validator, validate

import cmlp

# All that numpydoc can complain of, for all public names, but for four rules:
LEFT_OUT = {
    "GL01",  # ruff says on which line a summary begins (D212)
    "ES01",  # one sentence is enough where it says everything
    "SA01",  # the neighbours of a name stand beside it in docs/api
    "EX01",  # methods are shown at work by their class, whose example is asked for below
}
CODES = sorted(set(ERROR_MSGS) - LEFT_OUT)
SPECIAL = ["__call__"]  # special methods that docs/api shows
AS_WRITTEN = {"show_class_members": False}  # without the members that numpydoc would list


def public_objects():
    """The classes and functions of cmlp by name, with each method and property where it is documented."""
    found = {}
    for name in [*cmlp.__all__, *cmlp.ESTIMATORS]:
        found[name] = getattr(cmlp, name)
        if inspect.isclass(found[name]):
            found |= {f"{name}.{member}": value for member, value in public_members(found[name])}
    return found


def public_members(owner):
    """What a class has from cmlp; a method without a docstring has that of the method it overrides."""
    for name in sorted(set(dir(owner))):
        if name.startswith("_") and name not in SPECIAL:
            continue
        definitions = [vars(base)[name] for base in owner.__mro__ if name in vars(base) and ours(base)]
        functions = [unwrapped(value) for value in definitions if is_documentable(value)]
        if functions:
            yield name, next((function for function in functions if function.__doc__), functions[0])


def ours(owner):
    return owner.__module__.startswith("cmlp")


def is_documentable(value):
    return isinstance(value, classmethod | staticmethod | property) or callable(value) or hasattr(value, "fn")


def unwrapped(value):
    """The function of a class method, static method or scikit-learn's `available_if`, as it is written."""
    return getattr(value, "fn", getattr(value, "__func__", value))


OBJECTS = public_objects()
CLASSES_AND_FUNCTIONS = [name for name in OBJECTS if "." not in name]


def parameters_of(value):
    """The parameters of a class or function that is called with any, by name."""
    try:
        return inspect.signature(value).parameters
    except (TypeError, ValueError):  # a property, or an exception
        return {}


def states_default(kind, default):
    """Whether the type of a parameter says its default: ``default 3``, ``optional`` for nothing, the first of a set."""
    if "optional" in kind:
        return default in (None, (), "") or repr(default) == "<factory>"  # of a dataclass: an empty list
    _, found, stated = kind.rpartition("default ")
    if not found:
        return kind.startswith("{") and literal(kind[1:].split(",")[0].split("}")[0]) == default
    return default in (literal(stated), *map(literal, re.split(", | and ", stated)))  # beta_1, beta_2 : default 1 and 2


def literal(text):
    try:
        return ast.literal_eval(text.strip())
    except (SyntaxError, ValueError):
        return text.strip()


def test_there_is_something_to_validate():
    assert {"Network", "Network.train", "Network.load", "Network.__call__", "Dataset.images"} < OBJECTS.keys()
    assert {"MLPClassifier.predict_proba", "MLPRegressor.fit", "Step.factor", "check", "DataError"} < OBJECTS.keys()


@pytest.mark.parametrize("name", OBJECTS)
def test_numpydoc_finds_nothing(name):
    errors = validate(get_doc_object(OBJECTS[name], config=AS_WRITTEN))["errors"]
    complaints = [f"{code}: {message}" for code, message in errors if code in CODES]
    assert not complaints, "\n".join(complaints)


@pytest.mark.parametrize("name", OBJECTS)
def test_each_default_is_stated(name):
    documented = Validator(get_doc_object(OBJECTS[name], config=AS_WRITTEN)).doc_all_parameters
    defaults = {key: parameter.default for key, parameter in parameters_of(OBJECTS[name]).items()}
    wrong = [
        f"{key} : {documented[key][0]} (default {default!r})"
        for key, default in defaults.items()
        if key in documented and default is not inspect.Parameter.empty
        if not states_default(documented[key][0], default)
    ]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("name", OBJECTS)
def test_attributes_and_exceptions_are_described(name):
    document = get_doc_object(OBJECTS[name], config=AS_WRITTEN)
    bare = [entry.name for entry in document["Attributes"] if not (entry.type and "".join(entry.desc))]
    bare += [entry.type for entry in document["Raises"] if not "".join(entry.desc)]
    assert bare == []


@pytest.mark.parametrize("name", CLASSES_AND_FUNCTIONS)
def test_each_class_and_function_has_an_example_that_is_true(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    finder = doctest.DocTestFinder(recurse=inspect.isclass(OBJECTS[name]))
    tests = [test for test in finder.find(OBJECTS[name], name, globs={"cmlp": cmlp}) if test.examples]
    assert any(test.name == name for test in tests), "there is no example"
    runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE)
    for test in tests:
        runner.run(test)
    assert runner.summarize(verbose=False).failed == 0
