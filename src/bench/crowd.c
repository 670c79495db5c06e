/* All connections of a run: what they share, and why it may be over. */
#include "bench/inner.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    ROOM_SIZE = 256 * 1024,
    TICK_MS = 20,
    HEAD_MAX = 1024, /* what may stand around a payload */
};

void crowd_fail(struct crowd *crowd, const char *format, ...)
{
    va_list values;

    if (crowd->has_failed) {
        return;
    }
    crowd->has_failed = true;
    va_start(values, format);
    (void)vsnprintf(crowd->result->fault, sizeof crowd->result->fault, format, values);
    va_end(values);
}

/* Wakes the loop, so that the end of a phase is not missed while nothing comes. */
static void wake(wax_timer *timer, uint64_t now_ms)
{
    struct crowd *crowd = WAX_OWNER(timer, struct crowd, tick);

    wax_loop_start(&crowd->loop, timer, now_ms + TICK_MS);
}

void crowd_close(struct crowd *crowd)
{
    wax_loop_close(&crowd->loop);
    free(crowd->room);
    free(crowd->payload);
    wax_wipe(crowd->session, sizeof crowd->session);
}

bool crowd_open(struct crowd *crowd, const wax_bench_plan *plan, wax_bench_result *result)
{
    uint32_t random;

    *crowd = (struct crowd){.plan = plan, .result = result, .phase = "connecting"};
    *result = (wax_bench_result){.count = 0};
    if (wax_loop_open(&crowd->loop) != WAX_OK) {
        (void)snprintf(result->fault, sizeof result->fault, "epoll: %s", strerror(errno));
        return false;
    }
    crowd->room_size = ROOM_SIZE + plan->payload_size + HEAD_MAX;
    crowd->room = malloc(crowd->room_size);
    crowd->payload = malloc(plan->payload_size);
    if (crowd->room == NULL || crowd->payload == NULL) {
        crowd_fail(crowd, "there is not enough memory");
        crowd_close(crowd);
        return false;
    }
    memset(crowd->payload, 'x', plan->payload_size);
    wax_os_random(&random, sizeof random);
    (void)snprintf(crowd->prefix, sizeof crowd->prefix, "wax-bench-%08x", random);
    crowd->now_us = wax_clock_us();
    crowd->moved_us = crowd->now_us;
    crowd->tick.due = wake;
    wax_loop_start(&crowd->loop, &crowd->tick, wax_clock_ms() + TICK_MS);
    return true;
}

wax_usage crowd_broker_usage(const struct crowd *crowd)
{
    wax_usage usage = {0, 0};

    if (crowd->plan->pid == 0 || wax_usage_read(crowd->plan->pid, &usage) != WAX_OK) {
        return (wax_usage){0, 0};
    }
    return usage;
}

bool stamp_read(const struct crowd *crowd, const wax_packet *packet, struct stamp *stamp,
                uint16_t *packet_id)
{
    const wax_bench_plan *plan = crowd->plan;
    size_t head = wax_publish_head_size(packet->flags, packet->body, plan->version);
    const uint8_t *payload = packet->body.data + head;
    unsigned qos = packet->flags >> 1U & 3U;

    *packet_id = 0;
    if (head == 0) {
        return false;
    }
    if (qos > 0) {
        wax_reader in = wax_reader_over(packet->body);

        (void)wax_read_blob(&in);
        *packet_id = wax_read_u16(&in);
    }
    if (packet->body.size - head != plan->payload_size || qos != plan->qos) {
        return false;
    }
    memcpy(stamp, payload, sizeof *stamp);
    return memcmp(payload + sizeof *stamp, crowd->payload + sizeof *stamp,
                  plan->payload_size - sizeof *stamp) == 0;
}
