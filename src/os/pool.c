/* A few threads for work that must not hold up an event loop. */
#include "os/os.h"

#include <stdlib.h>
#include <sys/resource.h>

enum { THREAD_MAX = 16, NICENESS = 10 };

struct wax_pool {
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    wax_letters jobs;
    size_t job_count;
    size_t job_max;
    pthread_t threads[THREAD_MAX];
    unsigned thread_count;
    bool is_closing;
};

static void reply(wax_job *job)
{
    wax_letters letters = {NULL, NULL};

    wax_letters_append(&letters, &job->letter);
    wax_mailbox_post(job->reply, &letters);
}

/* Waits for a job. NULL when the pool closes. */
static wax_job *take(wax_pool *pool)
{
    wax_job *job = NULL;

    pthread_mutex_lock(&pool->mutex);
    while (pool->job_count == 0 && !pool->is_closing) {
        pthread_cond_wait(&pool->changed, &pool->mutex);
    }
    if (!pool->is_closing) {
        job = (wax_job *)(void *)wax_letters_take(&pool->jobs);
        pool->job_count--;
    }
    pthread_mutex_unlock(&pool->mutex);
    return job;
}

static void *run(void *argument)
{
    wax_pool *pool = argument;
    wax_job *job;

    /* On Linux this is the thread's alone: who is connected comes before who wants to come in. */
    (void)setpriority(PRIO_PROCESS, 0, NICENESS);
    while ((job = take(pool)) != NULL) {
        job->work(job);
        reply(job);
    }
    return NULL;
}

wax_status wax_pool_open(wax_pool **opened, unsigned thread_count, size_t job_max)
{
    wax_pool *pool = calloc(1, sizeof *pool);

    wax_assert(thread_count > 0 && thread_count <= THREAD_MAX);
    if (pool == NULL) {
        return WAX_FULL;
    }
    pool->job_max = job_max;
    pthread_mutex_init(&pool->mutex, NULL);
    pthread_cond_init(&pool->changed, NULL);
    while (pool->thread_count < thread_count) {
        if (pthread_create(&pool->threads[pool->thread_count], NULL, run, pool) != 0) {
            wax_pool_close(pool);
            return WAX_IO;
        }
        pool->thread_count++;
    }
    *opened = pool;
    return WAX_OK;
}

void wax_pool_close(wax_pool *pool)
{
    wax_letter *letter;

    pthread_mutex_lock(&pool->mutex);
    pool->is_closing = true;
    pthread_cond_broadcast(&pool->changed);
    pthread_mutex_unlock(&pool->mutex);
    for (unsigned i = 0; i < pool->thread_count; i++) {
        pthread_join(pool->threads[i], NULL);
    }
    while ((letter = wax_letters_take(&pool->jobs)) != NULL) {
        reply((wax_job *)(void *)letter);
    }
    pthread_mutex_destroy(&pool->mutex);
    pthread_cond_destroy(&pool->changed);
    free(pool);
}

wax_status wax_pool_submit(wax_pool *pool, wax_job *job)
{
    wax_status status = WAX_FULL;

    pthread_mutex_lock(&pool->mutex);
    if (pool->job_count < pool->job_max) {
        wax_letters_append(&pool->jobs, &job->letter);
        pool->job_count++;
        pthread_cond_signal(&pool->changed);
        status = WAX_OK;
    }
    pthread_mutex_unlock(&pool->mutex);
    return status;
}
