/* What is kept, shown to people and programs: a record of the store as an object of JSON. */
#include "broker/broker.h"
#include "broker/keep_record.h"
#include "crypto/crypto.h"
#include "os/os.h"

#include <stdlib.h>

/* Writes members; false where the value is not understood. */
typedef bool show(wax_json *json, const wax_broker_record *record);

static uint64_t second_number(wax_bytes key)
{
    return kept_number(kept_rest(key));
}

static bool show_meta(wax_json *json, const wax_broker_record *record)
{
    wax_json_member_text(json, "name", record->key);
    return true;
}

static bool show_session(wax_json *json, const wax_broker_record *record)
{
    struct kept_session session;

    wax_json_member_number(json, "session", kept_number(record->key));
    if (!kept_session_read(record->value, &session)) {
        return false;
    }
    wax_json_member_text(json, "id", session.id);
    if (session.has_user) {
        wax_json_member_text(json, "user", session.user);
    }
    wax_json_member_bool(json, "is_bridge", session.is_bridge);
    wax_json_member_number(json, "port", session.port);
    wax_json_member_number(json, "expiry_s", session.expiry_s);
    if (session.left_wall_ms != 0) {
        wax_json_member_number(json, "left_s", session.left_wall_ms / 1000);
    }
    return true;
}

static bool show_subscription(wax_json *json, const wax_broker_record *record)
{
    wax_subscription_options options;

    wax_json_member_number(json, "session", kept_number(record->key));
    wax_json_member_text(json, "filter", kept_rest(record->key));
    if (!kept_options_read(record->value, &options)) {
        return false;
    }
    wax_json_member_number(json, "qos", options.qos);
    wax_json_member_bool(json, "no_local", options.no_local);
    wax_json_member_bool(json, "retain_as_published", options.retain_as_published);
    wax_json_member_number(json, "retain_handling", options.retain_handling);
    if (options.identifier != 0) {
        wax_json_member_number(json, "identifier", options.identifier);
    }
    return true;
}

static bool show_received(wax_json *json, const wax_broker_record *record)
{
    wax_reader in = wax_reader_over(kept_rest(record->key));

    wax_json_member_number(json, "session", kept_number(record->key));
    wax_json_member_number(json, "packet_id", wax_read_u16(&in));
    return in.status == WAX_OK;
}

static bool show_row(wax_json *json, const wax_broker_record *record)
{
    static const char *const states[] = {"waiting", "sent", "released"};
    struct kept_row row;

    wax_json_member_number(json, "session", kept_number(record->key));
    wax_json_member_number(json, "place", second_number(record->key));
    if (!kept_row_read(record->value, &row)) {
        return false;
    }
    wax_json_member_number(json, "message", row.message);
    wax_json_member_text(json, "state", wax_bytes_of_text(states[row.state]));
    wax_json_member_number(json, "qos", row.qos);
    wax_json_member_bool(json, "retain", row.retain);
    if (row.packet_id != 0) {
        wax_json_member_number(json, "packet_id", row.packet_id);
    }
    if (row.share_name.size > 0) {
        wax_json_member_text(json, "share", row.share_name);
        wax_json_member_text(json, "filter", row.filter);
    }
    return true;
}

static bool show_will(wax_json *json, const wax_broker_record *record)
{
    struct kept_will will;

    wax_json_member_number(json, "session", kept_number(record->key));
    if (!kept_will_read(record->value, &will)) {
        return false;
    }
    wax_json_member_number(json, "message", will.message);
    wax_json_member_number(json, "delay_s", will.delay_s);
    return true;
}

static bool show_retained(wax_json *json, const wax_broker_record *record)
{
    struct kept_retained row;

    wax_json_member_text(json, "topic", record->key);
    if (!kept_retained_read(record->value, &row)) {
        return false;
    }
    wax_json_member_number(json, "message", row.message);
    return true;
}

static bool show_letter(wax_json *json, const wax_broker_record *record)
{
    wax_json_member_number(json, "message", kept_number(record->key));
    wax_json_member_number(json, "letter", second_number(record->key));
    return true;
}

/* Base64 stands between quotes as it is. */
static void show_payload(wax_json *json, wax_bytes payload)
{
    size_t size = 4 * (payload.size / 3 + 1);
    uint8_t *room = malloc(size);
    wax_writer out = wax_writer_over(room, size);

    if (room != NULL) {
        wax_crypto_base64_write(&out, payload, WAX_BASE64_PADDED);
        wax_json_member_text(json, "payload", wax_writer_bytes(&out));
        free(room);
    }
}

static void show_fields(wax_json *json, const struct message *message)
{
    uint64_t now_ms = wax_clock_ms();

    wax_json_member_text(json, "topic", message->topic);
    wax_json_member_number(json, "qos", message->qos);
    wax_json_member_bool(json, "retain", message->retain);
    if (message->has_author) {
        wax_json_member_text(json, "user", message->author);
    }
    if (message->author_id.size > 0) {
        wax_json_member_text(json, "client", message->author_id);
    }
    if (message->expires_ms != WAX_NEVER) {
        wax_json_member_number(json, "expires_in_s",
                               message->expires_ms > now_ms ? (message->expires_ms - now_ms) / 1000
                                                            : 0);
    }
    wax_json_member_number(json, "payload_size", message->payload.size);
}

static bool show_message(wax_json *json, const wax_broker_record *record)
{
    struct message *message = kept_message_read(kept_number(record->key), record->value);

    wax_json_member_number(json, "message", kept_number(record->key));
    if (message == NULL) {
        return false;
    }
    show_fields(json, message);
    if (record->with_payload) {
        show_payload(json, message->payload);
    }
    message_release(message);
    return true;
}

static const struct {
    const char *name;
    show *show;
} tables[WAX_STORE_TABLE_COUNT] = {
    [WAX_STORE_META] = {"meta",         show_meta        },
    [WAX_STORE_SESSIONS] = {"session",      show_session     },
    [WAX_STORE_SUBSCRIPTIONS] = {"subscription", show_subscription},
    [WAX_STORE_RECEIVED] = {"received",     show_received    },
    [WAX_STORE_QUEUES] = {"queued",       show_row         },
    [WAX_STORE_WILLS] = {"will",         show_will        },
    [WAX_STORE_RETAINED] = {"retained",     show_retained    },
    [WAX_STORE_LETTERS] = {"letter",       show_letter      },
    [WAX_STORE_MESSAGES] = {"message",      show_message     },
};

const char *wax_broker_record_name(wax_store_table table)
{
    return tables[table].name;
}

void wax_broker_show_record(wax_json *json, const wax_broker_record *record)
{
    wax_json_open(json, '{');
    wax_json_member_text(json, "kind", wax_bytes_of_text(tables[record->table].name));
    if (!tables[record->table].show(json, record)) {
        wax_json_member_number(json, "not_understood_bytes", record->value.size);
    }
    wax_json_close(json, '}');
}
