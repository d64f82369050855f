"""The face of the core to Python: a network's parameters, and what can be computed with them."""

from cpython.exc cimport PyErr_CheckSignals
from libc.stdint cimport uint8_t, uint16_t
from libc.stdlib cimport calloc, free

import numpy as np

cimport numpy as cnp

from cmlp.core.batches cimport (
    DENSE,
    FLOAT32,
    FLOAT64,
    IN_PLACE,
    SPARSE,
    UINT8,
    Samples,
    Way,
    gather_inputs,
    gather_targets,
)
from cmlp.core.feedforward cimport feedforward
from cmlp.core.losses cimport differentiate
from cmlp.core.model cimport QUADRATIC, SIGMOID, Layer, Model, Workspace
from cmlp.core.prediction cimport BLOCK, predict
from cmlp.core.training cimport mini_batch_gradient, train_mini_batches

from cmlp.core.blas_threads import single_blas_thread

cnp.import_array()

cdef enum:
    ALIGNMENT = 64                     # bytes: a cache line, and the widest vector register
    SPARE = 64                         # what a vector can reach beyond the end of an array
    WORK_BETWEEN_SIGNALS = 50_000_000  # multiplications, some milliseconds: then Python may see a Ctrl-C
    LARGEST_SPARSE = 65_535            # pixels, whose positions have 16 bits
    FEWEST_SPARSE = 16                 # images, of fewer it is not worth counting the pixels
    LOOKED_AT = 256                    # images whose pixels are counted

MOST_NONZERO = 0.5  # of the pixels; above, the products of BLAS with all of them are faster


def aligned_empty(size, dtype):
    """Return an uninitialised vector whose memory begins at a multiple of ALIGNMENT bytes, with SPARE behind it."""
    cdef cnp.ndarray memory = np.empty(ALIGNMENT + size * dtype.itemsize + SPARE, np.uint8)
    cdef size_t offset = -<size_t> cnp.PyArray_DATA(memory) % ALIGNMENT

    return memory[offset:offset + size * dtype.itemsize].view(dtype)


cdef Samples describe(cnp.ndarray images, double scale, cnp.ndarray labels=None):
    """Describe images (n, features) and labels (n,) to the kernels."""
    cdef Samples samples
    cdef int type_number = cnp.PyArray_TYPE(images)

    if type_number == cnp.NPY_UINT8:
        samples.pixel = UINT8
    elif type_number == cnp.NPY_FLOAT32:
        samples.pixel = FLOAT32
    else:
        samples.pixel = FLOAT64
    samples.way = DENSE
    samples.images = cnp.PyArray_BYTES(images)
    samples.image_stride = cnp.PyArray_STRIDE(images, 0)
    samples.pixel_stride = cnp.PyArray_STRIDE(images, 1)
    samples.scale = scale
    samples.labels = NULL if labels is None else <Py_ssize_t*> cnp.PyArray_DATA(labels)
    return samples


cdef Way gathering(cnp.ndarray images):
    """Return how images are best gathered that have to be."""
    if len(images) < FEWEST_SPARSE or images.shape[1] > LARGEST_SPARSE:
        return DENSE
    some = images[:LOOKED_AT]
    return SPARSE if np.count_nonzero(some) <= MOST_NONZERO * some.size else DENSE


cdef class Memory:
    """A Workspace, and the arrays that it points into."""

    cdef Workspace work
    cdef list arrays
    cdef cnp.ndarray nabla

    cdef void* room(self, Py_ssize_t size, dtype):
        array = aligned_empty(size, np.dtype(dtype))
        self.arrays.append(array)
        return cnp.PyArray_DATA(array)


