/* wax authority: an ordinary client of any broker, by which an authority speaks with its devices.
 */
#include "tools/ctl_show.h"
#include "tools/keys_door.h"
#include "tools/link.h"
#include "tools/message.h"
#include "tools/options.h"
#include "tools/tools.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum {
    WINDOW = 8, /* messages on their way; each fits the queue, whatever its size */
    QUEUE_SIZE = (WINDOW + 1) * ((1 << 20) + 1024),
    WAKE_MS = 30000, /* the wall clock may be set */
    TOPIC_SIZE = 80,
    LINE_SIZE = 900,
};

/* What the broker has not acknowledged. */
struct sent {
    uint32_t token; /* 0: free */
    wax_authority_message message;
};

struct daemon {
    struct settings settings;
    struct authority_home home;
    struct link link;
    struct message message;
    struct keys_door door;
    char id[64];
    char filters[2][TOPIC_SIZE]; /* of statuses, of enrolments */
    struct sent sent[WINDOW];
    size_t sent_count;
    uint64_t published;
    bool has_broker; /* there is a connection */
    bool has_told;   /* that there is none */
    wax_authority_teller teller;
    uint64_t acted_s; /* when rules looked last, and when they want to look again */
    uint64_t act_next_s;
};

static uint64_t now_s(void)
{
    return (uint64_t)wax_clock_wall_s();
}

static void tell_fault(const struct daemon *daemon, const char *what)
{
    tools_say(&daemon->settings, "%s: %s", what, wax_authority_fault(daemon->home.authority));
}

/* --- Publishing --- */

static struct sent *find_sent(struct daemon *daemon, uint32_t token)
{
    for (size_t i = 0; i < WINDOW; i++) {
        if (daemon->sent[i].token == token) {
            return &daemon->sent[i];
        }
    }
    return NULL;
}

static void publish(struct daemon *daemon, const wax_authority_message *message)
{
    const wax_publish wanted = {
        .topic = message->topic, .payload = message->content, .qos = 1, .retain = true};
    struct sent *sent = find_sent(daemon, 0);
    uint32_t token = 0;
    const wax_status status = wax_client_publish(&daemon->link.client, &wanted, &token);

    wax_assert(sent != NULL); /* there are fewer than WINDOW */
    if (status != WAX_OK) {
        tools_say(&daemon->settings, "%.*s cannot be published: %s", (int)message->topic.size,
                  (const char *)message->topic.data, wax_status_text(status));
        return;
    }
    tools_debug(&daemon->settings, "publishes %.*s", (int)message->topic.size,
                (const char *)message->topic.data);
    *sent = (struct sent){token, *message};
    daemon->sent_count++;
}

/* Gives the broker what it may have, as much as may be on its way. */
static void pump(struct daemon *daemon)
{
    wax_authority_message message;
    wax_status status = WAX_OK;

    while (status == WAX_OK && daemon->sent_count < WINDOW) {
        status = wax_authority_next(daemon->home.authority, &message);
        if (status == WAX_OK) {
            publish(daemon, &message);
        }
    }
    if (status != WAX_OK && status != WAX_NOT_FOUND) {
        tell_fault(daemon, "what is to be published cannot be made");
    }
}

static void note_delivered(struct daemon *daemon, const wax_client_event *event)
{
    struct sent *sent = event->token == 0 ? NULL : find_sent(daemon, event->token);

    if (sent == NULL) {
        return;
    }
    if (event->status != WAX_OK) {
        tools_say(&daemon->settings,
                  "the broker refuses what is below %.*s: %s; let %s write there, and start again",
                  (int)wax_authority_identify(daemon->home.authority).prefix.size,
                  (const char *)wax_authority_identify(daemon->home.authority).prefix.data,
                  wax_status_text((wax_status)event->status),
                  daemon->settings.username == NULL ? "everybody" : daemon->settings.username);
    } else if (wax_authority_sent(daemon->home.authority, &sent->message) != WAX_OK) {
        tell_fault(daemon, "what was published cannot be noted");
    }
    sent->token = 0;
    daemon->sent_count--;
    daemon->published++;
    if (daemon->sent_count == 0) {
        tools_debug(&daemon->settings, "the broker has all: %llu messages since the start",
                    (unsigned long long)daemon->published);
    }
    pump(daemon);
}

