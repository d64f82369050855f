"""Files of data as people's tools write them, each with what is to be read from it: images, labels, class names.

A maker gets a folder, and the digits as images (n, 64) of bytes and labels; it returns what to load.
"""

import bz2
import gzip
import io
import lzma
import pickle
import struct
import tarfile
import zipfile

import numpy as np

NAMES = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")


def rows(images, labels, *, last=False):
    table = np.column_stack([images, labels] if last else [labels, images])
    return [[str(cell) for cell in row] for row in table.tolist()]


def write(path, text):
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def lines(table, delimiter=",", end="\n"):
    return "".join(delimiter.join(row) + end for row in table)


def text(make, name="file.csv"):
    """Return a maker of one text file."""
    return lambda folder, images, labels: write(folder / name, make(images, labels))


def one_hot(labels, true="1", false="0"):
    return [[true if label == column else false for column in range(10)] for label in labels.tolist()]


def joined(*parts):
    return [[cell for part in row for cell in part] for row in zip(*parts, strict=True)]


def pixels(images):
    return [[str(pixel) for pixel in row] for row in images.tolist()]


def named(labels):
    return [[NAMES[label]] for label in labels.tolist()]


def saved(save, *arguments, **keywords):
    stream = io.BytesIO()
    save(stream, *arguments, **keywords)
    return stream.getvalue()


def idx(array):
    return struct.pack(f">HBB{array.ndim}I", 0, 8, array.ndim, *array.shape) + array.astype(np.uint8).tobytes()


PIXELS = [f"pixel{place}" for place in range(64)]
NUMBERS = [str(place) for place in range(64)]
V = [f'"V{place}"' for place in range(1, 65)]


def get_dummies(images, labels, true="True", false="False"):
    header = [*PIXELS, *(f"label_{digit}" for digit in range(10))]
    return lines([header, *joined(pixels(images), one_hot(labels, true, false))])


def excel_german(images, labels):
    table = [[f"{pixel / 16:.4f}".replace(".", ",") for pixel in row] for row in images.tolist()]
    body = joined([[str(label)] for label in labels.tolist()], table)
    return "sep=;\r\n" + lines([["Label", *PIXELS], *body], ";", "\r\n")


def write_table_of_r(images, labels):
    body = joined([[f'"{row + 1}"'] for row in range(len(labels))], rows(images, labels))
    return lines([['"digit"', *V], *body], " ")


def write_csv_of_r(images, labels):
    body = joined([[f'"{row + 1}"'] for row in range(len(labels))], rows(images, labels))
    return lines([['""', '"digit"', *V], *body])


def r_factor(images, labels):
    body = joined(
        [[f'"{row + 1}"'] for row in range(len(labels))], [[f'"{n}"'] for (n,) in named(labels)], pixels(images)
    )
    return lines([['""', '"class"', *V], *body])


def libsvm(images, labels, zero_based=False):
    first = 0 if zero_based else 1
    return "".join(
        f"{label} " + " ".join(f"{place + first}:{pixel}" for place, pixel in enumerate(row) if pixel) + "\n"
        for row, label in zip(images.tolist(), labels.tolist(), strict=True)
    )


def arff(images, labels, nominal="{0,1,2,3,4,5,6,7,8,9}", words=None):
    header = "% from OpenML\n@relation 'digits'\n" + "".join(f"@ATTRIBUTE {name} real\n" for name in PIXELS)
    cells = [[str(label)] for label in labels.tolist()] if words is None else [[f"'{word}'"] for (word,) in words]
    return f"{header}@ATTRIBUTE class {nominal}\n\n@DATA\n" + lines(joined(pixels(images), cells))


def numpy_header(images, labels):
    return saved(np.savetxt, np.column_stack([labels, images]), "%d", delimiter=" ", header="the label and 64 pixels")


def numpy_names(images, labels):
    header = ",".join(["label", *PIXELS])
    return saved(np.savetxt, np.column_stack([labels, images]), delimiter=",", header=header)


