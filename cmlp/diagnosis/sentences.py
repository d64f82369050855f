"""What findings of a search say."""

SENTENCES = {
    "inverted": "The {where} are inverted: black and white are swapped.",
    "transposed": "Rows and columns are swapped between training and test images.",
    "mirrored-left-right": "Left and right are swapped between training and test images.",
    "mirrored-up-down": "Top and bottom are swapped between training and test images.",
    "rotated-90": "The test images are turned by 90 degrees (counterclockwise) against the training images.",
    "rotated-180": "The test images are turned by 180 degrees against the training images.",
    "rotated-270": "The test images are turned by 270 degrees (counterclockwise) against the training images.",
    "transposed-rotated-180": "Training and test images are mirrored at the other diagonal.",
    "rotated": "The test images are turned by some degrees against the training images.",
    "slanted": "The test images are slanted against the training images.",
    "zoomed": "What the test images show has another size than in the training images.",
    "shifted": "The {where} are shifted by some pixels.",
    "header-bytes": "The rows of the {where} do not begin at their first pixel, as if a header had been read too.",
    "uncentred": "The test images lie off their centre, each by its own distance, unlike the training images.",
    "permuted-pixels": "The pixels of the {where} stand in another order, the same for all images.",
    "labels-off-by-one": "The labels of training and test data are off by one.",
    "labels-renamed": "The labels of training and test data name the classes differently.",
    "different-scale": "The features of test and training data have different scales.",
    "other-units": "Some columns have other units in the {where} than in the other set.",
    "sentinel-values": "A number that is no measurement stands for missing values in the {where}.",
    "negated-columns": "Some columns have the opposite sign in the {where}.",
    "permuted-columns": "The columns stand in another order in the {where}.",
}
UNDECIDED = {
    "test data": "test data",
    "training data": "training data",
    "both sets": "test data (or the training data)",
}


def sentence(code: str, where: str) -> str:
    """Return what a finding says of "test data", "training data" or "both sets"."""
    return SENTENCES[code].format(where=UNDECIDED[where])
