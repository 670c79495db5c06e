/* wax pub: publishes messages. */
#include "tools/link.h"
#include "tools/options.h"
#include "tools/payload.h"
#include "tools/sealed_link.h"
#include "tools/tools.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    PIECE_SIZE = 64 * 1024, /* larger messages go out in pieces, unless at QoS 2 */
    QUEUE_SIZE = 1024 * 1024,
    LINES_QUEUE_SIZE = 64 * 1024 * 1024, /* -l at QoS 2: whatever a line may be */
    HEAD_SIZE = 2 * 65536 + 1024, /* topic, properties and what the queue keeps beside them */
    READ_SIZE = 64 * 1024,
};

/* Lines of the standard input: what was read and not sent. */
struct lines {
    uint8_t *room; /* on the heap */
    size_t start;
    size_t end;
    size_t capacity;
    bool is_over;
};

struct pub {
    struct settings settings;
    struct link link;
    struct payload payload;
    struct lines lines;
    wax_bytes piece;  /* what of a message in pieces is still to go */
    uint32_t left;    /* how often the message is to be sent yet; not for lines */
    uint32_t waiting; /* messages whose end was not told */
    wax_publish made; /* the message as it goes out, sealed or not */
    bool is_made;     /* it waits for room */
    bool is_in_pieces;
    bool is_delayed; /* the next one waits for --repeat-delay */
    int code;        /* what went wrong with a message */
};

/* --- Lines --- */

static bool read_lines(struct lines *lines)
{
    ssize_t got;

    if (lines->start > 0) {
        memmove(lines->room, lines->room + lines->start, lines->end - lines->start);
        lines->end -= lines->start;
        lines->start = 0;
    }
    if (lines->capacity - lines->end < READ_SIZE) {
        size_t capacity = 2 * lines->capacity + READ_SIZE;
        uint8_t *room =
            capacity > 2 * (size_t)WAX_VARINT_MAX ? NULL : realloc(lines->room, capacity);
        if (room == NULL) {
            return false;
        }
        lines->room = room;
        lines->capacity = capacity;
    }
    got = read(STDIN_FILENO, lines->room + lines->end, lines->capacity - lines->end);
    if (got > 0) {
        lines->end += (size_t)got;
    } else if (got == 0 || (errno != EINTR && errno != EAGAIN)) {
        lines->is_over = true;
    }
    return true;
}

/* The next line, with `size` bytes to be passed over once it is sent. The last one needs no end. */
static bool find_line(const struct lines *lines, wax_bytes *line, size_t *size)
{
    const uint8_t *start = lines->room + lines->start;
    size_t left = lines->end - lines->start;
    const uint8_t *end = left == 0 ? NULL : memchr(start, '\n', left);

    if (end == NULL && (!lines->is_over || left == 0)) {
        return false;
    }
    *line = wax_bytes_of(start, end == NULL ? left : (size_t)(end - start));
    *size = line->size + (end == NULL ? 0 : 1);
    return true;
}

/* --- Sending --- */

static bool fail(struct pub *pub, const char *words)
{
    tools_say(&pub->settings, "%s", words);
    pub->code = EXIT_WRONG;
    return false;
}

static wax_publish message_of(const struct pub *pub, wax_bytes payload)
{
    const struct settings *settings = &pub->settings;

    return (wax_publish){
        .topic = wax_bytes_of_text(tools_settings_topic(settings)),
        .properties = settings->version == WAX_VERSION_5
                          ? tools_settings_properties(settings, OF_PUBLISH)
                          : wax_bytes_of(NULL, 0),
        .payload = payload,
        .qos = (uint8_t)settings->qos,
        .retain = settings->retain,
    };
}

/* Makes what goes out, once: a message that is sealed again has another position. */
static bool make(struct pub *pub, wax_bytes payload)
{
    wax_publish message = message_of(pub, payload);

    pub->is_made =
        pub->is_made || tools_sealed_link_make(&pub->link, &message, &pub->made) == WAX_OK;
    return pub->is_made;
}

