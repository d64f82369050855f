"""Every refusal says what the file is, as a person would, and what to do; and no library's own words."""

import gzip
import io
import zipfile

import pytest

from cmlp import ModelError, Network


def zip_of(**members):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name, content in members.items():
            archive.writestr(name.replace("__", "/"), content)
    return stream.getvalue()


FILES = {
    "a pointer": (b"version https://git-lfs.github.com/spec/v1\noid sha256:ab\n", "pointer of Git LFS .* git lfs pull"),
    "a page": (b"<!DOCTYPE html>\n<html><head><title>Sign in</title>", "a page of HTML, .* download it again"),
    "404": (b"404: Not Found", "the error message of a server .* download it again"),
    "Not Found": (b"Not Found", "the error message of a server"),
    "moved": (b"Moved Permanently. Redirecting to /model.pt", "the error message of a server"),
    "a spreadsheet": (zip_of(xl__workbook="x"), "a spreadsheet"),
    "an old spreadsheet": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "a spreadsheet, and no network"),
    "a zip file": (zip_of(a="x"), "a zip file, and holds no network"),
    "a picture": (b"\x89PNG\r\n\x1a\n" + bytes(30), "one picture, and no network"),
    "a document": (b"%PDF-1.7", "a document of PDF, and no network"),
    "a script": (b"import torch\nnet = 3\n", "a program, and no network"),
    "TensorFlow Lite": (b"\x1c\0\0\0TFL3" + bytes(30), "TensorFlow Lite, which is not read: save it from Keras"),
    "MATLAB 7.3": (b"MATLAB 7.3 MAT-file, Platform: GLNXA64", "a MAT file of version 7.3, which is not read: save"),
    "a configuration": (b'{"class_name": "Sequential", "config": {}}', "without its weights, which is not read"),
    "FANN": (b"FANN_FLO_2.1\nnum_layers=3\n", "a network of FANN"),
    "gzip": (gzip.compress(b"a text"), "compressed with gzip, .* decompress it first"),
    "nothing": (b"", "is empty"),
    "a table": (b"label,a,b\n1,2,3\n0,1,2\n", "in the format CSV, which cmlp.load reads"),
    "noise": (bytes(range(200, 250)), "no file of a network that is known here, and begins with"),
    "HDF5": (b"\x89HDF\r\n\x1a\n" + bytes(60), "a damaged file of HDF5"),
    "safetensors": ((2**40).to_bytes(8, "little") + b'{"a": 1}', "not a safetensors file, or is damaged"),
}  # fmt: skip


@pytest.mark.parametrize(("content", "sentence"), FILES.values(), ids=FILES)
@pytest.mark.parametrize("read", [Network.load, Network.from_torch, Network.from_onnx], ids=["load", "torch", "onnx"])
def test_what_a_file_is(tmp_path, read, content, sentence):
    path = tmp_path / "model.pt"
    path.write_bytes(content)
    with pytest.raises(ModelError) as refused:
        read(path)
    message = str(refused.value)
    assert message.startswith(str(path)) and message.isprintable() and "header too large" not in message
    if read is Network.load:
        with pytest.raises(ModelError, match=sentence.replace(" git", ' "git')):
            read(path)


def test_a_folder_of_tensorflow(tmp_path):
    (tmp_path / "saved_model.pb").touch()
    with pytest.raises(ModelError, match=r"a SavedModel, which holds a program: model.save\('model.keras'\)"):
        Network.load(tmp_path)
    (tmp_path / "saved_model.pb").unlink()
    with pytest.raises(IsADirectoryError):
        Network.load(tmp_path)
