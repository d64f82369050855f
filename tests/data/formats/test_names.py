"""What the names of files and arrays say."""

import pytest

from cmlp.data.formats.names import pairs_of, role_of, some_names
from cmlp.errors import DataError
from cmlp.utils.text import escaped


@pytest.mark.parametrize(
    ("name", "role"),
    [
        ("x_train", ("train", "images", ())),
        ("Y_Train", ("train", "labels", ())),
        ("xtest", ("test", "images", ())),
        ("t10k-labels-idx1-ubyte.gz", ("test", "labels", ())),
        ("train-images.idx3-ubyte", ("train", "images", ())),
        ("test/test_images.pkl", ("test", "images", ())),
        ("val_labels", ("validation", "labels", ())),
        ("y_data", (None, "labels", ())),
        ("train_image_labels", ("train", "labels", ())),
        ("target_names", (None, "labels", ("names",))),
        ("mnist_train.csv", ("train", None, ("mnist",))),
        ("train_test_x", (None, "images", ())),
        ("", (None, None, ())),
        ("contrast", (None, None, ("contrast",))),
    ],
)
def test_roles(name, role):
    assert role_of(name)[:3] == role


def test_the_earliest_word_wins():
    names = ["data", "target", "images", "target_names"]
    assert pairs_of(names, "x") == {"train": ("images", "target")}
    assert pairs_of(reversed(names), "x") == {"train": ("images", "target")}


def test_plain_names_win_over_others():
    assert pairs_of(["x", "y", "raw_x", "raw_y"], "x") == {"train": ("x", "y")}


def test_names_without_a_part_are_the_training_data():
    assert pairs_of(["images", "labels", "test_images", "test_labels"], "x") == {
        "train": ("images", "labels"),
        "test": ("test_images", "test_labels"),
    }


def test_names_that_do_not_belong_together():
    assert (
        pairs_of([], "x") == pairs_of(["images", "test_labels"], "x") == pairs_of(["a_images", "b_labels"], "x") == {}
    )


def test_several_data_sets_are_refused():
    names = ["digits-images", "digits-labels", "letters-images", "letters-labels"]
    with pytest.raises(
        DataError,
        match=r"^folder must hold one data set, got digits, letters: name the training images of one of them$",
    ):
        pairs_of(names, "folder")


def test_half_a_part_is_refused():
    with pytest.raises(DataError, match=r"^file must hold labels for x_test, got images only$"):
        pairs_of(["x_train", "y_train", "x_test"], "file")
    with pytest.raises(DataError, match=r"^file must hold images for y_test, got labels only$"):
        pairs_of(["x_train", "y_train", "y_test"], "file")


def test_names_in_complaints_are_escaped_and_few():
    assert escaped("a\x1b[2J\n\u20ac") == "a\\x1b[2J\\n\\u20ac"
    assert len(escaped("x" * 1000)) == 80
    assert some_names(str(number) for number in range(1009)) == "0, 1, 2, 3, 4, 5, 6, 7 and 1,001 more"
    assert some_names([]) == "nothing"
