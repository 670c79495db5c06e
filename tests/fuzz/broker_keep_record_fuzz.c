/* Any bytes as values of the store: what is understood is written again and read as the same. The
 * first byte chooses the table. */
#include "fuzz.h"

#include <string.h>

#include "broker/keep_record.h"

static uint8_t *room;

/* Room for what is written again, exactly. */
static wax_writer begin(size_t size)
{
    room = malloc(size + 1);
    fuzz_require(room != NULL);
    return wax_writer_over(room, size);
}

static void end(const wax_writer *out, bool is_understood)
{
    fuzz_require(out->status == WAX_OK && out->used == out->size && is_understood);
    free(room);
}

static void fuzz_session(wax_bytes value)
{
    struct kept_session session;
    struct kept_session again;
    wax_writer out;

    if (kept_session_read(value, &session)) {
        out = begin(kept_session_size(&session));
        kept_session_write(&out, &session);
        fuzz_require(kept_session_read(wax_writer_bytes(&out), &again));
        end(&out, wax_bytes_equal(again.id, session.id) &&
                      wax_bytes_equal(again.user, session.user) &&
                      again.left_wall_ms == session.left_wall_ms);
    }
}

static void fuzz_options(wax_bytes value)
{
    wax_subscription_options options;
    wax_subscription_options again;
    wax_writer out;

    if (kept_options_read(value, &options)) {
        out = begin(KEPT_OPTIONS_SIZE);
        kept_options_write(&out, &options);
        fuzz_require(kept_options_read(wax_writer_bytes(&out), &again));
        end(&out, again.qos == options.qos && again.identifier == options.identifier);
    }
}

static void fuzz_row(wax_bytes value)
{
    struct kept_row row;
    struct kept_row again;
    wax_writer out;

    if (kept_row_read(value, &row)) {
        fuzz_require(row.state <= KEPT_RELEASED && row.qos < 3);
        out = begin(kept_row_size(&row));
        kept_row_write(&out, &row);
        fuzz_require(kept_row_read(wax_writer_bytes(&out), &again));
        end(&out, again.message == row.message && again.packet_id == row.packet_id &&
                      wax_bytes_equal(again.share_name, row.share_name) &&
                      wax_bytes_equal(again.filter, row.filter) &&
                      wax_bytes_equal(again.identifiers, row.identifiers));
    }
}

static void fuzz_will(wax_bytes value)
{
    struct kept_will will;
    struct kept_will again;
    wax_writer out;

    if (kept_will_read(value, &will)) {
        out = begin(KEPT_WILL_SIZE);
        kept_will_write(&out, &will);
        fuzz_require(kept_will_read(wax_writer_bytes(&out), &again));
        end(&out, again.message == will.message && again.delay_s == will.delay_s);
    }
}

static void fuzz_letter(wax_bytes value)
{
    struct kept_letter letter;
    struct kept_letter again;
    wax_writer out;

    if (kept_letter_read(value, &letter)) {
        fuzz_require(letter.count > 0);
        out = begin(kept_letter_size(&letter));
        kept_letter_write(&out, &letter);
        fuzz_require(kept_letter_read(wax_writer_bytes(&out), &again));
        end(&out, wax_bytes_equal(again.filter, letter.filter) &&
                      wax_bytes_equal(again.share_name, letter.share_name));
    }
}

static void fuzz_retained(wax_bytes value)
{
    struct kept_retained retained;
    struct kept_retained again;
    wax_writer out;

    if (kept_retained_read(value, &retained)) {
        out = begin(KEPT_RETAINED_SIZE);
        kept_retained_write(&out, &retained);
        fuzz_require(kept_retained_read(wax_writer_bytes(&out), &again));
        end(&out, again.message == retained.message && again.payload_size == retained.payload_size);
    }
}

static void fuzz_message(wax_bytes value)
{
    struct message *message = kept_message_read(1, value);
    struct message *again;
    wax_writer out;

    if (message != NULL) {
        out = begin(kept_message_size(message));
        kept_message_write(&out, message);
        again = kept_message_read(2, wax_writer_bytes(&out));
        fuzz_require(again != NULL && again->qos < 3);
        end(&out, wax_bytes_equal(again->topic, message->topic) &&
                      wax_bytes_equal(again->properties, message->properties) &&
                      wax_bytes_equal(again->payload, message->payload) &&
                      wax_bytes_equal(again->author_id, message->author_id));
        message_release(again);
        message_release(message);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static void (*const targets[])(wax_bytes value) = {
        fuzz_session, fuzz_options, fuzz_row, fuzz_will, fuzz_letter, fuzz_message, fuzz_retained};

    if (size > 0) {
        targets[data[0] % WAX_COUNT(targets)](wax_bytes_of(data + 1, size - 1));
    }
    return 0;
}
