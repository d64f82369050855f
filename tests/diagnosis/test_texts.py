"""What each finding says, word by word, with numbers of the right kind."""

import re

import numpy as np
import pytest
from sklearn.datasets import load_wine
from support.faults import FAULTS, enlarge, pictures, rows
from support.strangers import PICTURE_FAULTS, TABLE_FAULTS

import cmlp
from cmlp import Dataset
from cmlp.diagnosis import check
from cmlp.diagnosis.sentences import SENTENCES

P, N, R = r"\d+\.\d %", r"[\d,]+", r"-?\d\.\d\d"
SHARE = P
REACHES = rf"a network trained on the training data reaches {P} on rows held out of them"
SEARCHED = rf"{REACHES}, {P} on test data, and {P} with this repair"
LABELS = rf"nearest neighbours have the same label in {SHARE} of the rows"

# what happened to the test data, the code, the verdict and a pattern of what was measured
OF_FAULTS = [
    ("0..255 beside 0..1", "different-scale", "The test images have values in 0..255 and the training images in 0..1.",
     "the ends of the ranges differ by more than 25 % of the wider one"),
    ("integer division", "integer-division",
     "The test data were divided as integers: all but the brightest pixels became 0.",
     rf"2 different values, {N} in the training data; the rest is lost, so read the images again and divide with /"),
    ("inverted", "inverted", "The test data are inverted: black and white are swapped.", SEARCHED),
    ("transposed", "transposed", "Rows and columns are swapped between training and test images.", SEARCHED),
    ("rotated by 90 degrees", "rotated-90",
     "The test images are turned by 90 degrees (counterclockwise) against the training images.", SEARCHED),
    ("rotated by 180 degrees", "rotated-180",
     "The test images are turned by 180 degrees against the training images.", SEARCHED),
    ("rotated by 270 degrees", "rotated-270",
     "The test images are turned by 270 degrees (counterclockwise) against the training images.", SEARCHED),
    ("mirrored, left and right", "mirrored-left-right",
     "Left and right are swapped between training and test images.", SEARCHED),
    ("mirrored, top and bottom", "mirrored-up-down",
     "Top and bottom are swapped between training and test images.", SEARCHED),
    ("shifted by 3 and 2 pixels", "shifted", "The test data are shifted by some pixels.", SEARCHED),
    ("each shifted by up to 4 pixels", "uncentred",
     "The test images lie off their centre, each by its own distance, unlike the training images.", SEARCHED),
    ("padded by 2 pixels", "different-size", "The test images have 1,024 pixels and the training images 784.",
     rf"both must have the same number; {REACHES}, {P} on test data that are cut or padded, {P} on test data that are "
     "resized"),
    ("16 header bytes as pixels", "header-bytes",
     "The first 16 pixels of the test data are the header of an IDX file, and all rows are late.",
     "the first image begins with 0, 0, 8, 3, 0, 0, 1, 104, 0, 0, 0, 28, 0, 0, 0, 28"),
    ("header bytes, floats", "header-bytes",
     "The rows of the test data do not begin at their first pixel, as if a header had been read too.", SEARCHED),
    ("pixels in another order", "permuted-pixels",
     "The pixels of the test data stand in another order, the same for all images.", SEARCHED),
    ("labels off by one", "labels-off-by-one", "The labels of training and test data are off by one.", SEARCHED),
    ("labels renamed", "labels-renamed",
     "The labels of training and test data name the classes differently.", SEARCHED),
    ("a class is missing", "missing-classes",
     "No row of the test data has label 7, which 10.0 % of the training data have.",
     rf"at this share {N} of its {N} rows would be expected"),
    ("reshaped instead of transposed", "reshaped",
     "The images of the test data were reshaped where they should have been transposed.",
     rf"neighbouring pixels correlate by {R}, and {LABELS}; reshaped back, {R} and {SHARE}"),
    ("labels rolled by 1 row", "labels-shifted", "The labels of the test data stand 1 row after their images.",
     rf"{LABELS}, by chance in {SHARE}, and in {SHARE} with the labels moved back"),
    ("labels rolled by -37 rows", "labels-shifted", "The labels of the test data stand 37 rows before their images.",
     rf"{LABELS}, by chance in {SHARE}, and in {SHARE} with the labels moved back"),
    ("random labels", "labels-mismatched",
     "The labels of the test data do not belong to its images: they were shuffled apart, or are random.",
     rf"{LABELS}, by chance in {SHARE}, and no shift of the labels by up to 180 rows changes that"),
    ("half of the labels shuffled", "labels-partly-wrong",
     "A part of the labels of the test data does not belong to its images.",
     rf"a network has {P} of rows 0 to 1[78]\d of the test data right, where {P} would be expected"),
    ("pixels shuffled in each image", "scrambled-pixels",
     "The pixels of each image of the test data stand in an order of its own, which cannot be undone.",
     rf"neighbouring pixels correlate by {R}, and the mean image is flat: its variance is \d\.\d times what chance "
     "leaves, where pictures have more than 2"),
    ("random.shuffle on 2-D arrays", "duplicate-rows",
     "181 of 360 images of the test data are copies of others, and as many may be lost.",
     r"50.3 % of the rows repeat another one, \d+ % of them with another label; random.shuffle on a 2-D array does "
     r"this, rng.permutation\(n\) does not"),
    ("bytes wrapped around", "wrapped-values",
     "Pixels of the test data wrapped around: 128 was subtracted from bytes, or signed bytes were read as unsigned.",
     rf"neighbouring pixels correlate by {R}, with the bytes put right by {R}; pictures have more than 0.35"),
    ("bytes read as int8", "signed-bytes",
     "Pixels of the test data were read as signed bytes, so that 128..255 became -128..-1.",
     rf"neighbouring pixels correlate by {R}, with the bytes put right by {R}; pictures have more than 0.35"),
    ("a quarter of the images empty", "constant-images", "90 of 360 images of the test data are empty.",
     "25.0 % of the images have one value only; up to 1 % would do no harm"),
]  # fmt: skip