cdef Memory memory_for(Engine engine, Py_ssize_t n, Way way, bint gradient):
    """Return the memory for a pass of n images, forwards only or for the gradient."""
    cdef Memory memory = Memory()
    cdef Workspace* work = &memory.work
    cdef int fan_in = engine.model.fan_in

    memory.arrays = []
    work.activations = memory.room(n * engine.model.units, engine.dtype)
    if way == DENSE:
        work.images = memory.room(n * fan_in, engine.dtype)
    elif way == SPARSE:
        work.flags = <uint8_t*> memory.room(fan_in, np.uint8)
        work.found = <uint8_t*> memory.room(fan_in + 64, np.uint8)
        work.inputs.begins = <Py_ssize_t*> memory.room(n + 1, np.intp)
        work.inputs.pixels = <uint16_t*> memory.room(n * fan_in + 64, np.uint16)
        work.inputs.values = memory.room(n * fan_in, engine.dtype)
    if gradient:
        work.targets = memory.room(n * engine.model.fan_out, engine.dtype)
        work.deltas = memory.room(n * engine.model.units, engine.dtype)
        memory.nabla = aligned_empty(engine.model.n_parameters, engine.dtype)
        work.nabla = cnp.PyArray_DATA(memory.nabla)
    return memory


cdef class Engine:
    """The parameters of a network of the given sizes, and the computations that need them.

    Nothing is checked here. Images are arrays (n, sizes[0]) of uint8, float32 or float64 with any strides and
    n > 0; uint8 pixels are multiplied by `scale`. Labels are contiguous arrays (n,) of intp, each below
    sizes[-1].
    """

    cdef Model model
    cdef readonly tuple sizes
    cdef readonly cnp.dtype dtype
    cdef readonly cnp.ndarray parameters  # every weight and bias, in one aligned vector
    cdef bint single_precision

    def __cinit__(self, sizes, dtype):
        cdef Layer* layer

        self.sizes = tuple(sizes)
        self.dtype = np.dtype(dtype)
        self.single_precision = self.dtype == np.float32
        self.model.depth = len(sizes) - 1
        self.model.fan_in, self.model.fan_out = sizes[0], sizes[self.model.depth]
        self.model.loss = QUADRATIC
        self.model.layers = <Layer*> calloc(self.model.depth, sizeof(Layer))
        if self.model.layers == NULL:
            raise MemoryError
        for l in range(self.model.depth):
            layer = &self.model.layers[l]
            layer.fan_in, layer.fan_out = sizes[l], sizes[l + 1]
            layer.activation = SIGMOID
            layer.weights = self.model.n_parameters
            layer.biases = layer.weights + layer.fan_in * <Py_ssize_t> layer.fan_out
            layer.units = self.model.units
            self.model.n_parameters = layer.biases + layer.fan_out
            self.model.units += layer.fan_out
        self.parameters = aligned_empty(self.model.n_parameters, self.dtype)
        self.parameters.fill(0)

    def __dealloc__(self):
        free(self.model.layers)

    def views(self, vector):
        """Return the weights (fan_out, fan_in) and the biases (fan_out,) of each layer, as views of a vector."""
        cdef Layer* layer

        weights, biases = [], []
        for l in range(self.model.depth):
            layer = &self.model.layers[l]
            weights.append(vector[layer.weights:layer.biases].reshape(layer.fan_in, layer.fan_out).T)
            biases.append(vector[layer.biases:layer.biases + layer.fan_out])
        return weights, biases

    def outputs(self, cnp.ndarray images, double scale):
        """Return the output activations (n, sizes[-1]); of the images no more than a block is ever copied."""
        cdef Samples samples = describe(images, scale)
        cdef Py_ssize_t n = len(images)
        cdef cnp.ndarray outputs = np.empty((n, self.model.fan_out), self.dtype)
        cdef void* theta = cnp.PyArray_DATA(self.parameters)
        cdef void* y = cnp.PyArray_DATA(outputs)
        cdef Memory memory

        in_place = images.dtype == self.dtype and images.flags.c_contiguous
        samples.way = IN_PLACE if in_place else gathering(images)
        memory = memory_for(self, min(n, BLOCK), samples.way, False)
        with single_blas_thread(), nogil:
            if self.single_precision:
                predict(&self.model, <float*> theta, &samples, n, &memory.work, y)
            else:
                predict(&self.model, <double*> theta, &samples, n, &memory.work, y)
        return outputs

    def activations(self, cnp.ndarray images, double scale):
        """Return what every layer with weights makes of the images, each (n, fan_out)."""
        cdef Samples samples = describe(images, scale)
        cdef int n = len(images)
        cdef int features = self.model.fan_in
        cdef Memory memory = memory_for(self, n, samples.way, False)
        cdef Workspace* work = &memory.work
        cdef void* theta = cnp.PyArray_DATA(self.parameters)

        with single_blas_thread(), nogil:
            if self.single_precision:
                gather_inputs(&samples, NULL, n, features, work, <float*> work.images, <float*> NULL)
                feedforward(&self.model, <float*> theta, &work.inputs, <float*> work.activations, n)
            else:
                gather_inputs(&samples, NULL, n, features, work, <double*> work.images, <double*> NULL)
                feedforward(&self.model, <double*> theta, &work.inputs, <double*> work.activations, n)
        layers = np.split(memory.arrays[0], [n * self.model.layers[l].units for l in range(1, self.model.depth)])
        return [layer.reshape(n, fan_out) for layer, fan_out in zip(layers, self.sizes[1:], strict=True)]

    def loss(self, cnp.ndarray outputs, cnp.ndarray labels):
        """Return the loss of contiguous outputs (n, sizes[-1]), summed over the images."""
        cdef int n = len(outputs), classes = self.model.fan_out
        cdef Samples samples = describe(outputs, 1, labels)
        cdef cnp.ndarray targets = np.empty_like(outputs), derivative = np.empty_like(outputs)
        cdef void* y = cnp.PyArray_DATA(targets)
        cdef void* d = cnp.PyArray_DATA(derivative)
        cdef const void* a = cnp.PyArray_DATA(outputs)

        if self.single_precision:
            gather_targets(&samples, NULL, n, classes, <float*> y)
            return differentiate(self.model.loss, <float*> a, <float*> y, <float*> d, outputs.size, <float> 1)
        gather_targets(&samples, NULL, n, classes, <double*> y)
        return differentiate(self.model.loss, <double*> a, <double*> y, <double*> d, outputs.size, <double> 1)

    def gradient(self, cnp.ndarray images, cnp.ndarray labels, double scale):
        """Return the summed loss, and the mean gradient (n_parameters,) where that loss is finite."""
        cdef Samples samples = describe(images, scale, labels)
        cdef int n = len(images)
        cdef void* theta = cnp.PyArray_DATA(self.parameters)
        cdef Memory memory
        cdef double loss

        samples.way = gathering(images)
        memory = memory_for(self, n, samples.way, True)
        with single_blas_thread(), nogil:
            if self.single_precision:
                loss = mini_batch_gradient(&self.model, <float*> theta, &samples, NULL, n, &memory.work)
            else:
                loss = mini_batch_gradient(&self.model, <double*> theta, &samples, NULL, n, &memory.work)
        return loss, memory.nabla

    def train(self, cnp.ndarray images, cnp.ndarray labels, double scale, cnp.ndarray order,
              int mini_batch_size, double eta):
        """Take a step of SGD for each mini-batch of the images named by `order`, contiguous intp.

        Return the summed loss of the mini-batches, each before its step, and how many images they hold: fewer
        than `order` names where the loss of the next mini-batch is not finite.
        """
        cdef Samples samples = describe(images, scale, labels)
        cdef const Py_ssize_t* o = <const Py_ssize_t*> cnp.PyArray_DATA(order)
        cdef void* theta = cnp.PyArray_DATA(self.parameters)
        cdef Py_ssize_t n = len(order), done = 0, end = 0
        cdef Py_ssize_t mini_batches = 1 + WORK_BETWEEN_SIGNALS // (self.model.n_parameters * mini_batch_size)
        cdef Memory memory
        cdef double loss = 0

        samples.way = gathering(images)
        memory = memory_for(self, mini_batch_size, samples.way, True)
        while done == end < n:
            end = min(n, done + mini_batches * mini_batch_size)
            with single_blas_thread(), nogil:
                if self.single_precision:
                    done = train_mini_batches(&self.model, <float*> theta, &samples, o, done, end,
                                              mini_batch_size, eta, &memory.work, &loss)
                else:
                    done = train_mini_batches(&self.model, <double*> theta, &samples, o, done, end,
                                              mini_batch_size, eta, &memory.work, &loss)
            PyErr_CheckSignals()
        return loss, done
