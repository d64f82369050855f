"""Whatever bytes a file holds, only DataError and OSError come out, within bounded memory."""

import bz2
import gzip
import io
import lzma
import pickle
import random
import struct
import subprocess
import sys
import tarfile
import zipfile
import zlib

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from support.children import command, environment

from cmlp.data.formats import load
from cmlp.errors import CmlpError, DataError

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")  # about columns that were taken for labels
MIB = 1 << 20
IMAGES, LABELS = np.arange(24, dtype=np.uint8).reshape(6, 2, 2), np.array([0, 1, 2, 0, 1, 2], np.uint8)
IMAGES[:, 1, 1] = 9  # as the corners of images are, so that the labels of a table are not in doubt


def saved(save, *arguments, **named):
    stream = io.BytesIO()
    save(stream, *arguments, **named)
    return stream.getvalue()


def idx(array):
    return struct.pack(f">HBB{array.ndim}I", 0, 8, array.ndim, *array.shape) + array.tobytes()


def table(delimiter, header):
    rows = [
        delimiter.join(map(str, [label, *image.ravel().tolist()])) for image, label in zip(IMAGES, LABELS, strict=True)
    ]
    return "\n".join([*header, *rows]).encode()


def libsvm():
    rows = [f"{label} 1:{image[0, 0] + 1} 3:0.5 4:1\n" for image, label in zip(IMAGES, LABELS, strict=True)]
    return "".join(rows).encode()


def arff():
    names = "".join(f"@attribute {name} numeric\n" for name in "abcd")
    rows = b"\n".join(line.partition(b",")[2] + b"," + line[:1] for line in table(",", []).splitlines())
    return f"@relation x\n{names}@attribute class {{0,1,2}}\n@data\n".encode() + rows


def zipped():
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("train-images", idx(IMAGES))
        archive.writestr("train-labels", idx(LABELS))
    return stream.getvalue()


def tarred():
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as archive:
        for name, content in (("train-images", idx(IMAGES)), ("train-labels", idx(LABELS))):
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return stream.getvalue()


# For each format, valid content; the labels of images that stand alone lie beside them.
VALID = {
    "idx": [idx(IMAGES), gzip.compress(idx(IMAGES))],
    "npy": [saved(np.save, IMAGES), saved(np.save, IMAGES.astype(">f4")), gzip.compress(saved(np.save, IMAGES))],
    "npz": [
        saved(np.savez, x_train=IMAGES, y_train=LABELS, x_test=IMAGES, y_test=LABELS),
        saved(np.savez_compressed, images=IMAGES / 24, labels=LABELS),
    ],
    "csv": [
        table(",", ["label,a,b,c,d"]), table(";", []), table(" ", []), gzip.compress(table("\t", [])),
        table(",", ['"label",a,b,c,"d"']).replace(b",2", b",0.5"),
    ],
    "pickle": [
        pickle.dumps(value, protocol)
        for value in ((IMAGES, LABELS), {"train": (IMAGES, LABELS), "test": (IMAGES.tolist(), LABELS.tolist())})
        for protocol in (0, 2, 4)
    ],
    "libsvm": [libsvm(), bz2.compress(libsvm()), b"# zero-based\n" + libsvm()],
    "arff": [arff(), lzma.compress(arff())],
    "words": [
        table(",", ["kind,a,b,c,d"]).replace(b"\n0,", b"\nno,").replace(b"\n1,", b"\none,").replace(b"\n2,", b"\ntwo,")
    ],
    "other tables": [
        table(";", []).replace(b";9", b";9,5"),
        table(",", []).decode().encode("utf-16"),
        table("|", []).replace(b"\n", b"\r"),
        b"sep=;\r\n" + table(";", ["label;a;b;c;d"]),
    ],
    "archives": [zipped(), tarred(), gzip.compress(tarred())],
}  # fmt: skip
STARTS = {
    "idx": b"\0\0\x08\x03", "npy": b"\x93NUMPY\x01\x00v\x00{'descr': '|u1', ", "npz": b"PK\x03\x04", "csv": b"1,2,",
    "pickle": b"\x80\x04", "gzip": b"\x1f\x8b\x08\0\0\0\0\0\0\xff",
}  # fmt: skip
SNIPPETS = [b"\0", b"\xff" * 4, b"\xff" * 8, b"9" * 30, b"-1", b"nan", b"1e999", b",", b"\n", b'"', b"'", b"|O", b"<f8"]


@st.composite
def mutations(draw, kind):
    content = bytearray(draw(st.sampled_from(VALID[kind])))
    for _ in range(draw(st.integers(1, 5))):
        at = draw(st.integers(0, len(content)))
        match draw(st.sampled_from(["change", "insert", "delete", "cut", "splice"])):
            case "change":
                content[at : at + 1] = draw(st.binary(min_size=1, max_size=1))
            case "insert":
                content[at:at] = draw(st.sampled_from(SNIPPETS))
            case "delete":
                del content[at : at + draw(st.integers(1, 9))]
            case "cut":
                del content[at:]
            case "splice":
                other = draw(st.sampled_from(VALID[kind]))
                start = draw(st.integers(0, len(other)))
                content[at:at] = other[start : start + draw(st.integers(1, 40))]
    return bytes(content)


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    folder = tmp_path_factory.mktemp("hostile")
    np.save(folder / "labels", LABELS)
    return folder / "images"


