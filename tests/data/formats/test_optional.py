"""Parquet, Feather and HDF5, which need the libraries of the extra ``cmlp[formats]``."""

import io
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cmlp.data.formats import load
from cmlp.errors import CmlpError, DataError

COUNT = 120
NAMES = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")


@pytest.fixture(scope="module")
def some(digits):
    """Some digits: images (n, 64) of bytes and labels."""
    return np.array(digits[0].images[:COUNT]), np.array(digits[0].labels[:COUNT])


@pytest.fixture
def arrow():
    return pytest.importorskip("pyarrow", reason="pyarrow, of the extra cmlp[formats], is not installed")


@pytest.fixture
def hdf5():
    return pytest.importorskip("h5py", reason="h5py, of the extra cmlp[formats], is not installed")


def write_table(arrow, path, columns, how="parquet"):
    table = arrow.table(columns)
    if how == "parquet":
        from pyarrow import parquet

        parquet.write_table(table, path)
    else:
        from pyarrow import feather

        feather.write_feather(table, path, compression=how)
    return path


def columns_of(images, labels, name="label"):
    return {name: labels} | {f"pixel{place}": images[:, place] for place in range(images.shape[1])}


@pytest.mark.parametrize("how", ["parquet", "uncompressed", "lz4"])
def test_tables(tmp_path, some, arrow, how):
    train, _ = load(write_table(arrow, tmp_path / "a", columns_of(*some), how))
    np.testing.assert_array_equal(train.images, some[0])
    np.testing.assert_array_equal(train.labels, some[1])


def test_columns_of_words_and_of_names(tmp_path, some, arrow):
    words = np.array(NAMES)[some[1]].tolist()
    rows = [f"image{row}" for row in range(COUNT)]
    train, _ = load(write_table(arrow, tmp_path / "a", {"id": rows, **columns_of(some[0], words, "species")}))
    assert [train.class_names[label] for label in train.labels] == words
    assert train.images.shape == (COUNT, 64)


def test_pictures_as_hugging_face_stores_them(tmp_path, some, arrow):
    pillow = pytest.importorskip("PIL.Image", reason="Pillow, of the extra cmlp[images], is not installed")
    cells = []
    for row, image in enumerate(some[0]):
        stream = io.BytesIO()
        pillow.fromarray(image.reshape(8, 8)).save(stream, "PNG")
        cells.append({"bytes": stream.getvalue(), "path": f"{row}.png"})
    for part in ("train", "test"):
        write_table(arrow, tmp_path / f"{part}-00000-of-00001.parquet", {"image": cells, "label": some[1]})
    train, test = load(tmp_path)
    np.testing.assert_array_equal(train.images, some[0])
    np.testing.assert_array_equal(test.labels, some[1])


def test_missing_values_are_refused(tmp_path, arrow, complaint):
    path = write_table(arrow, tmp_path / "a", {"label": [0, 1], "a": [0.5, None]})
    assert complaint(path) == f"column a of {path} must have no missing values, got 1: fill them first"


def test_arrays_in_groups(tmp_path, some, hdf5):
    with hdf5.File(tmp_path / "usps.h5", "w") as file:
        for part in ("train", "test"):
            file[f"{part}/data"], file[f"{part}/target"] = some
    train, test = load(tmp_path / "usps.h5")
    np.testing.assert_array_equal(train.images, some[0])
    np.testing.assert_array_equal(test.labels, some[1])


def test_strings_and_compression(tmp_path, some, hdf5):
    with hdf5.File(tmp_path / "a.h5", "w") as file:
        file.create_dataset("X", data=some[0], compression="gzip")
        file["y"] = np.array(NAMES, "S")[some[1]]
    train, _ = load(tmp_path / "a.h5")
    assert [train.class_names[label] for label in train.labels] == [NAMES[label] for label in some[1]]


def test_strings_of_any_length_are_refused(tmp_path, hdf5, complaint):
    """The library would allocate four gigabytes for a string that claims so many."""
    with hdf5.File(tmp_path / "a.h5", "w") as file:
        file["X"], file["y"] = np.eye(3), np.array(["a", "b", "c"], object)
    assert "must not be strings of any length: store them with a length" in complaint(tmp_path / "a.h5")