def header_from_a_row(images, labels):
    """As pandas writes a table that it has read without header=None: the first row is lost, its zeros are renamed."""
    seen: dict[str, int] = {}
    header = []
    for cell in rows(images[-1:], labels[-1:])[0]:
        seen[cell] = seen.get(cell, -1) + 1
        header.append(f"{cell}.{seen[cell]}" if seen[cell] else cell)
    return lines([header, *rows(images, labels)])


def dump_twice(folder, images, labels):
    with (folder / "file.pkl").open("wb") as file:
        pickle.dump(images, file)
        pickle.dump(labels, file)
    return folder / "file.pkl"


def pair_of_tables(x, y, header_of_x=None, header_of_y=None):
    def make(folder, images, labels):
        write(folder / x, lines(([header_of_x] if header_of_x else []) + pixels(images)))
        write(
            folder / y,
            lines(([[header_of_y]] if header_of_y is not None else []) + [[str(n)] for n in labels.tolist()]),
        )
        return folder

    return make


def pair_with_index(folder, images, labels):
    numbers = [[str(row)] for row in range(len(labels))]
    write(folder / "X_train.csv", lines([["", *NUMBERS], *joined(numbers, pixels(images))]))
    write(folder / "y_train.csv", lines([["", "0"], *joined(numbers, [[str(n)] for n in labels.tolist()])]))
    return folder


