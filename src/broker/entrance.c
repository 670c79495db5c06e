/* An entrance: a listening descriptor at which a worker accepts. */
#include "broker/entrance.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

enum { ACCEPT_MAX = 64, REST_MS = 100, WARN_MS = 10000 };

static void entrance_due(wax_timer *timer, uint64_t now_ms)
{
    struct entrance *entrance = WAX_OWNER(timer, struct entrance, timer);

    (void)now_ms;
    (void)!wax_loop_watch(&entrance->worker->loop, &entrance->watch, true);
}

/* Without descriptors nobody can be let in, and the loop would be told so for ever: the entrance
 * closes for a moment. Those who wait outside are accepted later. */
static void rest_if_exhausted(struct entrance *entrance)
{
    struct worker *worker = entrance->worker;

    if (errno != EMFILE && errno != ENFILE && errno != ENOBUFS && errno != ENOMEM) {
        return;
    }
    wax_loop_forget(&worker->loop, &entrance->watch);
    entrance->timer.due = entrance_due;
    wax_loop_start(&worker->loop, &entrance->timer, worker->loop.now_ms + REST_MS);
    if (worker->loop.now_ms >= worker->warned_ms + WARN_MS || worker->warned_ms == 0) {
        worker->warned_ms = worker->loop.now_ms;
        wax_log_write(&worker->broker->log, WAX_ERROR,
                      "accept_failed reason=too many open files: raise the limit (ulimit -n, or "
                      "LimitNOFILE= of the service)");
    }
}

static void on_entrance(wax_watch *watch, bool readable, bool writable)
{
    struct entrance *entrance = WAX_OWNER(watch, struct entrance, watch);

    (void)readable;
    (void)writable;
    for (int i = 0; i < ACCEPT_MAX; i++) {
        int descriptor = accept4(watch->descriptor, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (descriptor < 0) {
            rest_if_exhausted(entrance);
            break;
        }
        receive_accept(entrance->worker, descriptor, entrance->listener);
    }
}

wax_status entrance_watch(struct entrance *entrance)
{
    struct worker *worker = entrance->worker;
    wax_status status;

    entrance->watch.ready = on_entrance;
    wax_link_append(&worker->entrances, &entrance->all);
    status = wax_loop_watch(&worker->loop, &entrance->watch, true);
    if (status != WAX_OK) {
        entrance_free(entrance);
    }
    return status;
}

void entrance_free(struct entrance *entrance)
{
    if (entrance->watch.ready != NULL) {
        wax_loop_stop(&entrance->worker->loop, &entrance->timer);
        wax_loop_forget(&entrance->worker->loop, &entrance->watch);
    }
    wax_link_remove(&entrance->all);
    close(entrance->watch.descriptor);
    free(entrance);
}
