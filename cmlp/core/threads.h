/* Threads that live as long as one call, and a barrier at which they meet after each phase of a mini-batch.

   Waiting is spinning: phases of a small network take ten microseconds, less than waking a thread up. Where there are
   more threads than processors, the one that is waited for gets its turn after some thousand spins. */

#include <stddef.h>

#include "threads_of_system.h"

typedef struct {
    int threads;
    int arrived;
    int phase;
} Barrier;


/* Take the next of the things that the threads of a job share: every number is given out once. */
static inline ptrdiff_t next_index(ptrdiff_t *next)
{
    return __atomic_fetch_add(next, 1, __ATOMIC_RELAXED);
}


enum { MAX_THREADS = 64, SPINS = 4000 };

/* Tell the processor that this thread spins. */
static inline void relax(void)
{
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}

/* Wait until all threads of the barrier have come. */
static inline void barrier_wait(Barrier *barrier)
{
    int phase = __atomic_load_n(&barrier->phase, __ATOMIC_ACQUIRE);

    if (barrier->threads == 1)
        return;
    if (__atomic_add_fetch(&barrier->arrived, 1, __ATOMIC_ACQ_REL) == barrier->threads) {
        __atomic_store_n(&barrier->arrived, 0, __ATOMIC_RELAXED);
        __atomic_store_n(&barrier->phase, phase + 1, __ATOMIC_RELEASE);
        return;
    }
    for (int spins = 0; __atomic_load_n(&barrier->phase, __ATOMIC_ACQUIRE) == phase; spins++) {
        relax();
        if (spins > SPINS)
            give_way();
    }
}


typedef struct {
    void (*work)(void *, int);
    void *job;
    int index;
    Barrier *start;
    int *cancelled;
} ThreadStart;


static ThreadResult THREAD_CALL begin_thread(void *argument)
{
    ThreadStart *member = argument;

    barrier_wait(member->start);
    if (!__atomic_load_n(member->cancelled, __ATOMIC_ACQUIRE))
        member->work(member->job, member->index);
    return 0;
}


/* Call work(job, index) in as many threads as asked for, this one among them. Return -1 without having called it if
   the system does not give so many: work that meets at barriers needs all of them or none. */
static inline int run_threads(void (*work)(void *, int), void *job, int threads)
{
    Thread ids[MAX_THREADS];
    ThreadStart members[MAX_THREADS];
    int cancelled = 0, started = 1;
    Barrier start = {threads, 0, 0};

    for (; started < threads; started++) {
        members[started] = (ThreadStart) {work, job, started, &start, &cancelled};
        if (start_thread(&ids[started], begin_thread, &members[started]) != 0)
            break;
    }
    if (started < threads) {
        __atomic_store_n(&cancelled, 1, __ATOMIC_RELEASE);
        for (int missing = started; missing < threads; missing++)
            __atomic_add_fetch(&start.arrived, 1, __ATOMIC_ACQ_REL);
    }
    barrier_wait(&start);
    if (!cancelled)
        work(job, 0);
    for (int i = 1; i < started; i++)
        join_thread(ids[i]);
    return cancelled ? -1 : 0;
}
