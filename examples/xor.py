"""Learn exclusive or (XOR), which one layer cannot and two layers can."""

import numpy as np

import cmlp

inputs = np.array([[0, 0], [0, 1], [1, 0], [1, 1]], dtype=float)
targets = np.array([[0], [1], [1], [0]])

for sizes in ([2, 1], [2, 3, 1]):
    network = cmlp.Network(sizes, loss="binary_cross_entropy")
    network.train((inputs, targets), 2000, 1.0, mini_batch_size=4)
    print(network)
    for pair, output in zip(inputs, network(inputs), strict=True):
        print(f"    {pair[0]:.0f} xor {pair[1]:.0f} = {output[0]:.2f}")
