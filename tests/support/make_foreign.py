"""Write tests/storage/files/foreign.zip: files of PyTorch, Keras and ONNX, and what these libraries answered for them.

``python tests/support/make_foreign.py`` needs torch, keras, onnx and safetensors, which the tests do not.
"""

import os
import pickle
import zipfile
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

FILE = Path(__file__).parents[1] / "storage" / "files" / "foreign.zip"
INPUTS = np.random.default_rng(0).standard_normal((4, 6)).astype(np.float32)


def torch_files(folder):
    """Write files of PyTorch; yield their names and the outputs of the module."""
    import torch
    from safetensors.torch import save_file
    from torch import nn

    torch.manual_seed(0)
    x = torch.from_numpy(INPUTS)
    net = nn.Sequential(nn.Linear(6, 5), nn.ReLU(), nn.Linear(5, 5), nn.ReLU(), nn.Linear(5, 3))
    state = net.state_dict()
    answer = torch.softmax(net(x), 1).detach().numpy()
    optimizer = torch.optim.Adam(net.parameters())
    net(x).sum().backward()
    optimizer.step()
    optimizer.zero_grad()
    answer = torch.softmax(net(x), 1).detach().numpy()
    state = net.state_dict()
    checkpoint = {"epoch": 1, "model_state_dict": state, "optimizer_state_dict": optimizer.state_dict()}
    torch.save(state, folder / "state.pt")
    torch.save(state, folder / "older.pth", _use_new_zipfile_serialization=False)
    torch.save(checkpoint, folder / "checkpoint.pt")
    save_file(state, folder / "state.safetensors")
    (folder / "state.pkl").write_bytes(pickle.dumps(state))
    for name in ("state.pt", "older.pth", "checkpoint.pt", "state.safetensors", "state.pkl"):
        yield name, answer
    whole = nn.Sequential(nn.Linear(6, 4), nn.GELU(), nn.Dropout(), nn.Linear(4, 3), nn.Softmax(dim=1)).eval()
    torch.save(whole, folder / "whole.pt")
    yield "whole.pt", whole(x).detach().numpy()
    for name, activation in {"gelu": nn.GELU(), "silu": nn.SiLU(), "leaky": nn.LeakyReLU(0.01)}.items():
        layers = [nn.Flatten(), nn.Linear(6, 5), activation, nn.Linear(5, 4, bias=False), activation, nn.Linear(4, 3)]
        module = nn.Sequential(*layers).eval()
        torch.onnx.export(module, x, folder / f"{name}.onnx", dynamo=False)
        yield f"{name}.onnx", module(x).detach().numpy()


def keras_files(folder):
    """Write files of Keras; yield their names and the outputs of the model."""
    os.environ.setdefault("KERAS_BACKEND", "torch")
    import keras
    from keras import layers

    rng = np.random.default_rng(1)
    sequential = [layers.Dense(5, activation="relu"), layers.Dropout(0.2), layers.Dense(4, activation="tanh", name="b")]
    models = {"sequential": keras.Sequential([keras.Input((6,)), *sequential, layers.Dense(3, activation="softmax")])}
    image = keras.Input((2, 3))
    hidden = layers.ELU()(
        layers.Dense(4)(layers.Activation("gelu")(layers.Dense(5, use_bias=False)(layers.Flatten()(image))))
    )
    models["functional"] = keras.Model(image, layers.Dense(1, activation="sigmoid")(hidden))
    models["sequential"].compile("adam", "sparse_categorical_crossentropy")
    for name, model in models.items():
        model.set_weights([w + rng.normal(0, 0.3, w.shape) for w in model.get_weights()])
        answer = model.predict(INPUTS.reshape(-1, *model.input_shape[1:]), verbose=0)
        for ending in ("keras", "h5"):
            model.save(folder / f"{name}.{ending}")
            yield f"{name}.{ending}", answer
    relu = keras.Sequential(
        [keras.Input((6,)), layers.Dense(5, activation="relu"), layers.Dense(3, activation="softmax")]
    )
    relu.save_weights(folder / "relu.weights.h5")
    yield "relu.weights.h5", relu.predict(INPUTS, verbose=0)
    inner = keras.Sequential([keras.Input((6,)), layers.Dense(6, activation="relu"), layers.Dropout(0.2)])
    nested = keras.Sequential([keras.Input((6,)), inner, layers.Dense(3, activation="softmax")])

    class Own(keras.Model):
        def __init__(self):
            super().__init__()
            self.out = layers.Dense(3, activation="softmax")
            self.h2, self.h1 = (layers.Dense(6, activation="relu") for _ in range(2))

        def call(self, x):
            return self.out(self.h2(self.h1(x)))

    for name, model in {"nested": nested, "own": Own()}.items():
        answer = model.predict(INPUTS, verbose=0)
        model.save_weights(folder / f"{name}.weights.h5")
        yield f"{name}.weights.h5", answer


def main():
    with TemporaryDirectory() as name, zipfile.ZipFile(FILE, "w", zipfile.ZIP_DEFLATED) as archive:
        folder = Path(name)
        answers = dict([*torch_files(folder), *keras_files(folder)])
        np.savez(folder / "answers.npz", inputs=INPUTS, **answers)
        for file in sorted(folder.iterdir()):
            archive.writestr(zipfile.ZipInfo(file.name), file.read_bytes(), zipfile.ZIP_DEFLATED)


if __name__ == "__main__":
    main()
