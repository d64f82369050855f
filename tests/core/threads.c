/* Threads that share a job do what threads in training and prediction do; test_races.py looks for races. */

#include <pthread.h>
#include <stdio.h>

static int threads_to_be_had;

static int create_while_there_are_any(pthread_t *id, const pthread_attr_t *attributes, void *(*begin)(void *),
                                      void *argument)
{
    return threads_to_be_had-- > 0 ? pthread_create(id, attributes, begin, argument) : -1;
}

#define pthread_create create_while_there_are_any
#include "threads.h"

enum { PARTS = 8, PHASES = 50, THINGS = 1000, MOST = 4 };

typedef struct {
    Barrier barrier;
    long parts[PARTS];
    long wrong[PARTS];  /* of each thread */
    ptrdiff_t next;
    int taken[THINGS];
    int calls;
} TrainingJob;


/* As in training: parts are written by one thread and, after the barrier, read by all. */
static void work(void *argument, int thread)
{
    TrainingJob *job = argument;
    int threads = job->barrier.threads;

    __atomic_add_fetch(&job->calls, 1, __ATOMIC_RELAXED);
    for (long phase = 1; phase <= PHASES; phase++) {
        long sum = 0;
        for (int p = thread; p < PARTS; p += threads)
            job->parts[p] += p + 1;
        barrier_wait(&job->barrier);
        for (int p = 0; p < PARTS; p++)
            sum += job->parts[p];
        job->wrong[thread] += sum != phase * PARTS * (PARTS + 1) / 2;
        barrier_wait(&job->barrier);
    }
    for (ptrdiff_t i = next_index(&job->next); i < THINGS; i = next_index(&job->next))
        job->taken[i]++;
}


static int errors_of(int threads, int to_be_had)
{
    TrainingJob job = {{threads, 0, 0}};
    int errors = 0, enough = to_be_had >= threads - 1;

    threads_to_be_had = to_be_had;
    errors += run_threads(work, &job, threads) != (enough ? 0 : -1);
    errors += job.calls != (enough ? threads : 0);
    for (int thread = 0; thread < threads; thread++)
        errors += job.wrong[thread] != 0;
    for (int i = 0; i < THINGS; i++)
        errors += job.taken[i] != enough;
    if (errors)
        printf("%d errors of %d threads, with %d to be had\n", errors, threads, to_be_had);
    return errors;
}


int main(void)
{
    int errors = 0;

    for (int threads = 1; threads <= MOST; threads++)
        for (int to_be_had = 0; to_be_had < MOST; to_be_had++)
            errors += errors_of(threads, to_be_had);
    return errors != 0;
}
