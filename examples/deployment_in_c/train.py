"""Train a network on the built-in digits, save it, and write the test images for the program in C."""

import numpy as np

import cmlp

train, test = cmlp.load_digits()
network = cmlp.Network([64, 30, 10], activation="relu", loss="cross_entropy", initializer="he_normal", dtype="float32")
network.train(train, 30, 0.005, mini_batch_size=32, optimizer="adam", schedule="cosine")
network.save("digits.cmlp")

np.column_stack([test.images, test.labels]).astype(np.uint8).tofile("test.bin")  # 64 pixels and a label, 360 times
print(f"{network.test(test):.2f} % right in Python")
