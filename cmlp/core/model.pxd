"""What a network is, and the memory of a pass through it, as a kernel reads them without any Python object."""

from libc.stdint cimport uint8_t, uint16_t

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
    int n_parameters    # an integer of BLAS


cdef struct Inputs:           # the images of a mini-batch
    const void* images        # (fan_in, n), or NULL: then only what is not zero in them
    Py_ssize_t* begins        # (n + 1,), where an image begins among
    uint16_t* pixels          # the pixels that are not zero
    void* values              # and their values


cdef struct Workspace:        # room for n images; matrices of float or double, stored by columns
    Inputs inputs
    void* images              # (fan_in, n)
    uint8_t* flags            # (fan_in,), whether the pixels of one image are not zero
    uint8_t* found            # (fan_in + 64,), those of them that are not
    void* targets             # (fan_out, n)
    void* activations         # of every layer, in turn (layer.fan_out, n)
    void* deltas              # dC/dz, the same
    void* nabla               # (n_parameters,)
