/* The lines of a bridge that add up: `address` and `topic`. */
#include "broker/config_bridge_lines.h"

#include <stdlib.h>
#include <string.h>

#include "router/router.h"

enum { PORT_PLAIN = 1883, PORT_MAX = 65535, HOST_SIZE_MAX = 255, TOPIC_SIZE_MAX = 4096 };

static bool refuse(const wax_config_spot *spot, const char *reason)
{
    wax_config_report_add(spot->report, WAX_CONFIG_ERROR, spot->file, spot->line, "%s: %s",
                          spot->option->name, reason);
    return false;
}

/* --- address --- */

void wax_bridge_free_addresses(wax_bridge_config *bridge)
{
    for (size_t i = 0; i < bridge->address_count; i++) {
        free(bridge->addresses[i].host);
    }
    free(bridge->addresses);
    bridge->addresses = NULL;
    bridge->address_count = 0;
}

/* Where the colon before a port is; the size of the word if there is none. An IPv6 address stands
 * in brackets, or has no port. */
static size_t colon_at(wax_bytes word)
{
    size_t at = word.size;
    size_t count = 0;
    for (size_t i = 0; i < word.size; i++) {
        if (word.data[i] == ']') {
            count = 0;
            at = word.size;
        } else if (word.data[i] == ':') {
            count++;
            at = i;
        }
    }
    return count == 1 && word.data[0] != '/' ? at : word.size;
}

static bool split(const wax_config_spot *spot, wax_bytes word, wax_bytes *host, int64_t *port)
{
    size_t at = colon_at(word);
    *host = wax_bytes_of(word.data, at);
    *port = PORT_PLAIN;
    if (at < word.size) {
        wax_bytes digits = wax_bytes_of(word.data + at + 1, word.size - at - 1);
        if (!wax_value_number(spot, digits, port) || *port < 1 || *port > PORT_MAX) {
            return refuse(spot, "a port is 1 to 65535");
        }
    }
    if (host->size > 2 && host->data[0] == '[' && host->data[host->size - 1] == ']') {
        *host = wax_bytes_of(host->data + 1, host->size - 2);
    }
    bool has_bracket = memchr(host->data, '[', host->size) || memchr(host->data, ']', host->size);
    if (host->size == 0 || host->size > HOST_SIZE_MAX || !wax_utf8_is_valid(*host) || has_bracket) {
        return refuse(spot, "write HOST or HOST:PORT, an IPv6 address with a port in brackets");
    }
    return true;
}

static bool add_address(const wax_config_spot *spot, wax_bridge_config *bridge, wax_bytes word)
{
    wax_bytes host;
    int64_t port;
    if (!split(spot, word, &host, &port)) {
        return false;
    }
    if (bridge->address_count == WAX_CONFIG_BRIDGE_ADDRESSES_MAX) {
        return refuse(spot, "a connection may have 16 addresses; this is one more");
    }
    char *copy = wax_config_copy(host);
    wax_bridge_address *larger =
        copy ? realloc(bridge->addresses, (bridge->address_count + 1) * sizeof *larger) : NULL;
    if (!larger) {
        free(copy);
        return refuse(spot, "there is no memory left");
    }
    bridge->addresses = larger;
    bridge->addresses[bridge->address_count++] = (wax_bridge_address){copy, (uint16_t)port};
    return true;
}

static bool read_addresses(const wax_config_spot *spot, wax_bridge_config *bridge, wax_bytes text)
{
    bool fine = true;
    while (fine && text.size > 0 && text.data[0] != '#') {
        fine = add_address(spot, bridge, wax_config_word(&text));
    }
    return fine;
}

bool wax_bridge_addresses_equal(const wax_bridge_config *one, const wax_bridge_config *other)
{
    bool same = one->address_count == other->address_count;
    for (size_t i = 0; same && i < one->address_count; i++) {
        same = one->addresses[i].port == other->addresses[i].port &&
               strcmp(one->addresses[i].host, other->addresses[i].host) == 0;
    }
    return same;
}

void wax_bridge_print_addresses(const wax_bridge_config *bridge, FILE *out)
{
    for (size_t i = 0; i < bridge->address_count; i++) {
        const wax_bridge_address *at = &bridge->addresses[i];
        if (at->host[0] == '/') {
            (void)fprintf(out, "address %s\n", at->host);
        } else if (strchr(at->host, ':')) {
            (void)fprintf(out, "address [%s]:%u\n", at->host, (unsigned)at->port);
        } else {
            (void)fprintf(out, "address %s:%u\n", at->host, (unsigned)at->port);
        }
    }
}

/* --- topic --- */

static void free_topic(wax_bridge_topic *topic)
{
    free(topic->pattern);
    free(topic->local_prefix);
    free(topic->remote_prefix);
    free(topic->local);
    free(topic->remote);
}