def zipped(folder, images, labels):
    with zipfile.ZipFile(folder / "file.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("digits/README.txt", "Digits.")
        archive.writestr("digits/train-images-idx3-ubyte", idx(images.reshape(-1, 8, 8)))
        archive.writestr("digits/train-labels-idx1-ubyte", idx(labels))
        archive.writestr("__MACOSX/digits/._train-images-idx3-ubyte", b"\0\5\x16\7")
    return folder / "file.zip"


def zipped_table(folder, images, labels):
    with zipfile.ZipFile(folder / "train.csv.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("train.csv", lines([["label", *PIXELS], *rows(images, labels)]))
    return folder / "train.csv.zip"


def tarred(mode):
    def make(folder, images, labels):
        with tarfile.open(folder / "file.tar", f"w:{mode}") as archive:
            for name, array in (("train-images", images.reshape(-1, 8, 8)), ("train-labels", labels)):
                content = gzip.compress(idx(array))
                info = tarfile.TarInfo(f"./mnist/{name}-ubyte.gz")
                info.size = len(content)
                archive.addfile(info, io.BytesIO(content))
        return folder / "file.tar"

    return make


def torchvision(folder, images, labels):
    raw = folder / "data" / "MNIST" / "raw"
    raw.mkdir(parents=True)
    for name, array in (("train-images-idx3-ubyte", images.reshape(-1, 8, 8)), ("train-labels-idx1-ubyte", labels)):
        write(raw / name, idx(array))
        write(raw / f"{name}.gz", gzip.compress(idx(array)))
    return folder / "data"


def qmnist(folder, images, labels):
    write(folder / "qmnist-train-images-idx3-ubyte.gz", gzip.compress(idx(images.reshape(-1, 8, 8))))
    who = np.zeros((len(labels), 8), ">i4")
    who[:, 0], who[:, 2] = labels, 2000 + np.arange(len(labels))
    head = struct.pack(">HBB2I", 0, 12, 2, *who.shape)
    write(folder / "qmnist-train-labels-idx2-int.gz", gzip.compress(head + who.tobytes()))
    return folder


def matlab(make, **options):
    def maker(folder, images, labels):
        from scipy.io import savemat

        savemat(folder / "file.mat", make(images, labels), **options)
        return folder / "file.mat"

    return maker


def on_side(images):
    return images.reshape(-1, 8, 8).transpose(0, 2, 1).reshape(-1, 64)


def by_class(images, labels):
    return {f"train{digit}": images[labels == digit] for digit in range(10)}


def npz(make, name="file.npz"):
    def maker(folder, images, labels):
        made = make(images, labels)
        np.savez(folder / name, *made) if isinstance(made, tuple) else np.savez(folder / name, **made)
        return folder / name

    return maker


# What reads as the digits themselves.
DIGITS = {
    "semeion: one-hot last": text(lambda x, y: lines(joined(pixels(x), one_hot(y)), " "), "semeion.data"),
    "one-hot of floats first": text(lambda x, y: lines(joined(one_hot(y, "1.0000", "0.0000"), pixels(x)), " ")),
    "get_dummies": text(get_dummies),
    "get_dummies of integers": text(lambda x, y: get_dummies(x, y, "1", "0")),
    "one-hot first with names": text(
        lambda x, y: lines([[*(f"y_{n}" for n in range(10)), *PIXELS], *joined(one_hot(y), pixels(x))])
    ),
    "pd.concat([y, X])": text(lambda x, y: lines([["0", *NUMBERS], *rows(x, y)])),
    "pd.concat([X, y])": text(lambda x, y: lines([[*NUMBERS, "0"], *rows(x, y, last=True)])),
    "to_csv with an index": text(
        lambda x, y: lines([["", "label", *NUMBERS], *joined([[str(n)] for n in range(len(y))], rows(x, y))])
    ),
    "to_csv with an index, without names": text(
        lambda x, y: lines([["", "0", *NUMBERS], *joined([[str(n)] for n in range(len(y))], rows(x, y))])
    ),
    "a row as header": text(header_from_a_row),
    "write.table of R": text(write_table_of_r),
    "write.csv of R": text(write_csv_of_r),
    "Excel": text(lambda x, y: "\ufeff" + lines([["Label", *PIXELS], *rows(x, y)], ";", "\r\n")),
    "sep=": text(lambda x, y: "sep=,\r\n" + lines([["Label", *PIXELS], *rows(x, y)], ",", "\r\n")),
    "Unicode text of Excel": text(lambda x, y: lines([["Label", *PIXELS], *rows(x, y)], "\t", "\r\n").encode("utf-16")),
    "UTF-16 without a mark": text(lambda x, y: lines(rows(x, y)).encode("utf-16-be")),
    "old Mac": text(lambda x, y: lines([["Label", *PIXELS], *rows(x, y)], ",", "\r")),
    "pipes": text(lambda x, y: lines(rows(x, y), "|")),
    "optdigits.tra": text(lambda x, y: "# the last is the class\n" + lines(rows(x, y, last=True)), "optdigits.tra"),
    "savetxt with a header": text(numpy_header),
    "savetxt with names": text(numpy_names),
    "comments of MATLAB": text(lambda x, y: "% digits\n\n" + lines(rows(x, y), "\t")),
    "bz2": text(lambda x, y: bz2.compress(lines(rows(x, y)).encode()), "digits.csv.bz2"),
    "xz": text(lambda x, y: lzma.compress(lines(rows(x, y)).encode()), "digits.csv.xz"),
    "LIBSVM": text(libsvm, "digits.libsvm"),
    "LIBSVM of scikit-learn": text(
        lambda x, y: "# Generated by scikit-learn\n# Column indices are zero-based\n" + libsvm(x, y, True), "a.svm"
    ),
    "LIBSVM, compressed": text(lambda x, y: bz2.compress(libsvm(x, y).encode()), "digits.bz2"),
    "ARFF": text(arff, "digits.arff"),
    "ARFF, compressed": text(lambda x, y: gzip.compress(arff(x, y).encode()), "digits.arff.gz"),
    "ARFF with a numeric class": text(lambda x, y: arff(x, y, "NUMERIC")),
    "two pickles": dump_twice,
    "arr_0 and arr_1": npz(lambda x, y: (x, y)),
    "imgs and labs": npz(lambda x, y: {"imgs": x.reshape(-1, 8, 8), "labs": y}),
    "input_data and target_data": npz(lambda x, y: {"input_data": x, "target_data": np.eye(10)[y]}),
    "trX and trY": npz(lambda x, y: {"trX": x, "trY": y}),
    "train_dataset": npz(lambda x, y: {"train_dataset": x, "train_labels": y}),
    "digits of fetch_openml": npz(lambda x, y: {"data": x, "target": y.astype(str)}),
    "X_train and y_train": pair_of_tables("X_train.csv", "y_train.csv"),
    "X_train and y_train of pandas": pair_of_tables("X_train.csv", "y_train.csv", NUMBERS, "0"),
    "X_train and y_train with names": pair_of_tables("X_train.csv", "y_train.csv", PIXELS, "digit"),
    "X_train and y_train with an index": pair_with_index,
    "train_images and train_labels": pair_of_tables("train_images.txt", "train_labels.txt"),
    "zip": zipped,
    "zip of a table": zipped_table,
    "tar": tarred(""),
    "tar.gz": tarred("gz"),
    "tar.xz": tarred("xz"),
    "torchvision": torchvision,
    "QMNIST": qmnist,
    "MATLAB": matlab(lambda x, y: {"X": x, "y": y[:, None]}),
    "MATLAB with columns": matlab(lambda x, y: {"data": x.T, "label": y}),
    "MATLAB, compressed": matlab(lambda x, y: {"fea": x, "gnd": y + 1}, do_compression=True),
    "MATLAB 4": matlab(lambda x, y: {"X": x * 1.0, "y": y * 1.0}, format="4"),
    "the well-known course": matlab(lambda x, y: {"X": on_side(x), "y": np.where(y == 0, 10, y)[:, None]}),
    "MATLAB, on its side": matlab(lambda x, y: {"train_x": on_side(x), "train_y": np.eye(10, dtype=np.uint8)[y]}),
    "EMNIST of MATLAB": matlab(lambda x, y: {"dataset": {"train": {"images": on_side(x), "labels": y[:, None]}}}),
    "MATLAB, three dimensions": matlab(lambda x, y: {"imgs": x.reshape(-1, 8, 8).transpose(1, 2, 0), "labels": y}),
    "USPS of LIBSVM": text(lambda x, y: libsvm(x, y + 1), "usps"),
}  # fmt: skip

# What reads as the digits with names of the classes.
NAMED = {
    "words first": text(lambda x, y: lines(joined(named(y), pixels(x)))),
    "words last": text(lambda x, y: lines(joined(pixels(x), named(y)), ";")),
    "words and a header": text(lambda x, y: lines([["label", *PIXELS], *joined(named(y), pixels(x))])),
    "words and numbered columns": text(lambda x, y: lines([[*NUMBERS, "label"], *joined(pixels(x), named(y))])),
    "words and a name unknown": text(lambda x, y: lines([[*PIXELS, "what it is"], *joined(pixels(x), named(y))])),
    "a factor of R": text(r_factor),
    "get_dummies of words": text(
        lambda x, y: lines(
            [[*PIXELS, *(f"label_{name}" for name in NAMES)], *joined(pixels(x), one_hot(y, "TRUE", "FALSE"))]
        )
    ),
    "ARFF with words": text(lambda x, y: arff(x, y, "{" + ",".join(f"'{name}'" for name in NAMES) + "}", named(y))),
    "MATLAB with words": matlab(lambda x, y: {"X": x, "labels": np.array([NAMES[n] for n in y.tolist()], object)}),
    "npz of words": npz(lambda x, y: {"X": x, "y": np.array(NAMES)[y]}),
    "y_train of words": lambda folder, x, y: [
        write(folder / "X_train.csv", lines(pixels(x))), write(folder / "y_train.csv", lines(named(y))), folder
    ][-1],
}  # fmt: skip
