"""What a network is, and the memory of a pass through it: a kernel reads both without touching a Python object."""

ctypedef fused floating:
    float
    double


cdef enum Activation:
    SIGMOID


cdef enum Loss:
    QUADRATIC


cdef struct Layer:
    int fan_in
    int fan_out
    Activation activation
    Py_ssize_t weights  # where W (fan_out, fan_in) begins in the parameter vector
    Py_ssize_t biases   # where b (fan_out,) begins
    Py_ssize_t units    # how many units the earlier layers have: the layer's place among the activations


cdef struct Model:
    int depth           # how many layers have weights
    Layer* layers       # (depth,)
    int fan_in          # of the first layer
    int fan_out         # of the last layer
    Loss loss
    Py_ssize_t units    # of all layers with weights
    Py_ssize_t n_parameters


cdef struct Workspace:  # room for n images; matrices of float or double, stored by columns
    void* images        # (fan_in, n)
    void* targets       # (fan_out, n)
    void* activations   # of every layer, in turn (layer.fan_out, n)
    void* deltas        # dC/dz, the same
    void* nabla         # (n_parameters,)