void wax_bridge_free_topics(wax_bridge_config *bridge)
{
    for (size_t i = 0; i < bridge->topic_count; i++) {
        free_topic(&bridge->topics[i]);
    }
    free(bridge->topics);
    bridge->topics = NULL;
    bridge->topic_count = 0;
}

/* Takes a word, or what stands between quotation marks. False when a mark is missing. */
static bool next_part(wax_bytes *text, wax_bytes *part)
{
    if (text->size == 0 || text->data[0] != '"') {
        *part = wax_config_word(text);
        return true;
    }
    const uint8_t *end = memchr(text->data + 1, '"', text->size - 1);
    size_t size = end ? (size_t)(end - text->data) - 1 : 0;
    *part = wax_bytes_of(text->data + 1, size);
    if (!end ||
        (size + 2 < text->size && text->data[size + 2] != ' ' && text->data[size + 2] != '\t')) {
        return false;
    }
    *text = wax_config_trim(wax_bytes_of(text->data + size + 2, text->size - size - 2));
    return true;
}

/* The parts of a line, in their order. */
struct parts {
    wax_bytes pattern;
    wax_bytes direction;
    wax_bytes qos;
    wax_bytes local_prefix;
    wax_bytes remote_prefix;
};

static bool read_parts(const wax_config_spot *spot, wax_bytes text, struct parts *parts)
{
    wax_bytes *const each[] = {&parts->pattern, &parts->direction, &parts->qos,
                               &parts->local_prefix, &parts->remote_prefix};
    for (size_t i = 0; i < WAX_COUNT(each); i++) {
        /* A pattern may be #; behind it, one begins a comment. */
        if (text.size == 0 || (i > 0 && text.data[0] == '#')) {
            return true;
        }
        if (!next_part(&text, each[i])) {
            return refuse(spot, "a quotation mark is missing, or a blank after it");
        }
    }
    if (text.size > 0 && text.data[0] != '#') {
        return refuse(spot, "it has PATTERN DIRECTION QOS LOCAL-PREFIX REMOTE-PREFIX; what has "
                            "blanks stands in quotation marks");
    }
    return true;
}

static bool read_direction(const wax_config_spot *spot, wax_bytes word, uint32_t *directions)
{
    static const struct {
        const char *word;
        uint32_t directions;
    } rows[] = {
        {"",     WAX_BRIDGE_OUT                },
        {"out",  WAX_BRIDGE_OUT                },
        {"in",   WAX_BRIDGE_IN                 },
        {"both", WAX_BRIDGE_OUT | WAX_BRIDGE_IN}
    };
    for (size_t i = 0; i < WAX_COUNT(rows); i++) {
        if (wax_bytes_equal(word, wax_bytes_of_text(rows[i].word))) {
            *directions = rows[i].directions;
            return true;
        }
    }
    return refuse(spot, "after the pattern stands out, in or both");
}

static bool read_qos(const wax_config_spot *spot, wax_bytes word, uint8_t *qos)
{
    *qos = word.size == 0 ? 0 : (uint8_t)(word.data[0] - '0');
    return (word.size <= 1 && *qos <= 2) || refuse(spot, "the QoS is 0, 1 or 2");
}

static char *join(wax_bytes prefix, wax_bytes pattern)
{
    char *joined = malloc(prefix.size + pattern.size + 1);
    if (joined) {
        wax_writer out = wax_writer_over((uint8_t *)joined, prefix.size + pattern.size + 1);
        wax_write_bytes(&out, prefix);
        wax_write_bytes(&out, pattern);
        wax_write_u8(&out, 0);
    }
    return joined;
}

static bool has_wildcard(wax_bytes text)
{
    return memchr(text.data, '+', text.size) || memchr(text.data, '#', text.size);
}

/* Whether the line means something at both brokers. */
static bool judge(const wax_config_spot *spot, const struct parts *parts,
                  const wax_bridge_topic *topic)
{
    wax_bytes local = wax_bytes_of_text(topic->local);
    wax_bytes remote = wax_bytes_of_text(topic->remote);
    if (has_wildcard(parts->local_prefix) || has_wildcard(parts->remote_prefix)) {
        return refuse(spot, "a prefix holds neither + nor #");
    }
    if (!wax_utf8_is_valid(local) || !wax_utf8_is_valid(remote)) {
        return refuse(spot, "it must be UTF-8; save the file in that encoding");
    }
    if (local.size == 0 || remote.size == 0) {
        return refuse(spot, "without a pattern both prefixes must be topics");
    }
    if (local.size > TOPIC_SIZE_MAX || remote.size > TOPIC_SIZE_MAX) {
        return refuse(spot, "a prefix and the pattern may have 4096 bytes");
    }
    if (!wax_filter_is_valid(local) || !wax_filter_is_valid(remote)) {
        return refuse(spot, "the pattern is no topic filter: + stands alone between slashes, and # "
                            "alone at the end");
    }
    if (wax_bytes_start_with(local, WAX_TEXT("$share/")) ||
        wax_bytes_start_with(remote, WAX_TEXT("$share/"))) {
        return refuse(spot, "a bridge takes no part in shared subscriptions");
    }
    return true;
}