/* --- Time --- */

static void tell_line(wax_authority_teller *self, const char *line)
{
    tools_say(&WAX_OWNER(self, struct daemon, teller)->settings, "%s", line);
}

/* Rules look once a second at most. Returns when they want to look again. */
static uint64_t act(struct daemon *daemon, uint64_t time_s)
{
    if (daemon->link.client.state != WAX_CLIENT_OPEN) {
        wax_authority_listen(daemon->home.authority, 0);
    }
    if (time_s != daemon->acted_s) {
        daemon->acted_s = time_s;
        if (wax_authority_act(daemon->home.authority, time_s, &daemon->teller,
                              &daemon->act_next_s) != WAX_OK) {
            tell_fault(daemon, "the rules cannot act");
        }
        return daemon->act_next_s;
    }
    return time_s + 1;
}

static void tick(struct daemon *daemon)
{
    const uint64_t time_s = now_s();
    const uint64_t rules_s = act(daemon, time_s);
    uint64_t next_s = WAX_NEVER;
    uint64_t wait_ms = daemon->has_broker ? WAKE_MS : 1000;

    if (wax_authority_tick(daemon->home.authority, time_s, &next_s) != WAX_OK) {
        tell_fault(daemon, "what is due cannot be done");
    }
    next_s = rules_s < next_s ? rules_s : next_s;
    if (next_s < time_s + wait_ms / 1000) {
        wait_ms = next_s <= time_s ? 0 : (next_s - time_s) * 1000;
    }
    daemon->link.wake_ms = wax_clock_ms() + (wait_ms < 100 ? 100 : wait_ms);
    if (keys_door_due_ms(&daemon->door) < daemon->link.wake_ms) {
        daemon->link.wake_ms = keys_door_due_ms(&daemon->door);
    }
    pump(daemon);
}

/* --- What devices say --- */

/* A line of the log about who names himself: it is one line, and does nothing to who reads it. */
__attribute__((format(printf, 2, 3))) static void tell(const struct daemon *daemon,
                                                       const char *format, ...)
{
    char line[LINE_SIZE];
    va_list values;

    va_start(values, format);
    (void)vsnprintf(line, sizeof line, format, values);
    va_end(values);
    ctl_show_harmless(line);
    tools_say(&daemon->settings, "%s", line);
}

/* As much of a name as a device may have. */
static int shown(wax_bytes device)
{
    return (int)(device.size < WAX_KEYS_NAME_MAX ? device.size : WAX_KEYS_NAME_MAX);
}

/* Whether a name does nothing to a shell into which somebody copies it. */
static bool is_plain(wax_bytes device)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                  "._:@%+=,-";

    for (size_t i = 0; i < device.size; i++) {
        if (device.data[i] == '\0' || strchr(letters, device.data[i]) == NULL) {
            return false;
        }
    }
    return device.size > 0 && device.data[0] != '-';
}

static void tell_pending(const struct daemon *daemon, wax_bytes device, const char *words)
{
    if (is_plain(device)) {
        tell(daemon, "%.*s asks to come in; when it shows the words %s: wax keys confirm %.*s %s",
             shown(device), (const char *)device.data, words, shown(device),
             (const char *)device.data, words);
    } else {
        tell(daemon,
             "%.*s asks to come in; when it shows the words %s, confirm it, but do not copy its "
             "name into a shell without a look at it",
             shown(device), (const char *)device.data, words);
    }
}

