/* The event loop: epoll, edges, and a heap of timers. */
#include "os/os.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

enum { EVENT_MAX = 256 };

wax_status wax_loop_open(wax_loop *loop)
{
    *loop = (wax_loop){.epoll = epoll_create1(EPOLL_CLOEXEC), .now_ms = wax_clock_ms()};
    return loop->epoll < 0 ? WAX_IO : WAX_OK;
}

void wax_loop_close(wax_loop *loop)
{
    close(loop->epoll);
    free(loop->timers);
}

wax_status wax_loop_watch(wax_loop *loop, wax_watch *watch, bool levels)
{
    uint32_t edges = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;
    struct epoll_event event = {.events = levels ? EPOLLIN : edges, .data.ptr = watch};

    return epoll_ctl(loop->epoll, EPOLL_CTL_ADD, watch->descriptor, &event) == 0 ? WAX_OK : WAX_IO;
}

void wax_loop_forget(wax_loop *loop, const wax_watch *watch)
{
    /* What epoll has said of it already is not told any more: it may be another thread's by then.
     */
    for (int i = 0; i < loop->event_count; i++) {
        if (loop->events[i].data.ptr == watch) {
            loop->events[i].data.ptr = NULL;
        }
    }
    (void)epoll_ctl(loop->epoll, EPOLL_CTL_DEL, watch->descriptor, NULL);
}

/* Puts a timer at a place of the heap; places count from 1. */
static void settle(wax_loop *loop, size_t place, wax_timer_due due)
{
    loop->timers[place - 1] = due;
    due.timer->place = place;
}

static void rise(wax_loop *loop, size_t place)
{
    wax_timer_due due = loop->timers[place - 1];

    while (place > 1 && loop->timers[place / 2 - 1].at_ms > due.at_ms) {
        settle(loop, place, loop->timers[place / 2 - 1]);
        place /= 2;
    }
    settle(loop, place, due);
}

static void sink(wax_loop *loop, size_t place)
{
    wax_timer_due due = loop->timers[place - 1];

    for (;;) {
        size_t child = place * 2;
        if (child < loop->timer_count &&
            loop->timers[child].at_ms < loop->timers[child - 1].at_ms) {
            child++;
        }
        if (child > loop->timer_count || loop->timers[child - 1].at_ms >= due.at_ms) {
            break;
        }
        settle(loop, place, loop->timers[child - 1]);
        place = child;
    }
    settle(loop, place, due);
}

void wax_loop_stop(wax_loop *loop, wax_timer *timer)
{
    size_t place = timer->place;
    wax_timer_due last;

    if (place == 0) {
        return;
    }
    last = loop->timers[--loop->timer_count];
    timer->place = 0;
    if (last.timer != timer) {
        settle(loop, place, last);
        rise(loop, place);
        sink(loop, last.timer->place);
    }
}

void wax_loop_start(wax_loop *loop, wax_timer *timer, uint64_t at_ms)
{
    wax_loop_stop(loop, timer);
    if (at_ms == WAX_NEVER) {
        return;
    }
    if (loop->timer_count == loop->timer_size) {
        loop->timer_size = loop->timer_size == 0 ? 64 : loop->timer_size * 2;
        loop->timers = realloc(loop->timers, loop->timer_size * sizeof *loop->timers);
        wax_assert(loop->timers != NULL);
    }
    loop->timer_count++;
    settle(loop, loop->timer_count, (wax_timer_due){at_ms, timer});
    rise(loop, loop->timer_count);
}

uint64_t wax_loop_due_ms(const wax_loop *loop, const wax_timer *timer)
{
    return timer->place == 0 ? WAX_NEVER : loop->timers[timer->place - 1].at_ms;
}

/* How long epoll may sleep. */
static int sleep_ms(const wax_loop *loop, bool hurries)
{
    uint64_t now_ms;
    uint64_t left_ms;

    if (hurries) {
        return 0;
    }
    if (loop->timer_count == 0) {
        return -1;
    }
    now_ms = wax_clock_ms();
    left_ms = loop->timers[0].at_ms > now_ms ? loop->timers[0].at_ms - now_ms : 0;
    return left_ms > 60000 ? 60000 : (int)left_ms;
}

static void run_timers(wax_loop *loop)
{
    while (loop->timer_count > 0 && loop->timers[0].at_ms <= loop->now_ms) {
        wax_timer *timer = loop->timers[0].timer;
        wax_loop_stop(loop, timer);
        timer->due(timer, loop->now_ms);
    }
}

void wax_loop_turn(wax_loop *loop, bool hurries)
{
    struct epoll_event events[EVENT_MAX];
    int count = epoll_wait(loop->epoll, events, EVENT_MAX, sleep_ms(loop, hurries));

    wax_assert(count >= 0 || errno == EINTR);
    loop->now_ms = wax_clock_ms();
    loop->events = events;
    loop->event_count = count < 0 ? 0 : count;
    for (int i = 0; i < count; i++) {
        wax_watch *watch = events[i].data.ptr;
        uint32_t what = events[i].events;
        uint32_t ends = EPOLLRDHUP | EPOLLHUP | EPOLLERR;
        if (watch != NULL) {
            watch->is_ended = watch->is_ended || (what & ends) != 0;
            watch->ready(watch, (what & (EPOLLIN | ends)) != 0,
                         (what & (EPOLLOUT | EPOLLHUP | EPOLLERR)) != 0);
        }
    }
    loop->event_count = 0;
    loop->events = NULL;
    run_timers(loop);
}
