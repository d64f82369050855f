"""What a network is, and the memory of a pass through it, as a kernel reads them without any Python object."""

from libc.stdint cimport int32_t, uint8_t, uint64_t

cdef extern from "simd_sizes.h":  # which says what is in them
    ctypedef struct Field:
        int height
        int width
        int down
        int across
        Py_ssize_t row
        Py_ssize_t moved
        const float* columns
        const float* down_weights
        const float* across_weights

    ctypedef struct Line:
        float x
        float step_x
        float y
        float step_y

ctypedef fused floating:
    float
    double


cdef struct LayerSpec:
    int fan_in
    int fan_out
    int activation      # see activations.pyx
    bint keeps_z        # whether going backwards takes z, and not only the activation
    double dropout      # the share of units left out in training
    bint normalised     # whether z is normalised over the mini-batch; b is then added to what that gives
    Py_ssize_t weights  # where W (fan_out, fan_in) begins in the parameter vector
    Py_ssize_t biases   # where b (fan_out,) begins
    Py_ssize_t units    # how many units the earlier layers have: the layer's offset among the activations
    Py_ssize_t gammas   # of a normalised layer: where the factors (fan_out,) begin
    Py_ssize_t means    # where the running averages of the means (fan_out,) begin
    Py_ssize_t variances  # and those of the variances (fan_out,), right after them


cdef struct NetworkSpec:
    int depth           # how many layers have weights
    LayerSpec* layers   # (depth,)
    int fan_in          # of the first layer
    int fan_out         # of the last layer
    int loss            # see losses.pyx
    double loss_factor  # what the sum over the outputs is multiplied by
    bint fused          # whether the loss comes with the derivative of the last layer's activation
    bint drops          # whether any layer leaves units out in training
    bint normalises     # whether any layer is normalised
    Py_ssize_t units    # of all layers with weights
    int n_parameters    # an integer of BLAS
    int n_trained       # of them, those that steps move; after them come the running averages


cdef enum:
    MAX_PARTS = 8             # into which a mini-batch is divided among threads


cdef struct Distortion:       # how pictures are distorted, at most
    Field field
    int channels
    bint planar               # whether the channels follow each other, and not the pixels
    double rotation           # radians
    double scale              # a share of each length
    double shear
    double shift              # pixels
    double elastic            # the standard deviation of the field, in pixels
    double thickness          # pixels
    double noise              # its standard deviation


cdef struct Inputs:           # the images of a mini-batch
    const void* images        # (fan_in, n), or NULL: then only what is not zero in them
    Py_ssize_t* begins        # (n,), where an image begins among
    Py_ssize_t* ends          # (n,), and ends
    int32_t* pixels           # the pixels that are not zero, in ascending order
    void* values              # and their values


cdef struct Workspace:        # buffers for n images; matrices of float or double, stored by columns
    Inputs inputs
    void* images              # (fan_in, n)
    uint8_t* flags            # (fan_in, MAX_PARTS), whether the pixels of one image are not zero
    uint8_t* nonzero          # (fan_in + 64, MAX_PARTS), those of them that are not
    void* tiles               # (TILE_WIDTH * TILE_ROWS bytes, MAX_PARTS), or NULL where the first layer is narrow
    Py_ssize_t* cursors       # (max(fan_in, n), MAX_PARTS), how far the columns are that are multiplied by tiles
    Inputs transposed         # the images by pixels; in place of `pixels`, the images in which a pixel is not zero
    void* targets             # (fan_out, n)
    void* weights             # (n,)
    void* zs                  # of every layer, in turn (layer.fan_out, n), where the layer keeps it
    void* activations         # the same
    void* kept                # the activations that dropout left; the activations where there is none
    void* deltas              # dC/dz, the same
    void* nabla               # (n_parameters,)
    bint by_averages          # whether layers are normalised by their running averages, as in prediction
    void* normalised          # of every layer, in turn (layer.fan_out, n), z after it was normalised
    double* moments           # of every layer, in turn (2 * layer.fan_out, MAX_PARTS), sums of each part, forwards
    double* slopes            # the same, backwards
    void* shared              # of every layer, in turn (4 * layer.fan_out, MAX_PARTS), what parts make of all sums
    const Distortion* distortion  # of the images, or NULL
    uint64_t distortion_key   # what becomes of an image follows from it, and from the image's number
    char* scratch             # (scratch_size, MAX_PARTS bytes), where images are distorted
    Py_ssize_t scratch_size
    bint drops                # whether dropout acts
    uint64_t dropout_key      # what is left out follows from it, and from the image's place in the epoch


cdef struct Part:             # some images of a mini-batch, for one thread
    int n                     # how many images the mini-batch has
    int parts                 # into how many parts it is divided
    Py_ssize_t first          # the place in the epoch of the first of them
    int begin
    int end
    int index