static void hear_status(struct daemon *daemon, wax_bytes device, wax_bytes payload)
{
    const wax_status status = wax_authority_hear(daemon->home.authority, now_s(), device,
                                                 (uint8_t *)(uintptr_t)payload.data, payload.size);

    if (status == WAX_PROTOCOL_ERROR || status == WAX_NOT_AUTHORIZED) {
        tools_debug(&daemon->settings, "status of %.*s: %s", (int)device.size,
                    (const char *)device.data, wax_authority_fault(daemon->home.authority));
    } else if (status != WAX_OK) {
        tell(daemon, "status of %.*s: %s", shown(device), (const char *)device.data,
             wax_authority_fault(daemon->home.authority));
    }
}

static void hear_enrolment(struct daemon *daemon, wax_bytes device, wax_bytes payload)
{
    const wax_authority_deed deed = {.who = device, .role = WAX_TEXT("device"), .now_s = now_s()};
    wax_authority_verdict verdict;
    const wax_status status =
        wax_authority_enrol(daemon->home.authority, &deed, device, payload, &verdict);

    if (status != WAX_OK) {
        tell(daemon, "enrolment of %.*s: %s", shown(device), (const char *)device.data,
             wax_authority_fault(daemon->home.authority));
    } else if (verdict.standing == WAX_AUTHORITY_PENDING) {
        tell_pending(daemon, device, verdict.words);
    }
}

static void hear(struct daemon *daemon, const wax_client_event *event)
{
    const wax_publish *publish = &daemon->message.arrival.publish;
    const size_t front = strlen(daemon->filters[0]) - 1; /* without the + */

    if (tools_message_take(&daemon->message, event) != WAX_OK || publish->topic.size <= front ||
        publish->payload.size == 0) {
        return;
    }
    for (size_t i = 0; i < WAX_COUNT(daemon->filters); i++) {
        if (memcmp(publish->topic.data, daemon->filters[i], front) == 0) {
            const wax_bytes device =
                wax_bytes_of(publish->topic.data + front, publish->topic.size - front);

            (i == 0 ? hear_status : hear_enrolment)(daemon, device, publish->payload);
        }
    }
    tick(daemon);
}

/* --- The broker --- */

static void subscribe(struct daemon *daemon)
{
    const wax_subscription subscriptions[] = {
        {.filter = wax_bytes_of_text(daemon->filters[0]), .qos = 1},
        {.filter = wax_bytes_of_text(daemon->filters[1]), .qos = 1},
    };
    const wax_client_request request = {.subscriptions = subscriptions,
                                        .count = WAX_COUNT(subscriptions)};
    uint32_t token = 0;

    if (wax_client_subscribe(&daemon->link.client, &request, &token) != WAX_OK) {
        tools_say(&daemon->settings, "there is no room to subscribe");
    }
}

/* A broker that does not know this session may have lost what it retained, too. */
static void connected(struct daemon *daemon, const wax_client_event *event)
{
    const struct settings *settings = &daemon->settings;

    daemon->has_broker = true;
    wax_authority_listen(daemon->home.authority, now_s());
    daemon->has_told = false;
    tools_say(settings, "connected to %s port %u", settings->host, settings->port);
    subscribe(daemon);
    if (!event->connack.session_present) {
        tools_say(settings, "this broker does not know us: all is published");
        if (wax_authority_resend(daemon->home.authority) != WAX_OK) {
            tell_fault(daemon, "what is to be published cannot be found");
        }
    }
    tick(daemon);
}

static void subscribed(const struct daemon *daemon, const wax_client_event *event)
{
    const wax_bytes reasons = event->suback.reasons;

    for (size_t i = 0; i < reasons.size && i < WAX_COUNT(daemon->filters); i++) {
        if (reasons.data[i] >= 0x80) {
            tools_say(&daemon->settings,
                      "the broker refuses the subscription %s: without it nobody can acknowledge "
                      "keys. `wax keys acl` prints what the authority must be allowed",
                      daemon->filters[i]);
        }
    }
}

