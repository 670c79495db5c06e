/* Three lines of any bytes, a user, a client id and a topic, then an ACL file: it is read or
 * refused with a line, and who may read a topic may subscribe to it. */
#include <string.h>

#include "../access_memory.h"

#include "access/access.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static wax_bytes cut_line(wax_bytes *text)
{
    const uint8_t *end = text->size == 0 ? NULL : memchr(text->data, '\n', text->size);
    wax_bytes line = *text;

    if (end == NULL) {
        *text = wax_bytes_of(text->data, 0);
        return line;
    }
    line.size = (size_t)(end - line.data);
    *text = wax_bytes_of(end + 1, text->size - line.size - 1);
    return line;
}

static bool has_wildcard(wax_bytes topic)
{
    return topic.size > 0 && (memchr(topic.data, '+', topic.size) != NULL ||
                              memchr(topic.data, '#', topic.size) != NULL);
}

static void ask(const wax_rules *rules, const wax_access_identity *identity, wax_bytes topic)
{
    wax_access access = wax_rules_for(rules, identity);
    size_t line = 0;
    bool is_read = wax_access_judge(&access, WAX_ACTION_READ, topic, &line);
    bool is_written = wax_access_judge(&access, WAX_ACTION_WRITE, topic, NULL);
    bool may_subscribe = wax_access_may_subscribe(&access, topic);

    wax_assert(!is_read || line > 0);
    wax_assert(!is_written || topic.size > 0);
    wax_assert(has_wildcard(topic) || is_read == may_subscribe);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct test_memory memory = test_memory_open();
    wax_bytes text = {data, size};
    wax_access_identity identity;
    wax_access_fault fault;
    wax_rules rules;
    wax_bytes topic;

    identity.user = cut_line(&text);
    identity.has_user = identity.user.size > 0;
    identity.client_id = cut_line(&text);
    topic = cut_line(&text);
    if (wax_rules_parse(&rules, &memory.memory, text, &fault) == WAX_OK) {
        ask(&rules, &identity, topic);
    } else {
        wax_assert(fault.line > 0);
    }
    wax_rules_close(&rules);
    wax_assert(memory.in_use == 0);
    return 0;
}
