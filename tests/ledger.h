/* Messages as one end saw them, held against what the other end sent. */
#ifndef WAX_TESTS_LEDGER_H
#define WAX_TESTS_LEDGER_H

#include "check.h"

#include "base/base.h"

enum { MESSAGES_MAX = 64, TEXT_MAX = 32 };

/* A message as one end saw it. */
struct seen {
    char text[TEXT_MAX];
    uint8_t qos;
    bool duplicate;
};

static inline void note(struct seen *seen, wax_bytes payload, uint8_t qos, bool duplicate)
{
    size_t size = payload.size < TEXT_MAX - 1 ? payload.size : TEXT_MAX - 1;

    memset(seen, 0, sizeof *seen);
    memcpy(seen->text, payload.data, size);
    seen->qos = qos;
    seen->duplicate = duplicate;
}

/* Whether all arrived: at QoS 2 once, at QoS 1 at least once, at QoS 0 at most once; and the first
 * of each in order. */
static inline bool all_arrived(const struct seen *sent, size_t count, const struct seen *seen,
                               size_t seen_count)
{
    size_t last = 0;

    for (size_t i = 0; i < count; i++) {
        size_t times = 0;
        size_t first = last;
        for (size_t j = 0; j < seen_count; j++) {
            if (strcmp(seen[j].text, sent[i].text) == 0) {
                first = times == 0 ? j : first;
                times++;
            }
        }
        if ((times == 0 && sent[i].qos > 0) || (times > 1 && sent[i].qos != 1) || first < last) {
            return false;
        }
        last = first;
    }
    return true;
}

#endif
