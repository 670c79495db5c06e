/* Messages on topics that are sealed only, as a worker judges and counts them. */
#include "broker/envelope.h"

#include "broker/sealed.h"

static wax_status look(struct worker *worker, wax_bytes topic, wax_bytes payload,
                       struct sealed_seen *seen)
{
    wax_status status = sealed_look(worker->settings->sealed, topic, payload, seen);

    count_up(worker, COUNT_SEALED_REFUSED, status != WAX_OK);
    return status;
}

wax_status envelope_judge(struct worker *worker, wax_bytes topic, wax_bytes payload)
{
    struct sealed_seen seen;

    return look(worker, topic, payload, &seen);
}

static void note(struct worker *worker, wax_bytes client, const struct sealed_seen *seen)
{
    uint64_t counts[TRAIL_COUNT] = {0};

    if (!sealed_note(worker->settings->sealed, seen, client, worker->loop.now_ms, counts)) {
        count_up(worker, COUNT_SEALED_UNTRACKED, 1);
    }
    for (unsigned i = 0; i < TRAIL_COUNT; i++) {
        count_up(worker, COUNT_SEALED + i, counts[i]);
    }
}

wax_status envelope_take(struct worker *worker, wax_bytes client, wax_bytes topic,
                         wax_bytes payload)
{
    struct sealed_seen seen;
    wax_status status = look(worker, topic, payload, &seen);

    if (status == WAX_OK && seen.rule >= 0 && seen.face.sender != 0) {
        note(worker, client, &seen);
    }
    return status;
}
