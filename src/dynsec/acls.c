/* The ACLs of a role, between the list that the file has and the objects that are searched. */
#include "dynsec/inner.h"

#include "router/router.h"

#include <stdlib.h>
#include <string.h>

const char *const acl_names[WAX_ACL_TYPE_COUNT] = {
    [WAX_ACL_SEND] = "publishClientSend",
    [WAX_ACL_RECEIVE] = "publishClientReceive",
    [WAX_ACL_SUBSCRIBE_LITERAL] = "subscribeLiteral",
    [WAX_ACL_SUBSCRIBE_PATTERN] = "subscribePattern",
    [WAX_ACL_UNSUBSCRIBE_LITERAL] = "unsubscribeLiteral",
    [WAX_ACL_UNSUBSCRIBE_PATTERN] = "unsubscribePattern",
};

const char *const right_names[WAX_RIGHT_COUNT] = {
    [WAX_RIGHT_SEND] = "publishClientSend",
    [WAX_RIGHT_RECEIVE] = "publishClientReceive",
    [WAX_RIGHT_SUBSCRIBE] = "subscribe",
    [WAX_RIGHT_UNSUBSCRIBE] = "unsubscribe",
};

/* An ACL, and its place so that older ones come first. */
struct place {
    struct acl_row row;
    size_t at;
};

static int compare_places(const void *one, const void *other)
{
    const struct place *a = one;
    const struct place *b = other;

    if (a->row.priority != b->row.priority) {
        return a->row.priority > b->row.priority ? -1 : 1;
    }
    return a->at < b->at ? -1 : 1;
}

struct acl_row *sorted_acls(const json_t *role, size_t type, size_t *count)
{
    json_t *acls = json_object_get(json_object_get(role, "acls"), acl_names[type]);
    struct place *places = calloc(json_object_size(acls) + 1, sizeof *places);
    struct acl_row *rows = calloc(json_object_size(acls) + 1, sizeof *rows);
    const char *topic;
    json_t *acl;

    *count = 0;
    if (places == NULL || rows == NULL) {
        free(places);
        free(rows);
        return NULL;
    }
    json_object_foreach(acls, topic, acl)
    {
        places[*count].row = (struct acl_row){
            .topic = topic,
            .priority = (int)json_integer_value(json_object_get(acl, "priority")),
            .is_allowed = json_is_true(json_object_get(acl, "allow")),
        };
        places[*count].at = *count;
        (*count)++;
    }
    qsort(places, *count, sizeof *places, compare_places);
    for (size_t i = 0; i < *count; i++) {
        rows[i] = places[i].row;
    }
    free(places);
    return rows;
}

json_t *acls_to_list(const json_t *role)
{
    json_t *list = json_array();

    for (size_t type = 0; type < WAX_ACL_TYPE_COUNT; type++) {
        size_t count;
        struct acl_row *rows = sorted_acls(role, type, &count);
        for (size_t i = 0; rows != NULL && i < count; i++) {
            json_array_append_new(list,
                                  json_pack("{s:s, s:s, s:i, s:b}", "acltype", acl_names[type],
                                            "topic", rows[i].topic, "priority", rows[i].priority,
                                            "allow", (int)rows[i].is_allowed));
        }
        free(rows);
    }
    return list;
}

bool is_acl_topic(const char *topic)
{
    return topic != NULL && wax_filter_is_valid(wax_bytes_of_text(topic));
}

/* Whether the entry of a list is an ACL that finds room. */
static bool take_acl(json_t *acls, const json_t *entry)
{
    size_t type = name_number(acl_names, WAX_ACL_TYPE_COUNT, member_text(entry, "acltype"));
    const char *topic = member_text(entry, "topic");
    json_t *of_type = type == WAX_ACL_TYPE_COUNT ? NULL : json_object_get(acls, acl_names[type]);

    if (type == WAX_ACL_TYPE_COUNT || !is_acl_topic(topic) ||
        json_object_get(of_type, topic) != NULL ||
        json_object_size(of_type) >= WAX_DYNSEC_ACLS_MAX) {
        return false;
    }
    if (of_type == NULL) {
        of_type = json_object();
        json_object_set_new(acls, acl_names[type], of_type);
    }
    return json_object_set_new(of_type, topic,
                               json_pack("{s:i, s:b}", "priority",
                                         member_number(entry, "priority", ACL_PRIORITY), "allow",
                                         (int)member_flag(entry, "allow", false))) == 0;
}

json_t *acls_from_list(const json_t *list, size_t *left_out)
{
    json_t *acls = json_object();
    json_t *entry;
    size_t i;

    json_array_foreach(list, i, entry)
    {
        *left_out += take_acl(acls, entry) ? 0 : 1;
    }
    return acls;
}
