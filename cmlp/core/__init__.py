"""The arithmetic of cmlp: typed Cython that knows arrays, and nothing else of cmlp.

Images are columns, as in the books: ``z = W @ a + b`` with ``W`` of shape (fan_out, fan_in) and ``a`` of
shape (fan_in, n). Every matrix is stored by columns, the order of Fortran and so of BLAS; to NumPy a
mini-batch is therefore the row-major array (n, features) that everybody has, and ``weights[l]`` a
transposed view. All parameters of a network lie in one vector, layer by layer, weights before biases.

A kernel is a ``noexcept nogil`` function over memory that Python owns; it checks nothing. `DataSource` and
`Engine` have checked types, shapes and layouts, and every number that finds memory; such numbers are copies
that nobody can change. A file cimports only from floors below its own:

=====  ====================================  ======================================================
floor  file                                  does
=====  ====================================  ======================================================
0      ``hashing``                           random numbers that follow from where each belongs
0      ``structs``                           what a network is, and the memory of a pass, as structs
1      ``arrays``                            aligned, checked and private arrays
1      ``blas``                              the one door to ``scipy.linalg.cython_blas``
1      ``blas_threads``                      one BLAS thread inside cmlp, the caller's number outside
1      ``simd``                              the few kernels that BLAS does not have, for each processor
1      ``losses``                            the loss of outputs, and its derivative
1      ``dropout``, ``penalties``            what keeps a network from learning by heart
2      ``normalization``                     z by its mean and deviation over the mini-batch, and back
2      ``activations``                       the function of each unit, and its derivative
2      ``gather``                            images and labels in any order -> a mini-batch
2      ``tiles``                             products of a wide first layer with what is not zero in images
2      ``optimizers``                        gradient -> parameters
3      ``distortions``                       a mini-batch of pictures that are turned, shifted and bent
3      ``feedforward``                       the network forwards
3      ``layouts``                           how images come to the first layer
3      ``updates``                           gradient and mini-batch -> the next parameters
3      ``workspace``                         allocates the memory of a pass
4      ``backprop``                          the gradient backwards
4      ``data_source``                       `DataSource`: arrays of images and answers, checked
4      ``distorter``                         `Distorter`: how pictures are distorted, checked
4      ``network_parameters``, ``state``     what a network is, what an optimizer remembers
5      ``checks``, ``training``              what `Engine` refuses; the loop over the mini-batches
6      ``prediction``                        outputs, by blocks of images
7      ``engine``                            `Engine`: the face to Python
=====  ====================================  ======================================================

The ``.pxd`` files are installed: ``from cmlp.core.feedforward cimport feedforward`` works in other packages.
"""
