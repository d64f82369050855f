from cmlp.core.structs cimport floating


cdef struct UpdateRule:
    int kind              # see optimizers.pyx
    double momentum       # the share of the last step that goes into the next; rho of rmsprop
    double beta_1
    double beta_2
    double epsilon
    bint epsilon_hat      # whether epsilon is added to the root of v before its bias is corrected
    double weight_decay
    double momentum_decay
    double mu_product     # of nadam's momentums so far
    Py_ssize_t t          # steps taken
    void* m               # (n,) velocity or first moment, or NULL
    void* v               # (n,) second moment, or NULL


cdef void advance(UpdateRule* rule) noexcept nogil
cdef void take_step(
    const UpdateRule* rule, double eta, const floating* nabla, floating* parameters, Py_ssize_t begin, int n,
    bint decays,
) noexcept nogil
