/* An act of wax demo: a message, who saw it, and what is made of a forged one. */
#include "tools/demo_parts.h"
#include "wire/wire.h"

#include <stdlib.h>
#include <string.h>

enum {
    WHO = 2, /* columns */
    WHAT = 15,
    ASIDE = 30,
    LINE_SIZE = 4096,
    PACKETS_MAX = 268435455,
    TLS_HEAD = 5,
    TLS_DATA = 0x17, /* a record with anything encrypted [RFC 8446, 5.2] */
};

static const char topic[] = "home/occupancy";
static const char morning[] = "nobody is home";
static const char evening[] = "somebody is home";

/* --- Searching --- */

static bool holds(wax_bytes whole, const char *part)
{
    size_t size = strlen(part);

    for (size_t i = 0; size > 0 && i + size <= whole.size; i++) {
        if (memcmp(whole.data + i, part, size) == 0) {
            return true;
        }
    }
    return false;
}

/* Messages that came to the operator and are no keys: line `number` of them, "TOPIC|HEX". Returns
 * how many there are. */
static size_t find_record(const struct demo_act *act, size_t number, char line[static LINE_SIZE])
{
    char *content;
    size_t count = 0;

    (void)demo_stage_read(&act->stage, "operator.out", &content);
    for (const char *at = content; *at != '\0';) {
        size_t size = strcspn(at, "\n");
        bool is_whole = at[size] == '\n' && strncmp(at, "wax/", 4) != 0;

        if (is_whole && count++ == number) {
            (void)snprintf(line, LINE_SIZE, "%.*s", (int)size, at);
        }
        at += size + (at[size] == '\n' ? 1 : 0);
    }
    free(content);
    return count;
}

/* Cuts a record into its topic and its payload. Returns the payload's size. */
static size_t cut_record(char line[static LINE_SIZE], uint8_t payload[static LINE_SIZE])
{
    char *bar = strrchr(line, '|');
    wax_bytes digits;

    if (bar == NULL) {
        return 0;
    }
    *bar = '\0';
    digits = wax_bytes_of_text(bar + 1);
    return wax_hex_decode(digits, payload) ? digits.size / 2 : 0;
}

/* --- The sensor speaks --- */

/* Two messages have come: the morning's and the evening's. */
static bool came_through(void *of)
{
    char line[LINE_SIZE];

    return find_record(of, 2, line) >= 2 &&
           demo_stage_count(&((struct demo_act *)of)->stage, "thermostat.out", topic) >= 2;
}

/* Its keys may still be on their way. */
static bool has_spoken(void *of)
{
    struct demo_act *act = of;

    return demo_stage_run(&act->stage, "sensor", "pub -i motion-sensor %s %s -q 1 -t %s -l",
                          demo_house_way(act, DEMO_SENSOR, act->tap),
                          act->level->is_sealed ? "--seal sensor.keys" : "", topic) == 0;
}

static bool speak(struct demo_act *act)
{
    char text[64];

    (void)snprintf(text, sizeof text, "%s\n%s\n", morning, evening);
    act->tap = demo_stage_tap(&act->stage, act->port);
    if (act->tap == 0 || !demo_stage_write(&act->stage, "sensor.in", wax_bytes_of_text(text)) ||
        !demo_stage_wait(&act->stage, has_spoken, act, "the sensor sends") ||
        !demo_stage_wait(&act->stage, came_through, act, "the thermostat hears the sensor")) {
        return false;
    }
    demo_show(act->show, WHO, DEMO_PLAIN, "sensor");
    demo_show(act->show, WHAT, DEMO_PLAIN, "sends to %s: ", topic);
    demo_show(act->show, 0, DEMO_BOLD, "%s", evening);
    demo_show(act->show, 0, DEMO_FAINT, "   (this morning: %s)", morning);
    demo_show_end(act->show);
    return true;
}

/* --- The wire --- */

