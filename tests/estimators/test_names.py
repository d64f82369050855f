"""What classes and features are called crosses from an estimator to its network, and to all that is made of it."""

import json
import warnings

import numpy as np
import pytest
from sklearn import neural_network

import cmlp
from cmlp import MLPClassifier, MLPRegressor, Network
from cmlp.export.c import c_header
from cmlp.export.page.content import page_content

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
RNG = np.random.default_rng(0)
X = RNG.standard_normal((30, 3))
FEATURES = ("length", "width, in cm", "wei\N{LATIN SMALL LETTER SHARP S}")


@pytest.fixture
def frame():
    return pytest.importorskip("pandas").DataFrame(X, columns=list(FEATURES))


def fitted(y, X=X, kind=MLPClassifier):
    return kind(hidden_layer_sizes=(4,), max_iter=2, random_state=0).fit(X, y)


def exported(network, tmp_path):
    """Return what a file, ONNX, C and a page say of the names."""
    onnx = pytest.importorskip("onnx")
    network.save(tmp_path / "network.cmlp")
    network.to_onnx(tmp_path / "network.onnx")
    proto = onnx.load(tmp_path / "network.onnx")
    page = page_content(network.model, None)
    return {
        "file": Network.load(tmp_path / "network.cmlp"),
        "onnx": {entry.key: json.loads(entry.value) for entry in proto.metadata_props},
        "input": proto.graph.input[0].type.tensor_type.elem_type,
        "c": c_header(network.model),
        "page": page,
    }


def test_classes_and_features_cross(frame, tmp_path):
    network = fitted(np.array(["lynx", "cat", "dog"])[np.arange(30) % 3], frame).network_
    assert network.class_names == ("cat", "dog", "lynx")
    assert network.settings["feature_names"] == list(FEATURES)
    found = exported(network, tmp_path)
    assert found["file"].class_names == network.class_names
    assert found["file"].settings["feature_names"] == list(FEATURES)
    assert found["onnx"] == {"class_names": ["cat", "dog", "lynx"], "feature_names": list(FEATURES)}
    assert 'network_class_names[NETWORK_FAN_OUT] = {\n    "cat",\n    "dog",\n    "lynx",' in found["c"]
    assert 'network_feature_names[NETWORK_FAN_IN] = {\n    "length",\n    "width\\054 in cm",' in found["c"]
    assert "network_feature_names has the name of each input" in found["c"].replace("\n * ", " ")
    assert found["page"]["names"] == network.class_names and found["page"]["inputs"] == FEATURES


def test_the_one_output_of_two_classes_is_called_as_the_second(tmp_path):
    network = fitted(np.array(["cat", "dog"])[np.arange(30) % 2]).network_
    assert network.class_names == ("dog",)
    found = exported(network, tmp_path)
    assert found["onnx"] == {"class_names": ["dog"]} and found["page"]["inputs"] is None


@pytest.mark.parametrize(
    ("classes", "names"),
    [
        ([0, 1, 2], ("0", "1", "2")),
        ([1.0, 3.0, 2.0], ("1.0", "2.0", "3.0")),
        (["", "a", "b"], None),
        (["a\nb", "a", "b"], None),
        (["a", "a", "a"], None),
        ([False, True, False], ("True",)),
    ],
    ids=str,
)
def test_classes_are_names_where_a_file_can_hold_them(classes, names, tmp_path):
    network = fitted(np.array(classes)[np.arange(30) % 3]).network_
    assert network.class_names == names
    network.save(tmp_path / "network.cmlp")
    assert Network.load(tmp_path / "network.cmlp").class_names == names


def test_numbers_have_features_with_names_too(frame, tmp_path):
    found = exported(fitted(X[:, 0], frame, MLPRegressor).network_, tmp_path)
    assert found["onnx"] == {"feature_names": list(FEATURES)}


@pytest.mark.parametrize("names", [None, 3, "abc", ["a", "b"], ["a", "b", 3], [["a"], ["b"], ["c"]]], ids=str)
def test_a_file_may_hold_anything_for_names(names, tmp_path):
    network = fitted(X[:, 0], kind=MLPRegressor).network_
    network.settings["feature_names"] = names
    found = exported(network, tmp_path)
    assert found["onnx"] == {} and "feature_names" not in found["c"] and found["page"]["inputs"] is None


BYTES = (X * 10 + 99).astype(np.uint8)


@pytest.mark.parametrize(("given", "wanted"), [(X, 11), (X.astype(np.float32), 1), (BYTES, 2)], ids=["64", "32", "8"])
def test_the_input_of_an_export_is_that_of_the_fit(given, wanted, tmp_path):
    """Of the types of ONNX, 11 is double, 1 float, and 2 uint8."""
    model = fitted(np.arange(30) % 3, given)
    assert exported(model.network_, tmp_path)["input"] == wanted
    runtime = pytest.importorskip("onnxruntime")
    outputs = runtime.InferenceSession(tmp_path / "network.onnx").run(["outputs"], {"images": given})[0]
    np.testing.assert_allclose(outputs, model.predict_proba(given), rtol=1e-4, atol=1e-6)


CHANGES = {
    "same": lambda frame: frame,
    "other order": lambda frame: frame[list(frame)[::-1]],
    "one less": lambda frame: frame[list(frame)[:-1]],
    "one more": lambda frame: frame.assign(more=1.0),
    "another name": lambda frame: frame.rename(columns={FEATURES[0]: "other"}),
    "numbers for names": lambda frame: frame.set_axis(range(3), axis="columns"),
    "names and numbers": lambda frame: frame.set_axis(["a", 1, "c"], axis="columns"),
    "no names": lambda frame: frame.to_numpy(),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
@pytest.mark.parametrize("name", ["MLPClassifier", "MLPRegressor"])
def test_columns_of_a_frame_are_taken_as_scikit_learn_takes_them(frame, name, change):
    y, said = np.arange(30) % 3, []
    for library in (neural_network, cmlp):
        model = getattr(library, name)(hidden_layer_sizes=(3,), max_iter=3, random_state=0).fit(frame, y)
        calls = [model.predict, getattr(model, "predict_proba", model.predict)]
        calls += [lambda x, model=model: model.score(x, y), lambda x, model=model: model.partial_fit(x, y)]
        for call in calls:
            with warnings.catch_warnings(record=True) as caught:
                warnings.simplefilter("always")
                try:
                    call(change(frame))
                    outcome = ""
                except (TypeError, ValueError) as error:
                    outcome = f"{type(error).__name__}: {error}"
            said.append((outcome, [str(each.message) for each in caught]))
    assert said[:4] == said[4:]


def test_names_are_those_of_the_last_fit(frame):
    model = fitted(np.array(["a", "b", "c"])[np.arange(30) % 3], frame)
    model.fit(X, np.arange(30) % 2)
    assert model.network_.class_names == ("1",)
    assert "feature_names" not in model.network_.settings
