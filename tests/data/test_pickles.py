"""Pickles of data read the same with and without ``pickle``."""

import gzip
import io
import math
import pickle
from collections import OrderedDict
from struct import pack
from types import BuiltinFunctionType, FunctionType
from typing import ClassVar

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from cmlp.data import pickle_machine
from cmlp.data.pickles import read_pickle, read_pickles
from cmlp.errors import DataError

PROTOCOLS = range(6)


def assert_same(found, expected):
    """Compare two values with their types; arrays may differ in byte order only."""
    if isinstance(expected, np.ndarray):
        expected = expected.astype(expected.dtype.newbyteorder("="))
        assert type(found) is np.ndarray
        assert found.dtype == expected.dtype
        assert found.dtype.isnative
        assert found.shape == expected.shape
        assert found.tobytes() == expected.tobytes()
        assert found.flags.f_contiguous == expected.flags.f_contiguous
        assert found.flags.writeable and found.flags.aligned
        return
    assert type(found) is type(expected)
    match expected:
        case dict():
            assert list(found) == list(expected)
            assert_same(list(found.values()), list(expected.values()))
        case list() | tuple():
            assert len(found) == len(expected)
            for one, other in zip(found, expected, strict=True):
                assert_same(one, other)
        case float() | np.floating():
            assert repr(found) == repr(expected)  # NaN is NaN, and -0.0 is not 0.0
        case _:
            assert found == expected


orders = st.sampled_from("<>")
dtypes = st.one_of(
    st.just(np.dtype("?")),
    st.builds(
        lambda order, code: np.dtype(order + code), orders, st.sampled_from(["i2", "i4", "i8", "u2", "u4", "u8"])
    ),
    st.builds(lambda order, code: np.dtype(order + code), orders, st.sampled_from(["f2", "f4", "f8"])),
    st.builds(np.dtype, st.sampled_from(["i1", "u1", "S1", "S7", "<U1", ">U3"])),
)


def seen_otherwise(array, view):
    """Return the array in Fortran order, strided, transposed or as it is."""
    match view:
        case "F":
            return np.asfortranarray(array)
        case "strided":
            return array[..., ::2] if array.ndim else array
        case "transposed":
            return array.transpose((1, 0, *range(2, array.ndim))) if array.ndim > 1 else array
    return array


arrays = st.builds(
    seen_otherwise,
    dtypes.flatmap(lambda dtype: hnp.arrays(dtype, hnp.array_shapes(min_dims=0, min_side=0, max_side=5))),
    st.sampled_from(["C", "F", "strided", "transposed"]),
)
integers = st.integers(-(2**63), 2**64 - 1)
texts = st.text(max_size=12)
leaves = st.one_of(
    st.none(),
    st.booleans(),
    integers,
    st.integers(0, 300),
    st.floats(),
    texts,
    st.binary(max_size=12),
    st.binary(max_size=12).map(bytearray),
    arrays,
    dtypes.flatmap(lambda dtype: hnp.arrays(dtype, 1).map(lambda array: array[0])),
    st.lists(st.integers(0, 255), min_size=14, max_size=40),  # a run of one opcode and its ends
    st.lists(st.floats(), min_size=14, max_size=40),
    st.lists(st.one_of(st.integers(0, 255), st.floats()), min_size=14, max_size=40),
)
keys = st.one_of(texts, st.binary(max_size=5), integers)


def containers(values):
    return st.one_of(
        st.lists(values, max_size=5),
        st.lists(values, max_size=5).map(tuple),
        st.dictionaries(keys, values, max_size=5),
        st.dictionaries(keys, values, max_size=5).map(OrderedDict),
        values.map(lambda value: [value, (value,), value]),  # shared references
    )


nested = st.recursive(leaves, containers, max_leaves=12)


@pytest.fixture(scope="module")
def read(tmp_path_factory):
    """Return a function that reads the bytes of a pickle."""
    path = tmp_path_factory.mktemp("pickles") / "file.pkl"

    def read(content):
        path.write_bytes(content)
        return read_pickle(path)

    return read


@settings(max_examples=1000, deadline=None)
@given(value=nested, protocol=st.sampled_from(PROTOCOLS))
def test_reads_what_pickle_reads(read, value, protocol):
    content = pickle.dumps(value, protocol)
    assert_same(read(content), pickle.loads(content))


@settings(max_examples=600, deadline=None)
@given(array=arrays, protocol=st.sampled_from(PROTOCOLS))
def test_reads_arrays(read, array, protocol):
    content = pickle.dumps(array, protocol)
    assert_same(read(content), pickle.loads(content))