def read(place, content):
    """Load a file and complain in one sentence that names it, or not at all."""
    place.write_bytes(content)
    try:
        load(place)
    except DataError as error:
        assert str(place.parent) in str(error) and "\n" not in str(error), str(error)
    except OSError:
        pass
    except CmlpError as error:
        assert 'pip install "cmlp[formats]"' in str(error)


@pytest.mark.parametrize("kind", VALID)
def test_the_files_that_are_mutated_are_valid(place, kind):
    for content in VALID[kind]:
        place.write_bytes(content)
        assert len(load(place).train) == 6


@pytest.mark.parametrize("kind", VALID)
def test_mutated_files(place, kind):
    @settings(max_examples=300, deadline=None)
    @given(content=mutations(kind))
    def check(content):
        read(place, content)

    check()


@pytest.mark.parametrize("kind", STARTS)
def test_random_bytes(place, kind):
    @settings(max_examples=200, deadline=None)
    @given(content=st.binary(max_size=300))
    @example(content=b"")
    def check(content):
        read(place, STARTS[kind] + content)
        read(place, content)

    check()


@pytest.mark.parametrize("kind", VALID)
def test_truncated_files(place, kind):
    for content in VALID[kind]:
        for size in range(0, len(content), 3):
            read(place, content[:size])


@pytest.mark.exhaustive
@pytest.mark.parametrize("kind", VALID)
def test_many_mutated_files(place, kind):
    generator = random.Random(kind)
    for number in range(50_000):
        content = bytearray(generator.choice(VALID[kind]))
        for _ in range(generator.randint(1, 6)):
            at = generator.randint(0, len(content))
            content[at : at + generator.choice([0, 1, 1, 4])] = generator.choice(
                [generator.randbytes(1), generator.randbytes(4), generator.choice(SNIPPETS), b""]
            )
        try:
            read(place, bytes(content))
        except Exception:
            print(f"mutant {number}, content {bytes(content)!r}")
            raise


def test_mutated_pictures(tmp_path):
    pillow = pytest.importorskip("PIL.Image", reason="Pillow, of the extra cmlp[images], is not installed")
    valid = [saved(pillow.fromarray(np.tile(IMAGES[1], (8, 8))).save, kind) for kind in ("PNG", "JPEG", "BMP")]
    (tmp_path / "0").mkdir()
    (tmp_path / "0" / "a").write_bytes(valid[0])

    @settings(max_examples=300, deadline=None)
    @given(data=st.data())
    def check(data):
        content = bytearray(data.draw(st.sampled_from(valid)))
        for _ in range(data.draw(st.integers(1, 4))):
            at = data.draw(st.integers(0, len(content)))
            content[at : at + data.draw(st.integers(0, 4))] = data.draw(st.binary(max_size=4))
        (tmp_path / "0" / "b").write_bytes(content)
        try:
            load(tmp_path)
        except DataError as error:
            assert str(tmp_path) in str(error)

    check()


# -------------------------------------------------------------------------------------------------------- bombs


def zeros_compressed(size, wbits=31):
    packer = zlib.compressobj(9, zlib.DEFLATED, wbits)
    block = bytes(MIB)
    return b"".join(packer.compress(block) for _ in range(size // MIB)) + packer.flush()


def idx_of(count):
    return struct.pack(">HBB3I", 0, 8, 3, count, 2, 2)


def zip_bomb():
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive, archive.open("x.npy", "w") as member:
        member.write(npy((200 * MIB,)))
        for _ in range(200):
            member.write(bytes(MIB))
    return stream.getvalue()


def zip_with_sizes(size):
    """Say in the directory of a zip file that its array unfolds into so many bytes, and in its header as well."""
    content = bytearray(saved(np.savez, x=IMAGES))
    entry = content.rindex(b"PK\x01\x02")
    content[entry + 24 : entry + 28] = struct.pack("<I", size)
    return bytes(content).replace(b"(6, 2, 2), }", f"({size - 128},), }}".encode().ljust(12)[:12])


def zip_of_many(count):
    """Write a directory of many members, each of which costs its reader ten times its size."""
    entries = b"".join(
        b"PK\x01\x02" + struct.pack("<6H3L5H2L", 20, 20, 0, 0, 0, 0, 0, 0, 0, 6, 0, 0, 0, 0, 0, 0) + b"%06d" % number
        for number in range(count)
    )
    start = b"PK\x03\x04" + bytes(26)
    end = b"PK\x05\x06" + struct.pack("<4H2LH", 0, 0, min(count, 65535), min(count, 65535), len(entries), len(start), 0)
    return start + entries + end


def npy(shape, dtype="|u1"):
    text = f"{{'descr': '{dtype}', 'fortran_order': False, 'shape': {shape}, }}\n".encode()
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text


def png_bomb():
    def chunk(name, content):
        return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))

    header = struct.pack(">IIBBBBB", 30_000, 30_000, 1, 0, 0, 0, 0)
    rows = zeros_compressed(108 * MIB, 15)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


