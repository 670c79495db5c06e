/* Verbs of `wax keys` for the log, and for what a broker and its log see. */
#include "tools/keys_entry.h"
#include "tools/keys_verbs.h"

#include <stdlib.h>
#include <string.h>

enum { TOKENS_SIZE = 1 << 17, GRANTS_MAX = 100000 };

#define TEXT(bytes) (int)(bytes).size, (const char *)(bytes).data

/* --- The log --- */

/* Every entry is verified; --verify leaves out showing them. */
bool keys_audit(wax_authority *authority, const struct keys_order *order,
                struct keys_answer *answer)
{
    const wax_authority_identity known = wax_authority_identify(authority);
    const wax_keys_signing by = {known.name_space, NULL, known.registrar};
    wax_keys_followed followed = {.number = 0};
    const uint64_t count = known.log_number;

    for (uint64_t i = 1; i <= count; i++) {
        wax_keys_entry entry;
        wax_bytes signed_bytes;
        wax_status status = wax_authority_entry(authority, i, &signed_bytes);

        if (status == WAX_OK) {
            status = wax_keys_entry_read(&entry, &by, &followed, signed_bytes);
        }
        if (status == WAX_OK && entry.number != i) {
            status = WAX_PROTOCOL_ERROR;
        }
        if (status != WAX_OK) {
            return keys_answer_fail(answer,
                                    "entry %llu of the log is missing, or was changed: somebody "
                                    "else has written to the file. Do not trust it; go back to a "
                                    "backup, and see who could write there",
                                    (unsigned long long)i);
        }
        if (!order->verifies) {
            keys_entry_print(answer->out, &entry);
        }
    }
    (void)fprintf(answer->out,
                  "the log is whole: %llu entries, each signed, each bound to the one "
                  "before\nits newest entry is ",
                  (unsigned long long)count);
    keys_anchor_print(answer->out, &followed);
    return true;
}

/* --- Tokens --- */

/* One topic a line becomes one line: what the broker sees, and the topic. */
bool keys_tokens(wax_authority *authority, const struct keys_order *order,
                 struct keys_answer *answer)
{
    wax_bytes rest = order->content;
    uint8_t *room = malloc(TOKENS_SIZE);
    bool is_good = room != NULL || keys_answer_fail(answer, "there is not enough memory");

    if (is_good && order->from == NULL) {
        is_good = keys_answer_fail(answer, "give --from FILE, with a topic on each line");
    }
    while (is_good && rest.size > 0) {
        const uint8_t *end = memchr(rest.data, '\n', rest.size);
        const size_t size = end == NULL ? rest.size : (size_t)(end - rest.data);
        const wax_bytes topic = wax_bytes_of(rest.data, size);
        const size_t used = size + (end == NULL ? 0 : 1);
        wax_writer out = wax_writer_over(room, TOKENS_SIZE);

        rest = wax_bytes_of(rest.data + used, rest.size - used);
        if (size > 0) {
            is_good =
                keys_answer_done(answer, authority, wax_authority_blind(authority, topic, &out));
            (void)fprintf(answer->out, "%.*s %.*s\n", (int)out.used, (const char *)room,
                          TEXT(topic));
        }
    }
    free(room);
    return is_good;
}

/* --- Rights at the broker --- */

/* A device, or one of its rights. */
struct right {
    char device[WAX_KEYS_NAME_MAX + 1];
    char group[WAX_KEYS_NAME_MAX + 1];
    uint32_t role;
};

struct group_row {
    char name[WAX_KEYS_NAME_MAX + 1];
    uint8_t *filters; /* on the heap */
    wax_keys_list list;
};

struct rights {
    wax_authority_visitor visitor;
    struct right *rights;
    size_t count;
    struct group_row *groups;
    size_t group_count;
    bool is_full;
};

static void keep_name(char room[static WAX_KEYS_NAME_MAX + 1], wax_bytes name)
{
    (void)snprintf(room, WAX_KEYS_NAME_MAX + 1, "%.*s", TEXT(name));
}

static struct right *more(struct rights *rights)
{
    const size_t size = (rights->count + 1) * sizeof(struct right);
    struct right *room = rights->count < GRANTS_MAX ? realloc(rights->rights, size) : NULL;

    if (room == NULL) {
        rights->is_full = true;
        return NULL;
    }
    rights->rights = room;
    room[rights->count] = (struct right){.role = 0};
    return &room[rights->count++];
}

