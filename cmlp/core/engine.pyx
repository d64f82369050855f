"""The face of the core to Python: a network's parameters, and what can be computed with them."""

from cpython.exc cimport PyErr_CheckSignals
from libc.stdint cimport uint64_t
from libc.stdlib cimport calloc, free

import numpy as np

cimport numpy as cnp

from cmlp.core.arrays cimport check_array
from cmlp.core.batches cimport Samples, attach
from cmlp.core.checks cimport check_network, check_number, check_order
from cmlp.core.memory cimport Batch, Memory, describe_one, memory_for
from cmlp.core.model cimport Layer, Model
from cmlp.core.prediction cimport BLOCK, Prediction, predict_all, predict_in_double, predict_in_float, predict_one
from cmlp.core.state cimport OptimizerState, RunningLoss
from cmlp.core.training cimport (
    MOST_THREADS,
    Crew,
    Plan,
    mini_batch_gradient,
    parts_of,
    run_threads,
    train_in_double,
    train_in_float,
)

from cmlp.core.activations import ACTIVATIONS, KEEP_Z
from cmlp.core.arrays import aligned_empty
from cmlp.core.blas_threads import single_blas_thread
from cmlp.core.losses import FUSED, LOSSES, MEANS

cnp.import_array()

cdef enum:
    WORK_BETWEEN_SIGNALS = 1_000_000_000  # multiplications, some hundredths of a second
    UNIT = 250  # multiplications that take as long as the activation of a unit
    PIXEL = 8   # the same, of fetching a pixel


cdef Py_ssize_t blocks_of(Py_ssize_t n):
    """Return into how many blocks prediction divides n images."""
    return (n + BLOCK - 1) // BLOCK


cdef double added(double[::1] values):
    """Return the sum of values (n,), added one after the other."""
    cdef double total = 0

    for value in values:
        total += value
    return total


