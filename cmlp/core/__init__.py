"""The arithmetic of cmlp: typed Cython that knows arrays, and nothing else of cmlp.

Images are columns, as in the books: ``z = W @ a + b`` with ``W`` of shape (fan_out, fan_in) and ``a`` of
shape (fan_in, n). Every matrix is stored by columns, the order of Fortran and so of BLAS; to NumPy a
mini-batch is therefore the row-major array (n, features) that everybody has, and ``weights[l]`` a
transposed view. All parameters of a network lie in one vector, layer by layer, weights before biases.

A kernel is a ``noexcept nogil`` function over memory that Python owns; it checks nothing, because
`cmlp.network` has checked everything. A file cimports only from floors below its own:

=====  =================================  =========================================================
floor  file                               does
=====  =================================  =========================================================
0      ``model``                          what a network is, and the memory of a pass, as structs
1      ``blas``                           the one door to ``scipy.linalg.cython_blas``
1      ``blas_threads``                   one BLAS thread inside cmlp, the caller's number outside
1      ``simd``                           the few kernels that BLAS does not have, for each processor
1      ``losses``                         the loss of outputs, and its derivative
2      ``activations``                    the function of each unit, and its derivative
2      ``batches``                        images and labels in any form -> a mini-batch
2      ``pixels``                         products of a wide first layer with what is not zero in images
3      ``feedforward``, ``backprop``      the network forwards, the gradient backwards
3      ``optimizers``                     gradient -> parameters
4      ``training``, ``prediction``       the loop over the mini-batches; over blocks of images
5      ``engine``                         `Engine`: the face to Python
=====  =================================  =========================================================

The ``.pxd`` files are installed: ``from cmlp.core.feedforward cimport feedforward`` works in other packages.
"""