static void keep_group(wax_authority_visitor *self, const wax_authority_group_state *group)
{
    struct rights *rights = (struct rights *)self;
    struct group_row *room =
        realloc(rights->groups, (rights->group_count + 1) * sizeof(struct group_row));
    uint8_t *filters = malloc(group->filters.items.size);

    if (room != NULL) {
        rights->groups = room;
    }
    if (room == NULL || filters == NULL) {
        free(filters);
        rights->is_full = true;
        return;
    }
    memcpy(filters, group->filters.items.data, group->filters.items.size);
    room += rights->group_count++;
    room->filters = filters;
    room->list =
        (wax_keys_list){wax_bytes_of(filters, group->filters.items.size), group->filters.count};
    keep_name(room->name, group->name);
}

static void keep_device(wax_authority_visitor *self, const wax_authority_device *device)
{
    struct right *right =
        device->standing == WAX_AUTHORITY_EVICTED ? NULL : more((struct rights *)self);

    if (right != NULL) {
        keep_name(right->device, device->name);
    }
}

static void keep_member(wax_authority_visitor *self, const wax_authority_member *member)
{
    struct right *right = more((struct rights *)self);

    if (right != NULL) {
        keep_name(right->device, member->device);
        keep_name(right->group, member->group);
        right->role = member->role;
    }
}

static bool print_filters(wax_authority *authority, const struct group_row *group, uint32_t role,
                          struct keys_answer *answer)
{
    static const char *const words[] = {"", "read", "write", "readwrite"};
    wax_keys_list list = group->list;
    uint8_t room[4096];
    wax_bytes filter;

    while (wax_keys_next_text(&list, &filter)) {
        wax_writer out = wax_writer_over(room, sizeof room);

        if (!keys_answer_done(answer, authority, wax_authority_blind(authority, filter, &out))) {
            return false;
        }
        (void)fprintf(answer->out, "topic %s %.*s\n", words[role & 3U], (int)out.used,
                      (const char *)room);
    }
    return true;
}

/* What a device may in one group. */
static bool print_right(wax_authority *authority, const struct rights *rights,
                        const struct right *right, struct keys_answer *answer)
{
    for (size_t i = 0; i < rights->group_count; i++) {
        if (strcmp(right->group, rights->groups[i].name) == 0) {
            return print_filters(authority, &rights->groups[i], right->role, answer);
        }
    }
    return true;
}

/* All of one device: rights with its name behind it. */
static bool print_rights(wax_authority *authority, const struct rights *rights, const char *device,
                         struct keys_answer *answer)
{
    const wax_bytes prefix = wax_authority_identify(authority).prefix;
    bool is_good = true;

    (void)fprintf(answer->out, "\nuser %s\n", device);
    (void)fprintf(answer->out, "topic read %.*s/k/%s\n", TEXT(prefix), device);
    (void)fprintf(answer->out, "topic write %.*s/s/%s\n", TEXT(prefix), device);
    (void)fprintf(answer->out, "topic write %.*s/e/%s\n", TEXT(prefix), device);
    (void)fprintf(answer->out, "topic read %.*s/m/+\n", TEXT(prefix));
    (void)fprintf(answer->out, "topic read %.*s/l/#\n", TEXT(prefix));
    for (size_t i = 0; is_good && i < rights->count; i++) {
        if (rights->rights[i].role != 0 && strcmp(rights->rights[i].device, device) == 0) {
            is_good = print_right(authority, rights, &rights->rights[i], answer);
        }
    }
    return is_good;
}

bool keys_acl(wax_authority *authority, const struct keys_order *order, struct keys_answer *answer)
{
    struct rights rights = {
        .visitor = {keep_group, keep_device, keep_member}
    };
    const wax_bytes prefix = wax_authority_identify(authority).prefix;
    bool is_good =
        keys_answer_done(answer, authority, wax_authority_visit(authority, &rights.visitor)) &&
        (!rights.is_full || keys_answer_fail(answer, "there is not enough memory"));

    (void)order;
    (void)fprintf(
        answer->out,
        "# For acl_file: devices log in by the names that the authority knows them by, the\n"
        "# authority itself as wax-authority.\n"
        "user wax-authority\n"
        "topic readwrite %.*s/#\n",
        TEXT(prefix));
    for (size_t i = 0; is_good && i < rights.count; i++) {
        if (rights.rights[i].role == 0) {
            is_good = print_rights(authority, &rights, rights.rights[i].device, answer);
        }
    }
    for (size_t i = 0; i < rights.group_count; i++) {
        free(rights.groups[i].filters);
    }
    free(rights.groups);
    free(rights.rights);
    return is_good;
}
