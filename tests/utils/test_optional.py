"""What is said where an optional library is missing."""

import pytest

import cmlp
from cmlp.utils.optional import require


def test_what_is_missing_is_an_import_error_and_one_of_ours():
    for kind in (ImportError, cmlp.CmlpError, cmlp.MissingExtraError):
        with pytest.raises(kind, match=r'^a test needs A Library: pip install "cmlp\[some\]"$') as caught:
            require("no_such_module.at_all", "A Library", "some", "a test")
    assert caught.value.name == "no_such_module.at_all"
    assert isinstance(caught.value.__cause__, ModuleNotFoundError)


def test_a_fault_of_our_own_is_none_of_an_extra():
    with pytest.raises(ModuleNotFoundError, match=r"cmlp\.no_such_room"):
        require("cmlp.no_such_room", "A Library", "some", "a test")


def test_what_is_there_is_imported():
    assert require("json.decoder", "x", "x", "x").__name__ == "json.decoder"