/* Gives one message to the client, whole or its beginning. Returns as wax_client_publish(). */
static wax_status send_one(struct pub *pub)
{
    wax_publish publish = pub->made;
    wax_bytes payload = publish.payload;
    bool is_in_pieces = payload.size > PIECE_SIZE && pub->settings.qos < 2;
    uint32_t token = 0;
    wax_status status;

    if (is_in_pieces) {
        publish.payload = wax_bytes_of(NULL, 0);
        status =
            wax_client_publish_start(&pub->link.client, &publish, (uint32_t)payload.size, &token);
    } else {
        status = wax_client_publish(&pub->link.client, &publish, &token);
    }
    if (status == WAX_OK) {
        pub->waiting += token != 0 ? 1 : 0;
        pub->is_in_pieces = is_in_pieces;
        pub->piece = payload;
        pub->is_made = false;
    }
    return status;
}

/* Goes on with a message in pieces. Returns whether it has gone. */
static bool send_pieces(struct pub *pub)
{
    size_t taken = 0;
    wax_status status = WAX_OK;

    while (pub->is_in_pieces && status == WAX_OK) {
        status = wax_client_publish_more(&pub->link.client, pub->piece, &taken);
        if (status == WAX_OK) {
            pub->piece = wax_bytes_of(pub->piece.data + taken, pub->piece.size - taken);
            pub->is_in_pieces = pub->piece.size > 0;
        } else if (status != WAX_FULL) {
            pub->is_in_pieces = false; /* the client tells why */
        }
    }
    return !pub->is_in_pieces;
}

/* What is to be sent next, if there is something now. */
static bool find_next(const struct pub *pub, wax_bytes *payload, size_t *line_size)
{
    if (pub->settings.source == FROM_LINES) {
        return find_line(&pub->lines, payload, line_size);
    }
    *payload = pub->payload.bytes;
    return pub->left > 0 && !pub->is_delayed;
}

static void go_on(struct pub *pub, size_t line_size)
{
    pub->lines.start += line_size;
    pub->left -= pub->left > 0 ? 1 : 0;
    if (pub->left > 0 && pub->settings.repeat_delay_ms > 0) {
        pub->is_delayed = true;
        pub->link.wake_ms = wax_clock_ms() + pub->settings.repeat_delay_ms;
    }
}

/* Sends what can be sent now. False, and said so, when something cannot be sent at all. */
static bool send_all(struct pub *pub)
{
    wax_bytes payload;
    size_t line_size = 0;

    /* A line in pieces lies in the room of lines, which must not move meanwhile. */
    while (send_pieces(pub) && find_next(pub, &payload, &line_size)) {
        wax_status status;

        if (!make(pub, payload)) {
            pub->code = EXIT_WRONG;
            return false;
        }
        status = send_one(pub);
        if (status == WAX_FULL || status == WAX_CLOSED) {
            pub->link.wants_room = true;
            return true;
        }
        if (status == WAX_TOO_LARGE) {
            return fail(pub, pub->settings.source == FROM_LINES
                                 ? "a line is larger than the broker takes; at QoS 2 a line has at "
                                   "most 64 MB"
                                 : "the message is larger than the broker takes");
        }
        if (status != WAX_OK) {
            return fail(pub, "the message cannot be sent: this topic, or this quality of service, "
                             "is not taken");
        }
        go_on(pub, line_size);
    }
    pub->link.wants_room = pub->is_in_pieces;
    return true;
}

static bool is_done(const struct pub *pub)
{
    bool is_all_sent = pub->settings.source == FROM_LINES
                           ? pub->lines.is_over && pub->lines.start == pub->lines.end
                           : pub->left == 0;

    return is_all_sent && !pub->is_in_pieces && pub->waiting == 0 &&
           wax_client_waiting_count(&pub->link.client) == 0 &&
           !tools_sealed_link_is_busy(&pub->link);
}

/* --- What comes back --- */

