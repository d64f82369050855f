/* What a crew of threads needs of the system: to start one, to wait for its end, and to give the processor to another. */

#pragma once

#if defined(_WIN32)

#define WIN32_LEAN_AND_MEAN
#define NOMINMAX
#include <windows.h>

typedef HANDLE Thread;
typedef DWORD ThreadResult;
#define THREAD_CALL WINAPI

static inline int start_thread(Thread *thread, ThreadResult (THREAD_CALL *begin)(void *), void *argument)
{
    *thread = CreateThread(NULL, 0, begin, argument, 0, NULL);
    return *thread == NULL;
}


static inline void join_thread(Thread thread)
{
    WaitForSingleObject(thread, INFINITE);
    CloseHandle(thread);
}


static inline void give_way(void) { SwitchToThread(); }

#else

#include <pthread.h>
#include <sched.h>

typedef pthread_t Thread;
typedef void *ThreadResult;
#define THREAD_CALL

static inline int start_thread(Thread *thread, ThreadResult (*begin)(void *), void *argument)
{
    return pthread_create(thread, NULL, begin, argument);
}


static inline void join_thread(Thread thread) { pthread_join(thread, NULL); }
static inline void give_way(void) { sched_yield(); }

#endif