/* The login of a CONNECT is the forger's from now on. */
static void steal(struct demo_login *stolen, wax_bytes body)
{
    wax_connect connect;

    if (wax_connect_read(&connect, body) == WAX_OK && connect.has_password) {
        (void)snprintf(stolen->username, sizeof stolen->username, "%.*s",
                       (int)connect.username.size, (const char *)connect.username.data);
        (void)snprintf(stolen->password, sizeof stolen->password, "%.*s",
                       (int)connect.password.size, (const char *)connect.password.data);
    }
}

/* Whether it is no message about keys. */
static bool is_spoken(const wax_packet *packet)
{
    wax_publish publish;

    return packet->type == WAX_PUBLISH && wax_publish_read(&publish, packet) == WAX_OK &&
           !wax_bytes_start_with(publish.topic, WAX_TEXT("wax/"));
}

/* What an eavesdropper looks for: the login, and the last message. */
static void read_packets(struct demo_act *act, wax_bytes wire, wax_bytes *last)
{
    wax_reader in = wax_reader_over(wire);
    wax_packet packet;
    const uint8_t *start = wire.data;

    while (wax_packet_read(&packet, &in, WAX_VERSION_3_1_1, PACKETS_MAX) == WAX_OK) {
        if (packet.type == WAX_CONNECT) {
            steal(&act->logins[DEMO_FORGER], packet.body);
        }
        if (is_spoken(&packet)) {
            *last = wax_bytes_of(start, packet.head_size + (size_t)packet.body_size);
        }
        start = wire.data + (wire.size - wax_reader_left(&in));
    }
}

/* Of records of TLS nobody can say which is what: the largest one. */
static void read_records(wax_bytes wire, wax_bytes *last)
{
    for (size_t at = 0; at + TLS_HEAD <= wire.size;) {
        size_t size = TLS_HEAD + ((size_t)wire.data[at + 3] << 8 | wire.data[at + 4]);

        if (wire.data[at] == TLS_DATA && at + size <= wire.size && size >= last->size) {
            *last = wax_bytes_of(wire.data + at, size);
        }
        at += size;
    }
}

static void show_known(struct demo_act *act, const char *who, const struct demo_known *known)
{
    const struct {
        bool is_known;
        const char *text;
    } rows[] = {
        {known->password, "the password"},
        {known->topic,    "the topic"   },
        {known->text,     "the text"    },
    };
    const char *before = "";

    demo_show(act->show, WHAT, DEMO_PLAIN, "%s reads ", who);
    for (size_t i = 0; i < WAX_COUNT(rows); i++) {
        if (rows[i].is_known) {
            demo_show(act->show, 0, DEMO_BAD, "%s%s", before, rows[i].text);
            before = ", ";
        }
    }
    if (before[0] == '\0') {
        demo_show(act->show, 0, DEMO_GOOD, "nothing");
    }
    demo_show_end(act->show);
}

static void eavesdrop(struct demo_act *act)
{
    struct demo_login *stolen = &act->logins[DEMO_FORGER];
    char *content;
    wax_bytes wire = {NULL, demo_stage_read(&act->stage, "wire.out", &content)};
    wax_bytes shown = {NULL, 0};

    wire.data = (const uint8_t *)content;
    demo_show(act->show, WHO, DEMO_PLAIN, "on the wire");
    if (act->level->uses_tls) {
        read_records(wire, &shown);
    } else {
        read_packets(act, wire, &shown);
    }
    if (stolen->password[0] != '\0') {
        demo_show(act->show, WHAT, DEMO_PLAIN, "CONNECT: user %s, password ", stolen->username);
        demo_show(act->show, 0, DEMO_BYTES, "%s", stolen->password);
        demo_show_end(act->show);
    }
    demo_show_bytes(act->show, WHAT, shown);
    act->outcome.wire = (struct demo_known){
        .password = holds(wire, act->logins[DEMO_SENSOR].password),
        .topic = holds(wire, topic),
        .text = holds(wire, evening),
    };
    free(content);
    show_known(act, "an eavesdropper", &act->outcome.wire);
}

/* --- The broker --- */