static bool note_delivery(struct pub *pub, const wax_client_event *event)
{
    pub->waiting -= pub->waiting > 0 ? 1 : 0;
    if (event->status == WAX_TOO_LARGE) {
        return fail(pub, "the message is larger than the broker takes");
    }
    if (event->status == WAX_INVALID) {
        return fail(pub, "the broker does not take this quality of service, or no retained "
                         "messages");
    }
    if (event->status >= 0x80) {
        tools_say(&pub->settings, "the broker has the message but does not pass it on: %s",
                  wax_status_text((wax_status)event->status));
    } else if (event->status != WAX_OK && pub->link.client.state != WAX_CLIENT_ENDED) {
        return fail(pub, "the connection was lost before the broker had the message");
    }
    return true;
}

/* Returns whether to go on. */
static bool handle(struct pub *pub, enum link_turn turn, const wax_client_event *event)
{
    if (turn == LINK_EVENT &&
        (event->type == WAX_CLIENT_SENT || event->type == WAX_CLIENT_DELIVERED)) {
        return note_delivery(pub, event);
    }
    if (turn == LINK_DUE) {
        pub->is_delayed = false;
    }
    if (turn == LINK_INPUT && !read_lines(&pub->lines)) {
        return fail(pub, "a line is too long for MQTT, or there is not enough memory");
    }
    return true;
}

static int run(struct pub *pub)
{
    wax_client_event event;

    for (;;) {
        bool takes_input = pub->settings.source == FROM_LINES && !pub->lines.is_over &&
                           pub->link.is_ready && !pub->link.wants_room;
        enum link_turn turn;

        pub->link.input = takes_input ? STDIN_FILENO : -1;
        turn = tools_link_next(&pub->link, &event);
        if (turn == LINK_ENDED) {
            return pub->link.code;
        }
        if (turn == LINK_STOPPED) {
            return tools_link_finish(&pub->link, EXIT_GOOD);
        }
        if (!handle(pub, turn, &event) || (pub->link.is_ready && !send_all(pub))) {
            return tools_link_finish(&pub->link, pub->code);
        }
        if (pub->link.is_ready && is_done(pub)) {
            return tools_link_finish(&pub->link, EXIT_GOOD);
        }
    }
}

static bool check(const struct settings *settings)
{
    if (settings->topics.count == 0 || settings->source == FROM_NOWHERE) {
        return tools_complain(settings, "give a topic and a message: wax pub -t TOPIC -m TEXT; see "
                                        "`wax pub --help`");
    }
    if (!tools_settings_is_topic(tools_settings_topic(settings))) {
        return tools_complain(settings, "-t %s: a topic to publish to is UTF-8 without + and #",
                              tools_settings_topic(settings));
    }
    if (settings->repeat_count > 1 && settings->source == FROM_LINES) {
        return tools_complain(settings, "--repeat does not go with -l");
    }
    return true;
}

static size_t queue_size_for(const struct pub *pub)
{
    if (pub->settings.qos < 2) {
        return QUEUE_SIZE;
    }
    return (pub->settings.source == FROM_LINES ? (size_t)LINES_QUEUE_SIZE
                                               : QUEUE_SIZE + pub->payload.bytes.size) +
           HEAD_SIZE;
}

int wax_tool_pub(int argc, char **argv)
{
    static struct pub pub;
    int code = EXIT_WRONG;

    memset(&pub, 0, sizeof pub);
    if (tools_options_begin(&pub.settings, TOOL_PUB, argc, argv, &code) && check(&pub.settings) &&
        tools_payload_open(&pub.payload, &pub.settings)) {
        pub.left = pub.settings.source == FROM_LINES ? 0 : pub.settings.repeat_count;
        if (tools_link_open(&pub.link, &pub.settings, queue_size_for(&pub))) {
            pub.link.config.connects_once = pub.settings.source != FROM_LINES;
            code = run(&pub);
        }
        tools_link_close(&pub.link);
        tools_payload_close(&pub.payload);
        free(pub.lines.room);
    }
    tools_settings_discard(&pub.settings);
    tools_link_obey_signal();
    return code;
}
