/* The properties that -D gives to packets. */
#include "tools/settings.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum form {
    NUMBER,
    TEXT,
    PAIR,
};

struct name {
    const char *text;
    wax_property_id id;
    enum form form;
    uint32_t least; /* of a number */
    uint32_t most;  /* of a number */
};

struct place {
    const char *text;
    enum properties_of of;
    wax_packet_type type;
};

/* clang-format off */
static const struct name names[] = {
    {"payload-format-indicator",     WAX_PAYLOAD_FORMAT,               NUMBER, 0, 1},
    {"message-expiry-interval",      WAX_MESSAGE_EXPIRY,               NUMBER, 0, UINT32_MAX},
    {"content-type",                 WAX_CONTENT_TYPE,                 TEXT,   0, 0},
    {"response-topic",               WAX_RESPONSE_TOPIC,               TEXT,   0, 0},
    {"correlation-data",             WAX_CORRELATION_DATA,             TEXT,   0, 0},
    {"subscription-identifier",      WAX_SUBSCRIPTION_ID,              NUMBER, 1, WAX_VARINT_MAX},
    {"session-expiry-interval",      WAX_SESSION_EXPIRY,               NUMBER, 0, UINT32_MAX},
    {"authentication-method",        WAX_AUTHENTICATION_METHOD,        TEXT,   0, 0},
    {"authentication-data",          WAX_AUTHENTICATION_DATA,          TEXT,   0, 0},
    {"request-problem-information",  WAX_REQUEST_PROBLEM_INFORMATION,  NUMBER, 0, 1},
    {"will-delay-interval",          WAX_WILL_DELAY,                   NUMBER, 0, UINT32_MAX},
    {"request-response-information", WAX_REQUEST_RESPONSE_INFORMATION, NUMBER, 0, 1},
    {"receive-maximum",              WAX_RECEIVE_MAXIMUM,              NUMBER, 1, UINT16_MAX},
    {"topic-alias-maximum",          WAX_TOPIC_ALIAS_MAXIMUM,          NUMBER, 0, UINT16_MAX},
    {"topic-alias",                  WAX_TOPIC_ALIAS,                  NUMBER, 1, UINT16_MAX},
    {"reason-string",                WAX_REASON_STRING,                TEXT,   0, 0},
    {"maximum-packet-size",          WAX_MAXIMUM_PACKET_SIZE,          NUMBER, 1, UINT32_MAX},
    {"user-property",                WAX_USER_PROPERTY,                PAIR,   0, 0},
};

static const struct place places[] = {
    {"connect",     OF_CONNECT,     WAX_CONNECT},
    {"publish",     OF_PUBLISH,     WAX_PUBLISH},
    {"subscribe",   OF_SUBSCRIBE,   WAX_SUBSCRIBE},
    {"unsubscribe", OF_UNSUBSCRIBE, WAX_UNSUBSCRIBE},
    {"disconnect",  OF_DISCONNECT,  WAX_DISCONNECT},
    {"will",        OF_WILL,        WAX_WILL},
};
/* clang-format on */

static const struct place *find_place(const char *text)
{
    for (size_t i = 0; i < WAX_COUNT(places); i++) {
        if (strcasecmp(places[i].text, text) == 0) {
            return &places[i];
        }
    }
    return NULL;
}

static const struct name *find_name(const char *text)
{
    for (size_t i = 0; i < WAX_COUNT(names); i++) {
        if (strcasecmp(names[i].text, text) == 0) {
            return &names[i];
        }
    }
    return NULL;
}

wax_bytes tools_settings_properties(const struct settings *settings, enum properties_of of)
{
    return wax_bytes_of(settings->properties[of], settings->properties_size[of]);
}

bool tools_settings_add_property(struct settings *settings, enum properties_of of,
                                 const wax_property *property)
{
    wax_writer out;

    if (settings->properties[of] == NULL) {
        settings->properties[of] = malloc(PROPERTIES_SIZE);
    }
    if (settings->properties[of] == NULL) {
        return false;
    }
    out = wax_writer_over(settings->properties[of], PROPERTIES_SIZE);
    out.used = settings->properties_size[of];
    wax_property_write(&out, property);
    if (out.status != WAX_OK) {
        return false;
    }
    settings->properties_size[of] = out.used;
    return true;
}