cdef class Engine:
    """The parameters of a network, and the computations that need them.

    Kernels trust what they are given. So arrays are checked when a `Batch` is made of them, and here, whether they fit
    the network.

    Parameters
    ----------
    sizes : tuple of int
    activations : sequence of str
        One per layer with weights.
    loss : str
    dropouts : sequence of float
        One per layer with weights: the share of its units that training leaves out.
    dtype : numpy.dtype
        float32 or float64.

    Raises
    ------
    TypeError, ValueError, KeyError
        If these describe no network.
    """

    cdef Model model
    cdef readonly tuple sizes
    cdef readonly cnp.dtype dtype
    cdef readonly cnp.ndarray parameters  # every weight and bias, in one aligned vector
    cdef bint single_precision
    cdef tuple kind               # the arguments before the type

    def __cinit__(self, sizes, activations, loss, dropouts, dtype):
        cdef Model* model = &self.model
        cdef Layer* layer

        self.sizes = tuple(sizes)
        self.kind = (self.sizes, tuple(activations), loss, tuple(dropouts))
        self.dtype = np.dtype(dtype)
        check_network(self.sizes, activations, loss, dropouts, self.dtype)
        self.single_precision = self.dtype == np.float32
        model.depth = len(sizes) - 1
        model.fan_in, model.fan_out = sizes[0], sizes[model.depth]
        model.loss = LOSSES[loss]
        model.loss_factor = 1.0 / model.fan_out if loss in MEANS else 0.5 if loss == "half_squared_error" else 1
        model.fused = FUSED.get(loss) == activations[model.depth - 1]
        model.layers = <Layer*> calloc(model.depth, sizeof(Layer))
        if model.layers == NULL:
            raise MemoryError
        for l in range(model.depth):
            layer = &model.layers[l]
            layer.fan_in, layer.fan_out = sizes[l], sizes[l + 1]
            layer.activation = ACTIVATIONS[activations[l]]
            layer.keeps_z = activations[l] in KEEP_Z or (l == model.depth - 1 and model.fused)
            layer.dropout = dropouts[l]
            model.drops |= layer.dropout > 0
            layer.weights = model.n_parameters
            layer.biases = layer.weights + layer.fan_in * <Py_ssize_t> layer.fan_out
            layer.units = model.units
            model.n_parameters = <int> (layer.biases + layer.fan_out)
            model.units += layer.fan_out
        self.parameters = aligned_empty(model.n_parameters, self.dtype)
        self.parameters.fill(0)

    def __dealloc__(self):
        free(self.model.layers)

    def copy(self, dtype):
        """Return the same network with a copy of its parameters, of another type or not."""
        engine = Engine(*self.kind, np.dtype(dtype))
        engine.parameters[...] = self.parameters
        return engine

    @property
    def drops(self):
        """Whether training leaves any units out."""
        return self.model.drops

    def views(self, vector):
        """Return the weights (fan_out, fan_in) and the biases (fan_out,) of each layer, as views of a vector."""
        cdef Layer* layer

        weights, biases = [], []
        for l in range(self.model.depth):
            layer = &self.model.layers[l]
            weights.append(vector[layer.weights:layer.biases].reshape(layer.fan_in, layer.fan_out).T)
            biases.append(vector[layer.biases:layer.biases + layer.fan_out])
        return weights, biases

    def outputs(self, Batch batch not None, int threads=1):
        """Return the output activations (n, sizes[-1]); of the images each thread copies no more than a block.

        An exception that a signal raises, like KeyboardInterrupt, ends it.
        """
        return self._outputs(batch, threads, None, None)

    def output_of_one(self, image, double scale):
        """Return the output activations (sizes[-1],) of one image, or None if it is not a plain array (sizes[0],).

        For a small network this takes no longer than a few calls of Python functions.
        """
        cdef Samples samples
        cdef cnp.npy_intp size = self.model.fan_out
        cdef int type_number = cnp.PyArray_TYPE(self.parameters), failed
        cdef cnp.ndarray outputs

        if not describe_one(&samples, image, self.model.fan_in, type_number):
            return None
        samples.scale = scale
        outputs = cnp.PyArray_EMPTY(1, &size, type_number, 0)
        if self.single_precision:
            failed = predict_one(&self.model, <float*> cnp.PyArray_DATA(self.parameters), &samples,
                                 <float*> cnp.PyArray_DATA(outputs))
        else:
            failed = predict_one(&self.model, <double*> cnp.PyArray_DATA(self.parameters), &samples,
                                 <double*> cnp.PyArray_DATA(outputs))
        if failed:
            raise MemoryError
        return outputs

    def evaluate(self, Batch batch not None, int threads=1):
        """Return the output activations, the weighted loss, and the sum of the weights."""
        losses, weights = np.empty((2, blocks_of(batch.n)))
        outputs = self._outputs(batch, threads, losses, weights)
        return outputs, added(losses), added(weights)

    cdef cnp.ndarray _outputs(self, Batch batch, int threads, cnp.ndarray losses, cnp.ndarray weights):
        cdef cnp.ndarray outputs = np.empty((batch.n, self.model.fan_out), self.dtype)
        cdef Samples samples
        cdef bint single = self.single_precision
        cdef Py_ssize_t blocks = blocks_of(batch.n), begin, slice
        cdef Prediction prediction
        cdef Memory memory

        batch.check_fits(&self.model, losses is not None)
        samples = batch.samples_for(self.dtype, True)
        threads = max(1, min(threads, blocks, MOST_THREADS))
        memories = [memory_for(&self.model, self.dtype, min(batch.n, BLOCK), samples.way, losses is not None)
                    for _ in range(threads)]
        for thread, memory in enumerate(memories):
            prediction.works[<int> thread] = memory.work
        prediction.model, prediction.parameters = &self.model, cnp.PyArray_DATA(self.parameters)
        prediction.samples, prediction.n = &samples, batch.n
        prediction.outputs = cnp.PyArray_DATA(outputs)
        prediction.losses = NULL if losses is None else <double*> cnp.PyArray_DATA(losses)
        prediction.weights = NULL if losses is None else <double*> cnp.PyArray_DATA(weights)
        slice = threads * (1 + WORK_BETWEEN_SIGNALS // (BLOCK * self._work_of_one()))
        with single_blas_thread():
            for begin in range(0, blocks, slice):
                prediction.end = min(begin + slice, blocks)
                with nogil:
                    prediction.block = begin
                    if run_threads(predict_in_float if single else predict_in_double, &prediction, threads):
                        run_threads(predict_in_float if single else predict_in_double, &prediction, 1)
                PyErr_CheckSignals()
        return outputs

    cdef Py_ssize_t _work_of_one(self):
        """Return how many multiplications take about as long as one image on its way through the network."""
        return self.model.n_parameters + UNIT * self.model.units + PIXEL * <Py_ssize_t> self.model.fan_in

    def activations(self, Batch batch not None):
        """Return what every layer with weights makes of the images, each (n, fan_out)."""
        cdef int n = check_number(batch, 0)
        cdef Samples samples = batch.samples_for(self.dtype, False)
        cdef Memory memory
        cdef void* theta = cnp.PyArray_DATA(self.parameters)

        batch.check_fits(&self.model, False)
        memory = memory_for(&self.model, self.dtype, n, samples.way, False)
        with single_blas_thread(), nogil:
            if self.single_precision:
                predict_all(&self.model, <float*> theta, &samples, n, &memory.work)
            else:
                predict_all(&self.model, <double*> theta, &samples, n, &memory.work)
        layers = np.split(memory.activations, [n * self.model.layers[l].units for l in range(1, self.model.depth)])
        return [layer.reshape(n, fan_out) for layer, fan_out in zip(layers, self.sizes[1:], strict=True)]

    def gradient(self, Batch batch not None):
        """Return the weighted loss, the sum of the weights, and, where the loss is finite, the mean gradient.

        Dropout and penalties have no part in it.
        """
        cdef int n = check_number(batch, 1)
        cdef Samples samples = batch.samples_for(self.dtype, False)
        cdef Memory memory
        cdef void* theta = cnp.PyArray_DATA(self.parameters)
        cdef double loss, weight = 0

        batch.check_fits(&self.model, True)
        memory = memory_for(&self.model, self.dtype, n, samples.way, True)
        with single_blas_thread(), nogil:
            if self.single_precision:
                loss = mini_batch_gradient(&self.model, <float*> theta, &samples, n, &memory.work, &weight)
            else:
                loss = mini_batch_gradient(&self.model, <double*> theta, &samples, n, &memory.work, &weight)
        return loss, weight, memory.nabla

    def chunk(self, mini_batch_size):
        """Return how many images `train` should be given at a time, to answer a Ctrl-C in between."""
        return mini_batch_size * (1 + WORK_BETWEEN_SIGNALS // (int(self._work_of_one()) * mini_batch_size))

    def train(self, Batch batch not None, cnp.ndarray order not None, Py_ssize_t begin, Py_ssize_t end,
              cnp.ndarray etas not None, OptimizerState state not None, options, cnp.ndarray average=None,
              uint64_t dropout_key=0, int threads=1, RunningLoss running=None):
        """Take a step for each mini-batch of the images named by order[begin:end], contiguous intp.

        `etas` holds a float64 for each mini-batch of the whole order, and `options` attributes like those of `Plan`.
        Return the weighted loss of the mini-batches, each before its step, the sum of their weights, and where it
        stopped: before the end where the loss of the next mini-batch is not finite. All three are in `running`, too,
        as soon as the parameters are what they will be.
        """
        cdef cnp.ndarray part = check_order(order, begin, end, batch.n)
        cdef Samples samples = batch.samples_for(self.dtype, False)
        cdef bint single = self.single_precision
        cdef Memory memory
        cdef int failed
        cdef Plan plan
        cdef Crew crew

        plan.mini_batch_size = options.mini_batch_size
        if plan.mini_batch_size < 1:
            raise ValueError(f"mini_batch_size must be positive, got {plan.mini_batch_size}")
        check_array(etas, "etas", cnp.NPY_FLOAT64, (len(order) + plan.mini_batch_size - 1) // plan.mini_batch_size)
        if average is not None:
            check_array(average, "average", cnp.PyArray_TYPE(self.parameters), self.model.n_parameters)
            if not cnp.PyArray_ISWRITEABLE(average):
                raise ValueError("average must be writeable")
        state.check_fits(self.model.n_parameters, self.dtype)
        batch.check_fits(&self.model, True)
        if running is None:
            running = RunningLoss()
        memory = memory_for(&self.model, self.dtype, min(len(order), plan.mini_batch_size), samples.way, True)
        plan.etas = <const double*> cnp.PyArray_DATA(etas)
        plan.penalties.l1, plan.penalties.l2 = options.l1, options.l2
        plan.penalties.clip_norm, plan.penalties.clip_value = options.clip_norm or 0, options.clip_value or 0
        plan.penalties.max_norm = options.max_norm or 0
        plan.shared_penalties = options.shared_penalties
        plan.averaging = 0 if average is None else options.averaging
        plan.average = NULL if average is None else cnp.PyArray_DATA(average)
        attach(&samples, &memory.work)
        memory.work.drops = self.model.drops
        memory.work.dropout_key = dropout_key
        crew.model, crew.parameters = &self.model, cnp.PyArray_DATA(self.parameters)
        crew.samples, crew.order = &samples, <const Py_ssize_t*> cnp.PyArray_DATA(part)
        crew.begin, crew.end, crew.stopped = begin, end, begin
        crew.plan, crew.optimizer, crew.work = &plan, &state.optimizer, &memory.work
        crew.loss = crew.weight = 0
        crew.barrier.arrived = crew.barrier.phase = 0
        crew.barrier.threads = max(1, min(threads, parts_of(&self.model, plan.mini_batch_size), MOST_THREADS))
        with single_blas_thread(), nogil:
            failed = run_threads(train_in_float if single else train_in_double, &crew, crew.barrier.threads)
            if failed:  # the system gives no more threads
                crew.barrier.threads = 1
                run_threads(train_in_float if single else train_in_double, &crew, 1)
            running.done = crew.stopped  # here, because to leave the context may run Python code
            running.loss += crew.loss
            running.weight += crew.weight
        return crew.loss, crew.weight, crew.stopped
