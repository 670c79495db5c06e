/* What the roles of dynamic security make of a topic or a filter: the first ACL that speaks
 * decides. The order is the caller's, and is Mosquitto's: the user's own roles, then those of the
 * groups, each by priority. */
#include "access/roles.h"

#include "access/filter.h"

#include <string.h>

bool wax_name_has_any(wax_bytes name, wax_bytes characters)
{
    for (size_t i = 0; i < name.size; i++) {
        if (memchr(characters.data, name.data[i], characters.size) != NULL) {
            return true;
        }
    }
    return false;
}

bool wax_standing_is_safe(const wax_standing *standing, const wax_access_identity *identity)
{
    const wax_bytes in_topics = WAX_TEXT("+#/");

    return !(standing->names_client_id && wax_name_has_any(identity->client_id, in_topics)) &&
           !(standing->names_user && identity->has_user &&
             wax_name_has_any(identity->user, in_topics));
}

void wax_access_stand(wax_access *access, const wax_standing *standing)
{
    access->standing = standing;
    access->is_barred = standing != NULL && !wax_standing_is_safe(standing, access->identity);
}

typedef bool match_function(wax_bytes acl, const wax_access_identity *who, wax_bytes asked);

static bool equals(wax_bytes acl, const wax_access_identity *who, wax_bytes asked)
{
    (void)who;
    return wax_bytes_equal(acl, asked);
}

/* What has to be asked of each role for a right, in this order. */
struct question {
    wax_acl_type type;
    match_function *matches;
};

#define QUESTION_MAX 2

/* clang-format off */
static const struct question questions[WAX_RIGHT_COUNT][QUESTION_MAX] = {
    [WAX_RIGHT_SEND]        = {{WAX_ACL_SEND,                wax_pattern_matches}},
    [WAX_RIGHT_RECEIVE]     = {{WAX_ACL_RECEIVE,             wax_pattern_matches}},
    [WAX_RIGHT_SUBSCRIBE]   = {{WAX_ACL_SUBSCRIBE_LITERAL,   equals},
                               {WAX_ACL_SUBSCRIBE_PATTERN,   wax_pattern_covers}},
    [WAX_RIGHT_UNSUBSCRIBE] = {{WAX_ACL_UNSUBSCRIBE_LITERAL, equals},
                               {WAX_ACL_UNSUBSCRIBE_PATTERN, wax_pattern_covers}},
};
/* clang-format on */

static const wax_acl *ask(const wax_access_role *role, const struct question *question,
                          const wax_access_identity *who, wax_bytes asked)
{
    const wax_acl *acls = role->acls[question->type];

    for (size_t i = 0; i < role->counts[question->type]; i++) {
        if (question->matches(acls[i].topic, who, asked)) {
            return &acls[i];
        }
    }
    return NULL;
}

static bool is_refused(const wax_access_role *role, wax_right right, wax_bytes asked)
{
    return role->refuses_wildcards && right == WAX_RIGHT_SUBSCRIBE &&
           wax_name_has_any(asked, WAX_TEXT("+#"));
}

/* What the first ACL that speaks says; `fallback` if none does. */
static bool decide(const wax_access *access, wax_right right, wax_bytes asked, bool fallback)
{
    const wax_standing *standing = access->standing;
    const struct question *set = questions[right];

    for (size_t i = 0; i < standing->role_count; i++) {
        const wax_access_role *role = standing->roles[i];
        const wax_acl *found = NULL;
        for (size_t j = 0; j < QUESTION_MAX && set[j].matches != NULL && found == NULL; j++) {
            found = ask(role, &set[j], access->identity, asked);
        }
        if (found != NULL) {
            return found->is_allowed && !is_refused(role, right, asked);
        }
    }
    return fallback;
}

/* A default gives no access to what steers the broker. */
static bool has_by_default(const wax_standing *standing, wax_right right, wax_bytes asked)
{
    return standing->defaults[right] && !wax_bytes_start_with(asked, WAX_TEXT("$CONTROL"));
}

static bool has_right(const wax_access *access, wax_right right, wax_bytes asked, wax_bytes shared)
{
    bool is_allowed;

    if (access->standing == NULL) {
        return true;
    }
    if (!access->standing->is_known) {
        return access->rules != NULL;
    }
    if (access->is_barred) {
        return false;
    }
    is_allowed = decide(access, right, asked, has_by_default(access->standing, right, asked));
    return shared.size == 0 ? is_allowed : decide(access, right, shared, is_allowed);
}

bool wax_roles_allow(const wax_access *access, wax_action action, wax_bytes topic)
{
    wax_right right = action == WAX_ACTION_READ ? WAX_RIGHT_RECEIVE : WAX_RIGHT_SEND;

    return has_right(access, right, topic, (wax_bytes){NULL, 0});
}

bool wax_standing_lets_subscribe(const wax_access *access, wax_bytes filter, wax_bytes shared)
{
    return has_right(access, WAX_RIGHT_SUBSCRIBE, filter, shared);
}

bool wax_standing_lets_unsubscribe(const wax_access *access, wax_bytes filter, wax_bytes shared)
{
    return has_right(access, WAX_RIGHT_UNSUBSCRIBE, filter, shared);
}