static void take_event(struct daemon *daemon, const wax_client_event *event)
{
    switch (event->type) {
    case WAX_CLIENT_CONNECTED:
        connected(daemon, event);
        break;
    case WAX_CLIENT_SUBSCRIBED:
        subscribed(daemon, event);
        break;
    case WAX_CLIENT_DELIVERED:
        note_delivered(daemon, event);
        break;
    case WAX_CLIENT_MESSAGE:
    case WAX_CLIENT_PAYLOAD:
        hear(daemon, event);
        break;
    default:
        break;
    }
}

/* --- Running --- */

static void serve(struct daemon *daemon)
{
    keys_door_turn(&daemon->door);
    tick(daemon);
}

/* Says once why there is no broker. */
static void complain_once(struct daemon *daemon)
{
    if (!daemon->has_broker && !daemon->has_told && daemon->link.fault[0] != '\0') {
        tools_say(&daemon->settings, "%s; trying again", daemon->link.fault);
        daemon->has_told = true;
    }
}

static int run(struct daemon *daemon)
{
    wax_client_event event;

    daemon->link.input = daemon->door.host.loop.epoll;
    daemon->teller.tell = tell_line;
    daemon->link.was_open = true; /* a broker that is not there yet will be */
    tick(daemon);
    for (;;) {
        switch (tools_link_next(&daemon->link, &event)) {
        case LINK_EVENT:
            take_event(daemon, &event);
            break;
        case LINK_INPUT:
            serve(daemon);
            break;
        case LINK_DUE:
            complain_once(daemon);
            serve(daemon);
            break;
        case LINK_STOPPED:
            return tools_link_finish(&daemon->link, EXIT_GOOD);
        case LINK_ENDED:
            return daemon->link.code;
        case LINK_MOVED:
        default:
            break;
        }
    }
}

/* Names itself after its namespace, so that the broker knows it again. */
static void name_itself(struct daemon *daemon)
{
    const wax_authority_identity known = wax_authority_identify(daemon->home.authority);
    static const char letters[] = {'s', 'e'};
    char digits[2 * WAX_KEYS_ID_SIZE + 1];

    wax_hex_encode(wax_bytes_of(known.name_space, WAX_KEYS_ID_SIZE), digits);
    (void)snprintf(daemon->id, sizeof daemon->id, "wax-authority-%s", digits);
    for (size_t i = 0; i < WAX_COUNT(letters); i++) {
        (void)snprintf(daemon->filters[i], TOPIC_SIZE, "%.*s/%c/+", (int)known.prefix.size,
                       (const char *)known.prefix.data, letters[i]);
    }
    if (daemon->settings.client_id == NULL) {
        daemon->settings.client_id = daemon->id;
    }
    daemon->settings.keeps_session = true;
    daemon->settings.session_expiry_s = UINT32_MAX;
}

static bool open_home(struct daemon *daemon)
{
    struct authority_home *home = &daemon->home;
    const struct settings *settings = &daemon->settings;
    char where[HOME_PATH_SIZE];

    if (settings->folder == NULL) {
        return tools_complain(settings, "which folder? Write `wax authority FOLDER -h BROKER`; "
                                        "`wax keys init FOLDER` makes one");
    }
    if (!authority_home_place(home, settings->folder) || authority_home_wait(home) != HOME_LOCKED ||
        !authority_home_key(home, settings->kek, false, where) || !authority_home_open(home)) {
        return tools_complain(settings, "%s", home->fault);
    }
    return keys_door_open(&daemon->door, home, settings);
}

int wax_tool_authority(int argc, char **argv)
{
    static struct daemon daemon;
    int code;

    if (!tools_options_begin(&daemon.settings, TOOL_AUTHORITY, argc, argv, &code)) {
        tools_settings_discard(&daemon.settings);
        return code;
    }
    code = EXIT_WRONG;
    if (open_home(&daemon)) {
        name_itself(&daemon);
        if (tools_link_open(&daemon.link, &daemon.settings, QUEUE_SIZE)) {
            code = run(&daemon);
        }
        tools_link_close(&daemon.link);
    }
    keys_door_close(&daemon.door);
    tools_message_discard(&daemon.message);
    authority_home_close(&daemon.home);
    tools_settings_discard(&daemon.settings);
    return code;
}
