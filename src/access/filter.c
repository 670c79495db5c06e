/* Topic filters: whether they match a topic, meet another, or contain it. */
#include "access/filter.h"

#include <string.h>

/* What stands where a text has ended. */
enum {
    END = -1,
};

/* Whether a placeholder begins at `at`; `name` is then what it stands for. */
static bool find_name(wax_bytes filter, size_t at, const wax_access_identity *who, wax_bytes *name)
{
    if (who == NULL || filter.data[at] != '%' || filter.size - at < 2) {
        return false;
    }
    if (filter.data[at + 1] == 'c') {
        *name = who->client_id;
        return true;
    }
    if (filter.data[at + 1] == 'u' && who->has_user) {
        *name = who->user;
        return true;
    }
    return false;
}

static bool starts_with_dollar(wax_bytes text)
{
    return text.size > 0 && text.data[0] == '$';
}

static wax_bytes from(wax_bytes text, size_t at)
{
    return wax_bytes_of(text.data + at, text.size - at);
}

static size_t level_end(wax_bytes topic, size_t at)
{
    while (at < topic.size && topic.data[at] != '/') {
        at++;
    }
    return at;
}

bool wax_pattern_matches(wax_bytes filter, const wax_access_identity *who, wax_bytes topic)
{
    size_t at = 0;
    size_t in_topic = 0;
    wax_bytes name;
    bool has_name = true;

    if (starts_with_dollar(filter) != starts_with_dollar(topic)) { /* [MQTT-4.7.2-1] */
        return false;
    }
    while (has_name && at < filter.size) {
        if (filter.data[at] == '#') {
            return true;
        }
        if (filter.data[at] == '+') {
            in_topic = level_end(topic, in_topic);
            at++;
        } else if (find_name(filter, at, who, &name)) {
            has_name = wax_bytes_start_with(from(topic, in_topic), name);
            in_topic += name.size;
            at += 2;
        } else if (in_topic < topic.size && topic.data[in_topic] == filter.data[at]) {
            in_topic++;
            at++;
        } else { /* "sport/#" also matches "sport", its parent: MQTT 5.0, 4.7.1.2 */
            return in_topic == topic.size && wax_bytes_equal(from(filter, at), WAX_TEXT("/#"));
        }
    }
    return has_name && in_topic == topic.size;
}

/* Walks over a filter as if the names stood in it. */
struct walk {
    wax_bytes filter;
    const wax_access_identity *who;
    size_t at;
    wax_bytes name; /* what is left of the name that is being read */
    size_t walked;  /* characters so far */
};

/* The next character, or END. */
static int peek(struct walk *walk)
{
    while (walk->name.size == 0 && walk->at < walk->filter.size &&
           find_name(walk->filter, walk->at, walk->who, &walk->name)) {
        walk->at += 2;
    }
    if (walk->name.size > 0) {
        return walk->name.data[0];
    }
    return walk->at < walk->filter.size ? walk->filter.data[walk->at] : END;
}

/* Goes one character on; there is one. */
static void step(struct walk *walk)
{
    if (walk->name.size > 0) {
        walk->name = from(walk->name, 1);
    } else {
        walk->at++;
    }
    walk->walked++;
}

static void skip_level(struct walk *walk)
{
    for (int next = peek(walk); next != '/' && next != END; next = peek(walk)) {
        step(walk);
    }
}

/* Whether all that is left is "/#": then the filter matches what was walked so far, its parent. A
 * topic is never empty [MQTT-4.7.3-1], so "/#" alone has no parent. */
static bool is_at_parent(struct walk *walk)
{
    return walk->walked > 0 && peek(walk) == '/' && walk->name.size == 0 &&
           wax_bytes_equal(from(walk->filter, walk->at), WAX_TEXT("/#"));
}

/* Whether no topic can start as both want: '$' is met by '$' only [MQTT-4.7.2-1]. Also where a name
 * puts a '$' in front that the filter does not have. */
static bool starts_apart(struct walk *one, struct walk *other)
{
    bool is_dollar = peek(one) == '$';

    return is_dollar != starts_with_dollar(one->filter) || is_dollar != (peek(other) == '$');
}

bool wax_pattern_overlaps(wax_bytes filter, const wax_access_identity *who, wax_bytes other)
{
    struct walk one = {.filter = filter, .who = who};
    struct walk two = {.filter = other};

    if (starts_apart(&one, &two)) {
        return false;
    }
    for (;;) {
        int a = peek(&one);
        int b = peek(&two);

        if (a == '#' || b == '#') {
            return true;
        }
        if (a == '+' || b == '+') {
            skip_level(&one);
            skip_level(&two);
        } else if (a != b) {
            return (a == END && is_at_parent(&two)) || (b == END && is_at_parent(&one));
        } else if (a == END) {
            return true;
        } else {
            step(&one);
            step(&two);
        }
    }
}

bool wax_pattern_covers(wax_bytes filter, const wax_access_identity *who, wax_bytes narrow)
{
    /* "#" spelled out: no topic has less than one level. */
    bool is_all = wax_bytes_equal(filter, WAX_TEXT("+/#"));
    struct walk one = {.filter = filter, .who = who};
    struct walk two = {.filter = narrow};

    if (starts_apart(&one, &two)) {
        return false;
    }
    for (;;) {
        int a = peek(&one);
        int b = peek(&two);

        if (a == '#' || b == '#') {
            return a == '#' || (is_all && two.walked == 0);
        }
        if (a == '+') {
            skip_level(&one);
            skip_level(&two);
        } else if (a != b) {
            return b == END && is_at_parent(&one);
        } else if (a == END) {
            return true;
        } else {
            step(&one);
            step(&two);
        }
    }
}

bool wax_pattern_is_valid(wax_bytes filter)
{
    bool is_valid = filter.size >= 1 && filter.size <= WAX_NAME_MAX && wax_utf8_is_valid(filter);

    for (size_t i = 0; is_valid && i < filter.size; i++) {
        bool is_first = i == 0 || filter.data[i - 1] == '/';
        bool is_last = i + 1 == filter.size;

        if (filter.data[i] == '#') {
            is_valid = is_first && is_last; /* [MQTT-4.7.1-1] */
        } else if (filter.data[i] == '+') {
            is_valid = is_first && (is_last || filter.data[i + 1] == '/'); /* [MQTT-4.7.1-2] */
        }
    }
    return is_valid;
}

bool wax_filter_matches(wax_bytes filter, wax_bytes topic)
{
    return wax_pattern_matches(filter, NULL, topic);
}

bool wax_filter_overlaps(wax_bytes one, wax_bytes other)
{
    return wax_pattern_overlaps(one, NULL, other);
}

bool wax_filter_covers(wax_bytes wide, wax_bytes narrow)
{
    return wax_pattern_covers(wide, NULL, narrow);
}
