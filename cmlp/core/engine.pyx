"""The face of the core to Python: a network's parameters, and what can be computed with them."""

from cpython.exc cimport PyErr_CheckSignals
from libc.stdint cimport uint64_t

import numpy as np

cimport cython
cimport numpy as cnp

from cmlp.core.arrays cimport check_array
from cmlp.core.checks cimport check_number, check_order
from cmlp.core.data_source cimport DataSource
from cmlp.core.distorter cimport Distorter
from cmlp.core.gather cimport DataPointers, bind_inputs, slice_from
from cmlp.core.layouts cimport describe_image
from cmlp.core.network_parameters cimport NetworkParameters
from cmlp.core.prediction cimport BLOCK, PredictionJob, predict_all, predict_in_double, predict_in_float, predict_one
from cmlp.core.state cimport OptimizerState, RunningLoss
from cmlp.core.training cimport (
    MAX_THREADS,
    TrainingJob,
    mini_batch_gradient,
    parts_of,
    run_threads,
    train_in_double,
    train_in_float,
)
from cmlp.core.updates cimport Plan
from cmlp.core.workspace cimport Buffers, allocate_buffers

from cmlp.core.blas_threads import single_blas_thread

cnp.import_array()

cdef enum:
    WORK_BETWEEN_SIGNALS = 1_000_000_000  # multiplications, some hundredths of a second
    UNIT = 250  # multiplications that take as long as the activation of a unit
    PIXEL = 8   # the same, of fetching a pixel


cdef Py_ssize_t blocks_of(Py_ssize_t n):
    """Return into how many blocks prediction divides n images."""
    return (n + BLOCK - 1) // BLOCK


cdef double sequential_sum(double[::1] values):
    """Return the sum of values (n,), added one after the other."""
    cdef double total = 0

    for value in values:
        total += value
    return total


