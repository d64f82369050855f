/* Threads that live as long as one call, and a barrier at which they meet after each phase of a mini-batch.

   Waiting is spinning: phases of a small network take ten microseconds, less than waking a thread up. Where there are
   more threads than processors, the one that is waited for gets its turn after some thousand spins. */

#include <stddef.h>

typedef struct {
    int threads;
    int arrived;
    int phase;
} Barrier;


/* Take the next of the things that the threads of a crew share: every number is given out once. */
static inline ptrdiff_t take(ptrdiff_t *next)
{
#if defined(_WIN32)
    return (*next)++;
#else
    return __atomic_fetch_add(next, 1, __ATOMIC_RELAXED);
#endif
}

#if defined(_WIN32)

enum { MOST_THREADS = 1 };

static inline void meet(Barrier *barrier) { (void) barrier; }
static inline int run_threads(void (*work)(void *, int), void *crew, int threads)
{
    work(crew, 0);
    return threads == 1 ? 0 : -1;
}

#else

#include <pthread.h>
#include <sched.h>

enum { MOST_THREADS = 64, SPINS = 4000 };

/* Wait until all threads of the barrier have come. */
static inline void meet(Barrier *barrier)
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
#if defined(__x86_64__)
        __builtin_ia32_pause();
#endif
        if (spins > SPINS)
            sched_yield();
    }
}


typedef struct {
    void (*work)(void *, int);
    void *crew;
    int index;
    Barrier *start;
    int *called_off;
} Member;


static void *begin_thread(void *argument)
{
    Member *member = argument;

    meet(member->start);
    if (!__atomic_load_n(member->called_off, __ATOMIC_ACQUIRE))
        member->work(member->crew, member->index);
    return NULL;
}


/* Call work(crew, index) in as many threads as asked for, this one among them. Return -1 without having called it if
   the system does not give so many: work that meets at barriers needs all of them or none. */
static inline int run_threads(void (*work)(void *, int), void *crew, int threads)
{
    pthread_t ids[MOST_THREADS];
    Member members[MOST_THREADS];
    int called_off = 0, started = 1;
    Barrier start = {threads, 0, 0};

    for (; started < threads; started++) {
        members[started] = (Member) {work, crew, started, &start, &called_off};
        if (pthread_create(&ids[started], NULL, begin_thread, &members[started]) != 0)
            break;
    }
    if (started < threads) {
        __atomic_store_n(&called_off, 1, __ATOMIC_RELEASE);
        for (int missing = started; missing < threads; missing++)
            __atomic_add_fetch(&start.arrived, 1, __ATOMIC_ACQ_REL);
    }
    meet(&start);
    if (!called_off)
        work(crew, 0);
    for (int i = 1; i < started; i++)
        pthread_join(ids[i], NULL);
    return called_off ? -1 : 0;
}

#endif
