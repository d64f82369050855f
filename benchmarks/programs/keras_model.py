# Keras 3: a Sequential model, compiled, trained by its own fit.
import os

os.environ.setdefault("KERAS_BACKEND", "jax")

import keras
from keras import layers


def build_model(learning_rate=0.1):
    keras.utils.set_random_seed(7)
    model = keras.Sequential([
        keras.Input(shape=(784,)),
        layers.Dense(64, activation="relu", name="hidden"),
        layers.Dense(10, activation="softmax", name="output"),
    ])
    model.compile(
        optimizer=keras.optimizers.SGD(learning_rate=learning_rate),
        loss=keras.losses.SparseCategoricalCrossentropy(),
        metrics=["accuracy"],
    )
    return model


def case(x, y, test_x, test_y):
    x_train, y_train = x.astype("float32"), y
    x_test, y_test = test_x.astype("float32"), test_y
    model = build_model(learning_rate=0.1)
    return (x_train, y_train), (x_test, y_test), {"network": model, "epochs": 8, "batch_size": 32}