def test_matlab_7_3(tmp_path, some, hdf5):
    """Which stores arrays the other way round, and here pictures on their side."""
    with hdf5.File(tmp_path / "a.mat", "w", userblock_size=512) as file:
        file["X"], file["y"] = some[0].reshape(-1, 8, 8).transpose(0, 2, 1).reshape(-1, 64).T, some[1][np.newaxis]
    content = bytearray((tmp_path / "a.mat").read_bytes())
    content[:19] = b"MATLAB 7.3 MAT-file"
    (tmp_path / "a.mat").write_bytes(content)
    with pytest.warns(UserWarning, match="lie on their side"):
        train, _ = load(tmp_path / "a.mat")
    np.testing.assert_array_equal(train.images, some[0])
    np.testing.assert_array_equal(train.labels, some[1])


def test_networks_of_keras_are_named(tmp_path, hdf5, complaint):
    with hdf5.File(tmp_path / "a.h5", "w") as file:
        file.create_group("model_weights")
    assert "looks like a network of Keras, which cmlp.Network.load reads" in complaint(tmp_path / "a.h5")


def test_nothing_outside_of_a_file_is_read(tmp_path, hdf5, complaint):
    with hdf5.File(tmp_path / "other.h5", "w") as file:
        file["X"], file["y"] = np.eye(3), np.arange(3)
    with hdf5.File(tmp_path / "a.h5", "w") as file:
        file["X"], file["y"] = hdf5.ExternalLink("other.h5", "X"), hdf5.SoftLink("/X")
        (tmp_path / "raw").write_bytes(bytes(24))
        file.create_dataset("x", (3,), "f8", external=[(str(tmp_path / "raw"), 0, 24)])
    assert "must hold images and labels by name, such as x_train and y_train, got nothing" in complaint(
        tmp_path / "a.h5"
    )


def test_arrays_that_are_much_larger_than_the_file(tmp_path, hdf5, complaint):
    with hdf5.File(tmp_path / "a.h5", "w") as file:
        file.create_dataset("X", (1 << 20, 1 << 10), "f8", chunks=(1024, 1024), compression="gzip")
        file["y"] = np.arange(3)
    assert "must unfold to at most" in complaint(tmp_path / "a.h5")


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize("kind", ["arrow", "hdf5"])
def test_mutated_files(tmp_path, some, kind, request):
    library, path = request.getfixturevalue(kind), tmp_path / "a"
    if kind == "arrow":
        write_table(library, path, columns_of(some[0][:, :3], some[1]))
    else:
        with library.File(path, "w") as file:
            file["X"], file["y"] = some[0][:, :3], some[1]
    valid = path.read_bytes()

    @settings(max_examples=60, deadline=None)
    @given(data=st.data())
    def check(data):
        content = bytearray(valid)
        for _ in range(data.draw(st.integers(1, 4))):
            at = data.draw(st.integers(0, len(content)))
            content[at : at + data.draw(st.integers(0, 4))] = data.draw(st.binary(max_size=4))
        path.write_bytes(content)
        try:
            load(path)
        except (CmlpError, OSError) as error:
            assert "\n" not in str(error)

    check()


@pytest.mark.parametrize(
    ("content", "module", "kind"),
    [(b"\x89HDF\r\n\x1a\n", "h5py", "HDF5"), (b"PAR1", "pyarrow", "Apache Arrow or Parquet")],
)
def test_without_the_libraries(tmp_path, monkeypatch, content, module, kind):
    monkeypatch.setitem(sys.modules, module, None)
    (tmp_path / "a").write_bytes(content)
    with pytest.raises(CmlpError) as caught:
        load(tmp_path / "a")
    assert kind in str(caught.value) and str(caught.value).endswith(f'needs {module}: pip install "cmlp[formats]"')
    assert not isinstance(caught.value, DataError)