/* Reads what was written as a peer would: that knows what may stand where, and how often. */
static bool is_allowed(const struct settings *settings, const struct place *place)
{
    wax_bytes properties = tools_settings_properties(settings, place->of);
    uint8_t *room = malloc(properties.size + 4);
    wax_writer out = wax_writer_over(room, room == NULL ? 0 : properties.size + 4);
    wax_reader in;

    wax_write_properties(&out, properties);
    in = wax_reader_over(wax_writer_bytes(&out));
    (void)wax_read_properties(&in, place->type);
    free(room);
    return out.status == WAX_OK && in.status == WAX_OK;
}

/* Some of CONNECT's say what the client itself does. Returns whether it is one of them. */
static bool steer(struct settings *settings, const struct place *place,
                  const wax_property *property)
{
    if (place->of != OF_CONNECT) {
        return false;
    }
    switch ((int)property->id) {
    case WAX_SESSION_EXPIRY:
        settings->session_expiry_s = property->number;
        settings->has_session_expiry = true;
        return true;
    case WAX_RECEIVE_MAXIMUM:
        settings->receive_maximum = property->number;
        return true;
    case WAX_TOPIC_ALIAS_MAXIMUM:
        settings->alias_maximum = property->number;
        return true;
    case WAX_MAXIMUM_PACKET_SIZE:
        settings->packet_size_max = property->number;
        return true;
    default:
        return false;
    }
}

/* What may stand in such a packet, but only where a server sends it. */
static bool is_servers(const struct place *place, const wax_property *property)
{
    return place->of == OF_PUBLISH && property->id == WAX_SUBSCRIPTION_ID;
}

static bool read_value(const struct settings *settings, const struct name *name, char *const *words,
                       wax_property *property)
{
    char *end = NULL;
    unsigned long long number;

    property->id = name->id;
    property->value = wax_bytes_of_text(words[name->form == PAIR ? 3 : 2]);
    if (name->form == PAIR) {
        property->name = wax_bytes_of_text(words[2]);
    }
    if (name->form != NUMBER) {
        return true;
    }
    number = strtoull(words[2], &end, 10);
    if (words[2][0] < '0' || words[2][0] > '9' || *end != '\0' || number < name->least ||
        number > name->most) {
        return tools_complain(settings, "-D %s %s: write a number from %u to %u", words[1],
                              words[2], name->least, name->most);
    }
    property->number = (uint32_t)number;
    return true;
}

size_t tools_settings_take_property(struct settings *settings, char *const *words, size_t count)
{
    const struct place *place = count < 1 ? NULL : find_place(words[0]);
    const struct name *name = count < 2 ? NULL : find_name(words[1]);
    wax_property property = {.id = WAX_USER_PROPERTY};
    size_t wanted = name != NULL && name->form == PAIR ? 4 : 3;

    if (place == NULL) {
        (void)tools_complain(settings, "-D: write a packet first: connect, publish, subscribe, "
                                       "unsubscribe, disconnect or will");
        return 0;
    }
    if (name == NULL) {
        (void)tools_complain(settings, "-D %s: write the name of a property, as content-type",
                             words[0]);
        return 0;
    }
    if (count < wanted) {
        (void)tools_complain(settings, "-D %s %s needs %s behind it", words[0], words[1],
                             name->form == PAIR ? "a name and a value" : "a value");
        return 0;
    }
    if (!read_value(settings, name, words, &property)) {
        return 0;
    }
    settings->version = WAX_VERSION_5; /* as with Mosquitto's tools, -V behind it still counts */
    if (steer(settings, place, &property)) {
        return wanted;
    }
    if (is_servers(place, &property) ||
        !tools_settings_add_property(settings, place->of, &property) ||
        !is_allowed(settings, place)) {
        (void)tools_complain(settings,
                             "-D %s %s: may not stand there, or not so often, or not "
                             "with this value",
                             words[0], words[1]);
        return 0;
    }
    return wanted;
}
