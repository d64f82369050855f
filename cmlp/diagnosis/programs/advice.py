"""What notes advise: the keywords of `cmlp.check` that would help, in words that scripts can replace by their own."""

FORWARD = "pass forward=, a function that takes the network and images and returns its outputs"
FIT = "pass fit=, a function that takes the network and the training data, and its settings"
TIME = "seconds= gives it more"