static wax_bytes not_null(wax_bytes text)
{
    return text.data ? text : WAX_TEXT("");
}

static bool fill(const wax_config_spot *spot, struct parts *parts, wax_bridge_topic *topic)
{
    parts->local_prefix = not_null(parts->local_prefix);
    parts->remote_prefix = not_null(parts->remote_prefix);
    topic->place = (wax_config_place){spot->file_number, spot->line};
    topic->pattern = wax_config_copy(parts->pattern);
    topic->local_prefix = wax_config_copy(parts->local_prefix);
    topic->remote_prefix = wax_config_copy(parts->remote_prefix);
    topic->local = join(parts->local_prefix, parts->pattern);
    topic->remote = join(parts->remote_prefix, parts->pattern);
    if (!topic->pattern || !topic->local_prefix || !topic->remote_prefix || !topic->local ||
        !topic->remote) {
        return refuse(spot, "there is no memory left");
    }
    return judge(spot, parts, topic);
}

static bool read_topic(const wax_config_spot *spot, wax_bridge_config *bridge, wax_bytes text)
{
    struct parts parts = {
        .pattern = {NULL, 0}
    };
    wax_bridge_topic topic = {.pattern = NULL};
    if (!read_parts(spot, text, &parts) ||
        !read_direction(spot, parts.direction, &topic.directions) ||
        !read_qos(spot, parts.qos, &topic.qos)) {
        return false;
    }
    if (bridge->topic_count == WAX_CONFIG_BRIDGE_TOPICS_MAX) {
        return refuse(spot, "a connection may have 1024 of these lines; this is one more");
    }
    bool made = fill(spot, &parts, &topic);
    wax_bridge_topic *larger =
        made ? realloc(bridge->topics, (bridge->topic_count + 1) * sizeof *larger) : NULL;
    if (!larger) {
        free_topic(&topic);
        return made && refuse(spot, "there is no memory left");
    }
    bridge->topics = larger;
    bridge->topics[bridge->topic_count++] = topic;
    return true;
}

static bool same_topic(const wax_bridge_topic *one, const wax_bridge_topic *other)
{
    return one->directions == other->directions && one->qos == other->qos &&
           strcmp(one->pattern, other->pattern) == 0 &&
           strcmp(one->local_prefix, other->local_prefix) == 0 &&
           strcmp(one->remote_prefix, other->remote_prefix) == 0;
}

bool wax_bridge_topics_equal(const wax_bridge_config *one, const wax_bridge_config *other)
{
    bool same = one->topic_count == other->topic_count;
    for (size_t i = 0; same && i < one->topic_count; i++) {
        same = same_topic(&one->topics[i], &other->topics[i]);
    }
    return same;
}

/* A part as the line needs it. */
static void print_part(const char *part, FILE *out)
{
    bool is_bare = part[0] != '\0' && part[0] != '"' && !strpbrk(part, " \t\r");
    const char *mark = is_bare ? "" : "\"";
    (void)fprintf(out, " %s%s%s", mark, part, mark);
}

void wax_bridge_print_topics(const wax_bridge_config *bridge, FILE *out)
{
    static const char *const directions[] = {[WAX_BRIDGE_OUT] = "out",
                                             [WAX_BRIDGE_IN] = "in",
                                             [WAX_BRIDGE_OUT | WAX_BRIDGE_IN] = "both"};
    for (size_t i = 0; i < bridge->topic_count; i++) {
        const wax_bridge_topic *topic = &bridge->topics[i];
        (void)fputs("topic", out);
        print_part(topic->pattern, out);
        (void)fprintf(out, " %s %u", directions[topic->directions], (unsigned)topic->qos);
        print_part(topic->local_prefix, out);
        print_part(topic->remote_prefix, out);
        (void)fputc('\n', out);
    }
}

/* --- both --- */

bool wax_bridge_is_line(const wax_option *option)
{
    return option->type == WAX_OPTION_ADDRESS || option->type == WAX_OPTION_TOPIC;
}

bool wax_bridge_read_line(const wax_config_spot *spot, wax_bridge_config *bridge, wax_bytes text)
{
    return spot->option->type == WAX_OPTION_ADDRESS ? read_addresses(spot, bridge, text)
                                                    : read_topic(spot, bridge, text);
}