BOMBS = {
    "npy of 32 GiB": (lambda: npy((65536, 65536), "<f8"), "must hold 34,359,738,368 bytes"),
    "npy with a long header": (lambda: b"\x93NUMPY\x02\x00" + b"\xff" * 4, "must have a header of at most"),
    "IDX of 2^32 images": (lambda: idx_of(2**32 - 1), "must hold 17,179,869,180 bytes"),
    "gzip of IDX": (lambda: gzip.compress(idx_of(50 * MIB) + bytes(200 * MIB), 1), "must decompress to at most"),
    "gzip of a table": (lambda: gzip.compress(b"1,2\n" * (50 * MIB), 1), "must decompress to at most"),
    "zip of 200 MiB": (zip_bomb, "must decompress to at most"),
    "zip that claims 4 GiB": (lambda: zip_with_sizes(2**32 - 2), "must decompress to at most"),
    "zip that claims 60 MiB": (lambda: zip_with_sizes(60 * MIB), "is damaged"),
    "zip of many members": (lambda: zip_of_many(400_000), "is a damaged zip file: its directory is too long"),
    "one long line": (lambda: b"1,2\n" + b"1," * (40 * MIB), "must have at most 1,048,576 bytes"),
    "blank lines": (lambda: b"0,1\n" + b"\n" * (8 * MIB) + b"1,0x1\n", "must hold numbers, got '0x1' in"),
    "a wide table": (lambda: b"1," * (MIB // 2 - 9) + b"1\n" + b"1,1", "must have 524,280 columns, got 2"),
}  # fmt: skip

on_linux = pytest.mark.skipif(sys.platform != "linux", reason="limits the memory of a process and reads /proc")


def outcome(path, limit):
    """Load a source in a process that may grow by so many bytes, and return by how many it did, and the result."""
    run = subprocess.run(command("support.reading", path, limit), capture_output=True, text=True, env=environment())
    assert run.returncode == 0, run.stderr
    grown, text = run.stdout.split(" ", 1)
    return int(grown), text


@on_linux
@pytest.mark.parametrize(("make", "words"), BOMBS.values(), ids=BOMBS)
def test_a_bomb_is_refused_within_twice_its_size(tmp_path, make, words):
    path = tmp_path / "images"
    path.write_bytes(make())
    (tmp_path / "labels").write_bytes(idx(LABELS))
    size = path.stat().st_size
    unfolded = size if "decompress" not in words else 64 * MIB + 64 * size
    allowed = 2 * unfolded + 64 * MIB
    grown, text = outcome(path, allowed)
    assert text.startswith("DataError: ") and words in text
    assert grown <= allowed


@on_linux
def test_a_picture_that_is_a_bomb(tmp_path):
    pytest.importorskip("PIL.Image", reason="Pillow, of the extra cmlp[images], is not installed")
    (tmp_path / "0").mkdir()
    (tmp_path / "0" / "a.png").write_bytes(png_bomb())
    grown, text = outcome(tmp_path, 200 * MIB)
    assert text.startswith(f"DataError: {tmp_path / '0' / 'a.png'} ")
    assert grown <= 64 * MIB


def large(kind):
    images = np.random.default_rng(0).integers(0, 256, (16_000, 784), dtype=np.uint8)
    labels = np.arange(16_000) % 10
    match kind:
        case "npz":
            return saved(np.savez_compressed, images=images, labels=labels), images.nbytes
        case "idx":
            return idx(images), images.nbytes
        case "csv":
            rows = "".join(
                f"{label},{','.join(map(str, row))}\n" for row, label in zip(images.tolist(), labels, strict=True)
            )
            return rows.encode(), len(rows)
        case "csv of floats":
            text = b"label,a,b,c,d,e,f,g\n" + b"0,0.5,1,0,1,0,1,0\n1,1,0.5,0,1,0,1,1\n" * 400_000
            return text, len(text)


@on_linux
@pytest.mark.parametrize("kind", ["npz", "idx", "csv", "csv of floats"])
def test_a_large_file_takes_at_most_twice_its_size(tmp_path, kind):
    content, size = large(kind)
    (tmp_path / "images").write_bytes(content)
    (tmp_path / "labels").write_bytes(idx((np.arange(16_000) % 10).astype(np.uint8)))
    limit = 2 * size + 64 * MIB
    if kind == "csv of floats":
        limit += 32 * MIB  # for the labels and images that Dataset checks
    grown, text = outcome(tmp_path / "images", limit)
    assert text.startswith("Sets(train=Dataset(")
    assert grown <= limit