@pytest.fixture(scope="module")
def digits():
    return tuple((enlarge(dataset.images), dataset.labels) for dataset in cmlp.load_digits())


def says(report, code, verdict, measured):
    found = next(finding for finding in report if finding.code == code)
    assert found.verdict == verdict
    assert re.fullmatch(measured, found.measured), found.measured


@pytest.mark.parametrize(("what", "code", "verdict", "measured"), OF_FAULTS, ids=[case[0] for case in OF_FAULTS])
def test_what_a_finding_says(what, code, verdict, measured, digits):
    fault = next(fault for fault in FAULTS if fault.what == what)
    says(check(Dataset(*digits[0]), fault.spoil(*digits[1], 255)), code, verdict, measured)


def test_what_a_combination_says(digits):
    fault = next(fault for fault in FAULTS if fault.what == "inverted, labels off by one")
    report = check(Dataset(*digits[0]), fault.spoil(*digits[1], 255))
    says(report, "inverted", SENTENCES["inverted"].format(where="test data"),
         SEARCHED + " together with that of labels-off-by-one")  # fmt: skip


def test_the_other_diagonal(digits):
    images, labels = digits[1]
    mirrored = Dataset(rows(pictures(images)[:, ::-1, ::-1].transpose(0, 2, 1)), labels)
    sentence = "Training and test images are mirrored at the other diagonal."
    says(check(Dataset(*digits[0]), mirrored), "transposed-rotated-180", sentence, SEARCHED)


def test_classes_that_were_never_trained(digits):
    images, labels = digits[0]
    report = check(Dataset(images[labels < 8], labels[labels < 8], classes=10), Dataset(*digits[1]))
    says(report, "missing-classes",
         "No row of the training data has one of the labels 8, 9, which 19.7 % of the test data have.",
         rf"at this share {N} of its {N} rows would be expected")  # fmt: skip


def test_one_class(digits):
    images, labels = digits[0]
    report = check(Dataset(images[labels == 3], labels[labels == 3], classes=10))
    says(
        report,
        "one-class",
        "All labels of the training data are 3: there is nothing to tell apart.",
        f"1 class in {N} rows",
    )


def test_an_unbalanced_set(digits):
    images, labels = digits[0]
    keep = (labels != 3) | (np.cumsum(labels == 3) <= 4)
    report = check(Dataset(images[keep], labels[keep]))
    says(report, "unbalanced",
         "The classes of the training data are of very different size, so the accuracy says little.",
         rf"the largest of 10 classes has {SHARE} of the rows, which a constant answer reaches too, "
         r"the smallest 0\.3 %")  # fmt: skip


def test_other_shares(digits):
    images, labels = digits[1]
    keep = (labels > 6) | (np.arange(len(labels)) % 4 == 0)
    says(check(Dataset(*digits[0]), Dataset(images[keep], labels[keep])), "label-drift",
         "The classes have other shares in the test data than in the training data.",
         rf"{SHARE} of the rows would need another label; up to {SHARE} may be chance")  # fmt: skip


def test_shared_rows(digits):
    (images, labels), (test_images, test_labels) = digits
    leaking = Dataset(np.append(test_images[:-40], images[:40], 0), np.append(test_labels[:-40], labels[:40]))
    says(check(Dataset(images, labels), leaking), "shared-rows",
         "40 of 360 test images are training images too, so the test accuracy flatters.",
         "11.1 % of the test rows are equal to a training row; up to 1 % would do no harm")  # fmt: skip


def test_data_of_another_kind(digits):
    images, labels = digits[1]
    noise = np.random.default_rng(0).integers(0, 256, images.shape, dtype=np.uint8)
    says(check(Dataset(*digits[0]), Dataset(np.maximum(images, noise), labels)), "sets-differ",
         "The test data are unlike the training data, and no repair that was tried explains it.",
         rf"{REACHES} and {P} on test data; tried were polarity, symmetries, angles, sizes, places, the order of the "
         "pixels and names of the labels")  # fmt: skip


def test_tables_of_different_scale():
    table = load_wine()
    order = np.random.default_rng(0).permutation(len(table.data))
    values = (table.data - table.data.mean(0)) / table.data.std(0)
    first, rest = order[:100], order[100:]
    report = check(Dataset(table.data[first], table.target[first]), Dataset(values[rest], table.target[rest]))
    says(report, "different-scale", "The features of test and training data have different scales.", SEARCHED)
    assert report.notes == ("Rows of 13 values are no pictures: their pixels were not looked at.",)


def test_notes(digits):
    images, labels = digits[0]
    mixed = Dataset(images, np.random.default_rng(0).permutation(labels))
    assert check(mixed, Dataset(*digits[1])).notes == (
        "The sets were not compared, as the labels or the pixels of one are in disorder.",
    )
    (reason,) = check(Dataset(images[:15], labels[:15], classes=10), Dataset(*digits[1])).unknown
    assert reason == "the training data have only 15 rows, or too few different ones"
    network = cmlp.Network([784, 10])
    rolled = Dataset(images, np.roll(labels, 37))
    assert check(rolled, Dataset(*digits[1]), network).notes == (
        "The accuracy after the repair is that of a small network, trained on the repaired data.",
    )


def test_every_sentence_is_tested():
    elsewhere = {case.code for case in TABLE_FAULTS + PICTURE_FAULTS} | {"transposed-rotated-180"}
    assert set(SENTENCES) <= {code for _, code, _, _ in OF_FAULTS} | elsewhere