cdef class Engine(NetworkParameters):
    """The parameters of a network, and the computations that need them.

    Kernels trust what they are given. So arrays are checked when a `DataSource` is made of them, and here, whether they
    fit the network.
    """

    def copy(self, dtype):
        """Return the same network with a copy of its parameters, of another type or not."""
        engine = Engine(*self.kind, np.dtype(dtype), self.normalised)
        engine.parameters[...] = self.vector
        return engine

    def outputs(self, DataSource source not None, int threads=1):
        """Return the output activations (n, sizes[-1]); of the images each thread copies no more than a block.

        An exception that a signal raises, like KeyboardInterrupt, ends it.
        """
        return self._outputs(source, threads, None, None)

    def output_of_one(self, image, double scale):
        """Return the output activations (sizes[-1],) of one image, or None if it is not a plain array (sizes[0],).

        For a small network this takes no longer than a few calls of Python functions.
        """
        cdef DataPointers data
        cdef cnp.npy_intp size = self.network.fan_out
        cdef int type_number = cnp.PyArray_TYPE(self.vector), failed
        cdef cnp.ndarray outputs

        if not describe_image(&data, image, self.network.fan_in, type_number):
            return None
        data.scale = scale
        outputs = cnp.PyArray_EMPTY(1, &size, type_number, 0)
        if self.single_precision:
            failed = predict_one(&self.network, <float*> cnp.PyArray_DATA(self.vector), &data,
                                 <float*> cnp.PyArray_DATA(outputs))
        else:
            failed = predict_one(&self.network, <double*> cnp.PyArray_DATA(self.vector), &data,
                                 <double*> cnp.PyArray_DATA(outputs))
        if failed:
            raise MemoryError
        return outputs

    def evaluate(self, DataSource source not None, int threads=1):
        """Return the output activations, the weighted loss, and the sum of the weights."""
        losses, weights = np.empty((2, blocks_of(source.n)))
        outputs = self._outputs(source, threads, losses, weights)
        return outputs, sequential_sum(losses), sequential_sum(weights)

    cdef cnp.ndarray _outputs(self, DataSource source, int threads, cnp.ndarray losses, cnp.ndarray weights):
        cdef cnp.ndarray outputs = np.empty((source.n, self.network.fan_out), self.dtype)
        cdef DataPointers data
        cdef bint single = self.single_precision
        cdef Py_ssize_t blocks = blocks_of(source.n), begin, step
        cdef PredictionJob job
        cdef Buffers buffers

        source.check_fits(&self.network, losses is not None)
        data = source.pointers_for(self.dtype, True)
        threads = max(1, min(threads, blocks, MAX_THREADS))
        all_buffers = [
            allocate_buffers(&self.network, self.dtype, min(source.n, BLOCK), data.layout, losses is not None)
            for _ in range(threads)
        ]
        for thread, buffers in enumerate(all_buffers):
            buffers.work.by_averages = True
            job.works[<int> thread] = buffers.work
        job.network, job.parameters = &self.network, cnp.PyArray_DATA(self.vector)
        job.data, job.n = &data, source.n
        job.outputs = cnp.PyArray_DATA(outputs)
        job.losses = NULL if losses is None else <double*> cnp.PyArray_DATA(losses)
        job.weights = NULL if losses is None else <double*> cnp.PyArray_DATA(weights)
        step = threads * (1 + WORK_BETWEEN_SIGNALS // (BLOCK * self._work_per_image()))
        with single_blas_thread():
            for begin in range(0, blocks, step):
                job.end = min(begin + step, blocks)
                with nogil:
                    job.block = begin
                    if run_threads(predict_in_float if single else predict_in_double, &job, threads):
                        run_threads(predict_in_float if single else predict_in_double, &job, 1)
                PyErr_CheckSignals()
        return outputs

    cdef Py_ssize_t _work_per_image(self):
        """Return how many multiplications take about as long as one image on its way through the network."""
        return self.network.n_parameters + UNIT * self.network.units + PIXEL * <Py_ssize_t> self.network.fan_in

    def activations(self, DataSource source not None):
        """Return what every layer with weights makes of the images, each (n, fan_out)."""
        cdef int n = check_number(source, 0, source.n, 0)
        cdef DataPointers data = source.pointers_for(self.dtype, True)
        cdef Buffers buffers
        cdef void* theta = cnp.PyArray_DATA(self.vector)

        source.check_fits(&self.network, False)
        buffers = allocate_buffers(&self.network, self.dtype, n, data.layout, False)
        with single_blas_thread(), nogil:
            if self.single_precision:
                predict_all(&self.network, <float*> theta, &data, n, &buffers.work)
            else:
                predict_all(&self.network, <double*> theta, &data, n, &buffers.work)
        layers = np.split(buffers.activations, [n * self.network.layers[l].units for l in range(1, self.network.depth)])
        return [layer.reshape(n, fan_out) for layer, fan_out in zip(layers, self.sizes[1:], strict=True)]

    def gradient(self, DataSource source not None, Py_ssize_t begin=0, end=None):
        """Return the weighted loss, the sum of the weights, and, where the loss is finite, the mean gradient.

        Of all images, or of those from `begin` to `end`. Dropout and penalties have no part in it.
        """
        cdef int n = check_number(source, begin, source.n if end is None else end, 1)
        cdef DataPointers data = source.pointers_for(self.dtype, True)
        cdef Buffers buffers
        cdef void* theta = cnp.PyArray_DATA(self.vector)
        cdef double loss, weight = 0

        source.check_fits(&self.network, True)
        data = slice_from(&data, begin, self.network.fan_out)
        buffers = allocate_buffers(&self.network, self.dtype, n, data.layout, True)
        with single_blas_thread(), nogil:
            if self.single_precision:
                loss = mini_batch_gradient(&self.network, <float*> theta, &data, n, &buffers.work, &weight)
            else:
                loss = mini_batch_gradient(&self.network, <double*> theta, &data, n, &buffers.work, &weight)
        return loss, weight, buffers.nabla

    def chunk(self, mini_batch_size):
        """Return how many images `train` should be given at a time, to answer a Ctrl-C in between."""
        return mini_batch_size * (1 + WORK_BETWEEN_SIGNALS // (int(self._work_per_image()) * mini_batch_size))

    def train(self, DataSource source not None, cnp.ndarray order not None, Py_ssize_t begin, Py_ssize_t end,
              cnp.ndarray etas not None, OptimizerState state not None, options, cnp.ndarray average=None,
              uint64_t dropout_key=0, int threads=1, RunningLoss running=None, Distorter distorter=None,
              uint64_t distortion_key=0):
        """Take a step for each mini-batch of the images named by order[begin:end], contiguous intp.

        `etas` holds a float64 for each mini-batch of the whole order, and `options` attributes like those of `Plan`.
        Return the weighted loss of the mini-batches, each before its step, the sum of their weights, and where it
        stopped: before the end where the loss of the next mini-batch is not finite. `running` holds where, too, and the
        sums since the epoch began, as soon as the parameters are what they will be.
        """
        cdef cnp.ndarray part = check_order(order, begin, end, source.n)
        cdef bint single = self.single_precision
        cdef DataPointers data
        cdef Buffers buffers
        cdef TrainingJob job
        cdef Plan plan
        cdef int failed

        self._set_plan(&plan, options, etas, average, len(order))
        state.check_fits(self.network.n_parameters, self.dtype)
        source.check_fits(&self.network, True)
        data = source.pointers_for(self.dtype, False)
        if running is None:
            running = RunningLoss()
        buffers = self._take_buffers(source, min(len(order), plan.mini_batch_size), &data)
        bind_inputs(&data, &buffers.work)
        buffers.work.drops = self.network.drops
        buffers.work.dropout_key = dropout_key
        buffers.work.distortion, buffers.work.distortion_key = NULL, distortion_key
        if distorter is not None:
            distorter.prepare(&buffers.work, buffers, self.network.fan_in, &data, self.dtype.itemsize)
        job.network, job.parameters = &self.network, cnp.PyArray_DATA(self.vector)
        job.data, job.order = &data, <const Py_ssize_t*> cnp.PyArray_DATA(part)
        job.begin, job.end, job.stopped = begin, end, begin
        job.plan, job.rule, job.work = &plan, &state.rule, &buffers.work
        job.loss = job.weight = 0
        job.epoch_loss, job.epoch_weight = running.loss, running.weight
        job.barrier.arrived = job.barrier.phase = 0
        job.barrier.threads = max(1, min(threads, parts_of(&self.network, plan.mini_batch_size), MAX_THREADS))
        with single_blas_thread(), nogil:
            failed = run_threads(train_in_float if single else train_in_double, &job, job.barrier.threads)
            if failed:  # the system gives no more threads
                job.barrier.threads = 1
                run_threads(train_in_float if single else train_in_double, &job, 1)
            running.done = job.stopped  # here, because to leave the context may run Python code
            running.loss, running.weight = job.epoch_loss, job.epoch_weight
        with cython.critical_section(source):
            source.kept = self, buffers
        return job.loss, job.weight, job.stopped

    cdef int _set_plan(self, Plan* plan, options, cnp.ndarray etas, cnp.ndarray average, Py_ssize_t n) except -1:
        """Check how n images are trained, and say so to the kernels."""
        plan.mini_batch_size = options.mini_batch_size
        if plan.mini_batch_size < 1:
            raise ValueError(f"mini_batch_size must be positive, got {plan.mini_batch_size}")
        check_array(etas, "etas", cnp.NPY_FLOAT64, (n + plan.mini_batch_size - 1) // plan.mini_batch_size)
        plan.etas = <const double*> cnp.PyArray_DATA(etas)
        plan.penalties.l1, plan.penalties.l2 = options.l1, options.l2
        plan.penalties.clip_norm, plan.penalties.clip_value = options.clip_norm or 0, options.clip_value or 0
        plan.penalties.max_norm = options.max_norm or 0
        plan.shared_penalties = options.shared_penalties
        plan.averaging, plan.average = 0, NULL
        if average is not None:
            check_array(average, "average", cnp.PyArray_TYPE(self.vector), self.network.n_parameters)
            if not cnp.PyArray_ISWRITEABLE(average):
                raise ValueError("average must be writeable")
            plan.averaging, plan.average = options.averaging, cnp.PyArray_DATA(average)
        return 0

    cdef Buffers _take_buffers(self, DataSource source, Py_ssize_t n, const DataPointers* data):
        """Return the buffers for training with n images at a time: those of the last call, if they still fit.

        While a call uses them, they are not the source's, so that calls of two threads have two.
        """
        cdef Buffers buffers

        with cython.critical_section(source):
            kept, source.kept = source.kept, None
        if kept is not None and kept[0] is self:
            buffers = kept[1]
            if buffers.n == n and buffers.layout == data.layout:
                return buffers
        return allocate_buffers(&self.network, self.dtype, n, data.layout, True)
