/* What an administrator asks of those who send sealed messages: who is lost, cloned, or behind. The
 * table belongs to no worker: the main thread reads it, in pieces. */
#include "broker/control.h"
#include "broker/sealed.h"

struct shown {
    const struct sealed *sealed;
    const struct sealed_sender *sender;
    uint64_t now_ms;
};

/* In the order of enum trail_count. */
static const char *const count_names[TRAIL_COUNT] = {"messages",  "gaps", "late",  "duplicates",
                                                     "conflicts", "old",  "behind"};

static void write_sender(wax_json *json, const void *subject)
{
    const struct shown *shown = subject;
    const struct sealed_sender *sender = shown->sender;
    uint64_t silent_ms = shown->now_ms > sender->heard_ms ? shown->now_ms - sender->heard_ms : 0;

    wax_json_member_text(json, "rule", sealed_rule_text(shown->sealed, sender->rule));
    wax_json_member_number(json, "sender", sender->sender);
    wax_json_member_text(json, "client", wax_bytes_of(sender->client, sender->client_size));
    wax_json_member_number(json, "epoch", sender->trail.epoch);
    wax_json_member_number(json, "position", sender->trail.position);
    wax_json_member_number(json, "lag", sender->lag);
    for (size_t i = 0; i < TRAIL_COUNT; i++) {
        wax_json_member_number(json, count_names[i], sender->counts[i]);
    }
    wax_json_member_number(json, "silent_s", silent_ms / 1000);
}

static void work(struct worker *worker, struct inquiry *inquiry)
{
    struct sealed *sealed = inquiry->state;
    struct sealed_sender sender;
    struct shown shown = {sealed, &sender, wax_clock_ms()};
    uint64_t first = inquiry->found;

    (void)worker;
    while (inquiry->found - first < ANSWER_PIECE_COUNT && inquiry->cursor < SEALED_PLACE_COUNT) {
        if (sealed_read(sealed, (uint32_t)inquiry->cursor, &sender)) {
            lines_add(&inquiry->lines, write_sender, &shown);
            inquiry->found++;
            inquiry->cursor++;
        } else {
            inquiry->cursor += SEALED_SENDER_MAX - inquiry->cursor % SEALED_SENDER_MAX;
        }
    }
    inquiry->is_done = inquiry->cursor >= SEALED_PLACE_COUNT;
}

static void discard(struct inquiry *inquiry)
{
    sealed_release(inquiry->state);
}

void control_sealed(struct peer *peer)
{
    struct sealed *sealed = peer->control->broker->settings->sealed;
    struct inquiry *inquiry;

    if (sealed == NULL) {
        peer_end(peer, "no line of the configuration is `sealed_only FILTER`, so that the broker "
                       "looks at nobody's envelopes");
        return;
    }
    inquiry = peer_inquire(peer, work);
    if (inquiry != NULL) {
        inquiry->state = sealed_hold(sealed);
        inquiry->discard = discard;
        inquiry_ask_main(inquiry);
    }
}