@settings(max_examples=400, deadline=None)
@given(value=nested, protocol=st.sampled_from(PROTOCOLS))
def test_reads_long_content_that_stays_in_the_file(read, value, protocol):
    content = pickle.dumps(value, protocol)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pickle_machine, "LONG_TEXT", 24)  # the longest name that NumPy writes has 22 letters
        try:
            found = read(content)
        except DataError as error:  # a key is not as long as the content of an array
            assert "with a long string as key" in str(error)
        else:
            assert_same(found, pickle.loads(content))


class OldNames(pickle._Pickler):
    """A pickler that names things as NumPy 1 does."""

    def save_global(self, obj, name=None):
        module = obj.__module__
        if module.startswith("numpy._core"):
            content = f"c{module.replace('_core', 'core')}\n{name or obj.__qualname__}\n"
            self.write(content.encode())
            self.memoize(obj)
        else:
            super().save_global(obj, name)

    dispatch: ClassVar = {
        **pickle._Pickler.dispatch,
        BuiltinFunctionType: save_global,
        FunctionType: save_global,
    }


@pytest.mark.parametrize("protocol", PROTOCOLS)
@settings(max_examples=30, deadline=None)
@given(value=st.one_of(arrays, st.lists(arrays, max_size=3)))
def test_reads_what_numpy_1_wrote(read, value, protocol):
    file = io.BytesIO()
    pickler = OldNames(file, protocol)
    pickler.fast = True  # the memo of the Python pickler stumbles over a second empty array
    pickler.dump([value, np.float32(2.5)])
    content = file.getvalue()
    assert b"numpy.core.multiarray" in content
    assert b"_core" not in content
    assert_same(read(content), [pickle.loads(pickle.dumps(value, protocol)), np.float32(2.5)])


def test_reads_the_python_2_file_of_mnist(read, tmp_path):
    """((images, labels), ...) as Python 2 and NumPy 1 wrote mnist.pkl.gz: raw 8-bit strings, protocol 2."""
    images = np.arange(12, dtype="<f4").reshape(3, 4) / 255
    labels = np.array([5, 0, 250], dtype="<i8")

    def array(values, first):
        def short(text):
            return b"U%c%b" % (len(text), text)

        names = b"cnumpy.core.multiarray\n_reconstruct\nq\x01cnumpy\nndarray\nq\x02" if first else b"h\x01h\x02"
        shape = b"".join(b"K%c" % n for n in values.shape)
        descriptor = b"cnumpy\ndtype\n" + short(values.dtype.str[1:].encode()) + b"K\x00K\x01\x87R"
        descriptor += b"(K\x03U\x01<NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb"
        raw = b"T" + pack("<i", values.nbytes) + values.tobytes()
        return names + b"K\x00\x85U\x01b\x87R(K\x01(" + shape + b"t" + descriptor + b"\x89" + raw + b"tb"

    content = b"\x80\x02" + array(images, True) + array(labels, False) + b"\x86\x85."
    assert_same(read(content), pickle.loads(content, encoding="latin1"))
    assert_same(read(content), ((images, labels),))
    with gzip.open(tmp_path / "mnist.pkl", "wb") as file:
        file.write(content)
    assert_same(read_pickle(tmp_path / "mnist.pkl"), ((images, labels),))