static void look_inside(struct demo_act *act)
{
    char line[LINE_SIZE] = "";
    uint8_t payload[LINE_SIZE];
    char digits[2 * 24 + 1] = "";
    wax_bytes bytes;

    (void)find_record(act, 1, line);
    bytes = wax_bytes_of(payload, cut_record(line, payload));
    act->outcome.broker =
        (struct demo_known){.topic = strcmp(line, topic) == 0, .text = holds(bytes, evening)};
    demo_show(act->show, WHO, DEMO_PLAIN, "broker");
    demo_show(act->show, WHAT, act->outcome.broker.topic ? DEMO_PLAIN : DEMO_BYTES, "%s", line);
    demo_show(act->show, 0, DEMO_PLAIN, " ");
    if (act->outcome.broker.text) {
        demo_show(act->show, 0, DEMO_BOLD, "%.*s", (int)bytes.size, (const char *)bytes.data);
    } else {
        wax_hex_encode(wax_bytes_of(payload, bytes.size < 24 ? bytes.size : 24), digits);
        demo_show(act->show, 0, DEMO_BYTES, "%s...", digits);
    }
    demo_show_end(act->show);
    show_known(act, "its operator", &act->outcome.broker);
}

/* --- The forger --- */

/* Whom the forger can be: nobody, who spoke on the wire, or who runs the broker. */
static const char *find_login(struct demo_act *act)
{
    if (!act->level->has_logins) {
        return "anybody";
    }
    if (act->logins[DEMO_FORGER].password[0] != '\0') {
        return "who has that password";
    }
    act->logins[DEMO_FORGER] = act->logins[DEMO_OPERATOR];
    return "who runs the broker";
}

static bool forge(struct demo_act *act)
{
    struct demo_outcome *outcome = &act->outcome;
    char line[LINE_SIZE] = "";
    uint8_t recorded[LINE_SIZE];
    char reason[DEMO_REASON_SIZE] = "";
    wax_bytes envelope;

    (void)find_record(act, 0, line);
    envelope = wax_bytes_of(recorded, cut_record(line, recorded));
    demo_show(act->show, WHO, DEMO_PLAIN, "forger");
    demo_show(act->show, WHAT, DEMO_PLAIN, "%s sends there: ", find_login(act));
    demo_show(act->show, 0, DEMO_BOLD, "%s", morning);
    demo_show_end(act->show);
    if (!demo_house_send(act, "forger", wax_bytes_of_text(morning), line)) {
        return false;
    }
    (void)demo_house_reason(act, "thermostat.err", outcome->forged, sizeof outcome->forged);
    demo_show_verdict(act->show, WHAT, outcome->forged, "the thermostat believes it");
    if (act->level->is_sealed) {
        demo_show(act->show, WHAT, DEMO_PLAIN,
                  "sends this morning's envelope again, as it was recorded");
        demo_show_end(act->show);
        if (!demo_house_send(act, "replay", envelope, line)) {
            return false;
        }
        (void)demo_house_reason(act, "thermostat.err", reason, sizeof reason);
        demo_show_verdict(act->show, WHAT, reason, "the thermostat believes it");
    }
    outcome->is_heating = demo_house_is_heating(act);
    demo_show(act->show, WHAT, outcome->is_heating ? DEMO_GOOD : DEMO_BAD, "the heating %s",
              outcome->is_heating ? "stays on" : "goes off");
    demo_show_end(act->show);
    return true;
}

bool demo_act_play(struct demo_act *act)
{
    bool is_good;

    demo_show(act->show, 0, DEMO_BOLD, "%s  %s", act->level->name, act->level->title);
    demo_show(act->show, ASIDE, DEMO_FAINT, "%s", act->level->text);
    demo_show_end(act->show);
    is_good = demo_house_open(act) && speak(act);
    if (is_good) {
        eavesdrop(act);
        look_inside(act);
        is_good = forge(act) && demo_firmware(act);
    }
    demo_stage_close(&act->stage);
    demo_show_end(act->show);
    return is_good;
}