@pytest.mark.parametrize(
    "content",
    [
        b"(dp1\nS'data'\np2\n(lp3\nI1\naI-2\naL3L\naF0.5\naFinf\naFnan\naI01\naI00\nas.",
        b"S'a\\x00\\xff\\n\\'\\\\b'\np1\n.",
        b'S"it\'s"\n.',
        b"(S'batch_label'\nV\\u20acuro\np1\ng1\nt.",
        b"}q\x01(U\x04dataq\x02U\x02\xff\x00U\x06labelsq\x03]q\x04(K\x06K\x09eu.",
        b"(cnumpy.core.multiarray\nscalar\n(cnumpy\ndtype\n(S'i8'\nI0\nI1\ntR(I3\nS'<'\nNNNI-1\nI-1\nI0\ntb"
        b"S'\\x05\\x00\\x00\\x00\\x00\\x00\\x00\\x00'\ntRt.",
    ],
)
def test_reads_what_python_2_wrote(read, content):
    assert_same(read(content), pickle.loads(content, encoding="latin1"))


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize(
    "value",
    [
        np.array([5e-324, -0.0, math.inf, -math.inf, math.nan]),
        np.frombuffer(b"\x01\x00\x00\x00\x00\x00\xf0\x7f", "<f8"),  # a signalling NaN keeps its bits
        np.array([True, False]),
        np.arange(3, dtype=">i4"),
        np.array(2.5),
        np.zeros((0, 784)),
        np.zeros((3, 0), order="F"),
        np.zeros((2,) + (1,) * 31),
        np.array(["seven", "\u20ac", ""]),
        np.arange(70_000.0),
        np.arange(24).reshape(2, 3, 4).transpose(1, 0, 2),
        bytes(range(256)) * 300,
        bytearray(bytes(range(256)) * 300),
        "\u20ac\ud800 x" * 30_000,
        "\xff" * 70_000,
        [[0.5] * 1000, [7] * 1017, [7] * 2000 + [-1], list(range(3000))],
        {"a": 1, b"a": 2, -1: {}},
        np.str_(""),
        np.bytes_(b""),
    ],
)
def test_reads_the_corner_cases(read, value, protocol):
    content = pickle.dumps(value, protocol)
    assert_same(read(content), pickle.loads(content))
    assert_same(read(gzip.compress(content)), pickle.loads(content))


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_keeps_shared_references(read, protocol):
    row, array, blob, text = [1, "a"], np.arange(3), bytes(70_000), "x" * 70_000
    value = {"rows": [row, row, (row,)], "arrays": (array, array), "bytes": [blob, blob], "texts": [text, text]}
    found = read(pickle.dumps(value, protocol))
    assert found["rows"][0] is found["rows"][1] is found["rows"][2][0]
    assert found["arrays"][0] is found["arrays"][1]
    assert found["bytes"][0] is found["bytes"][1]
    assert found["texts"][0] is found["texts"][1]


def test_arrays_from_the_same_file_do_not_share_memory(read):
    first, second = read(pickle.dumps([np.zeros(9000), np.zeros(9000)], 2))
    first[:] = 1
    assert not second.any()


def test_a_boolean_array_holds_zeros_and_ones(read):
    content = pickle.dumps(np.array([True] * 3), 4).replace(b"\x01\x01\x01", b"\x02\x00\xff")
    assert read(content).view(np.uint8).tolist() == [1, 0, 1]


def test_a_number_beyond_float64_is_infinite(read):
    assert read(b"F1e999\n.") == math.inf


def test_several_pickles_are_read_or_refused_and_none_is_lost(tmp_path, read):
    both = pickle.dumps([1]) + pickle.dumps([2], 2)
    for content in (both, gzip.compress(pickle.dumps([1])) + gzip.compress(pickle.dumps([2])), both + b"\n\0"):
        with pytest.raises(DataError, match=r"must hold one pickle, got 2 one after the other: dump them together"):
            read(content)
        (tmp_path / "file.pkl").write_bytes(content)
        assert read_pickles(tmp_path / "file.pkl") == ([1], [2])
    assert read(pickle.dumps([1]) + b"\n") == [1]
    with pytest.raises(DataError, match="3 bytes after its first pickle, which are no pickle"):
        read(pickle.dumps([1]) + b"\xff\xfe\xfd")


@pytest.mark.parametrize(
    ("module", "words"),
    [
        ("pandas.core.frame", "save it by to_csv, or the result of to_numpy"),
        ("sklearn.neural_network._multilayer_perceptron", "cmlp.MLPClassifier.from_sklearn"),
        ("joblib.numpy_pickle", "save arrays by numpy.savez"),
        ("torch._utils", r"tensor.numpy\(\)"),
    ],
)
def test_refusals_say_how_to_bring_it(read, module, words):
    with pytest.raises(DataError, match=words):
        read(b"\x80\x02c" + module.encode() + b"\nThing\n)R.")


def test_reads_64_levels_and_no_more(read):
    value = 1
    for _ in range(64):
        value = [value]
    assert read(pickle.dumps(value)) == value
    with pytest.raises(DataError, match="nested too deeply"):
        read(pickle.dumps([value]))


def test_numbers_of_64_bits_are_read(read):
    limits = [2**64 - 1, 2**63, -(2**63), 2**31, -(2**31), 65536, 0]
    for protocol in PROTOCOLS:
        assert read(pickle.dumps(limits, protocol)) == limits


def test_takes_a_path_as_a_string(tmp_path):
    (tmp_path / "x.pkl").write_bytes(pickle.dumps([1]))
    assert read_pickle(str(tmp_path / "x.pkl")) == [1]
