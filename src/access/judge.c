/* Who may do what to which topic. */
#include "access/array.h"
#include "access/filter.h"
#include "access/roles.h"
#include "access/rules.h"

#include <string.h>

/* What a reserved part of the topics asks for. */
enum demand {
    AS_RULED, /* nothing special */
    IF_RULED, /* an ACL file or a role must grant it; without either it is denied */
    NEVER,
};

struct reserved {
    wax_bytes filter;
    enum demand read, write;
};

/* The first row that matches holds. */
/* clang-format off */
static const struct reserved reserved[] = {
    /* A bridge tells with this topic whether it is connected. */
    {{(const uint8_t *)"$SYS/broker/connection/+/state", 30}, AS_RULED, AS_RULED},
    {{(const uint8_t *)"$SYS/#",                          6}, AS_RULED, NEVER   },
    {{(const uint8_t *)"$CONTROL/#",                     10}, IF_RULED, IF_RULED},
    {{(const uint8_t *)"$share/#",                        8}, NEVER,    NEVER   },
};
/* clang-format on */

static bool is_denied_by(enum demand demand, const wax_access *access)
{
    bool is_ruled = access->rules != NULL || access->standing != NULL;

    return demand == NEVER || (demand == IF_RULED && !is_ruled);
}

static bool is_reserved(const wax_access *access, wax_action action, wax_bytes topic)
{
    for (size_t i = 0; topic.data[0] == '$' && i < WAX_COUNT(reserved); i++) {
        if (wax_filter_overlaps(reserved[i].filter, topic)) {
            return is_denied_by(action == WAX_ACTION_READ ? reserved[i].read : reserved[i].write,
                                access);
        }
    }
    return false;
}

bool wax_identity_is_safe(const wax_rules *rules, const wax_access_identity *identity)
{
    const wax_bytes anywhere = WAX_TEXT("+#");
    const wax_bytes in_topics = WAX_TEXT("+#/");
    bool is_user_in_topics = rules != NULL && rules->uses_user;
    bool is_client_id_in_topics = rules != NULL && rules->uses_client_id;

    return !(identity->has_user &&
             wax_name_has_any(identity->user, is_user_in_topics ? in_topics : anywhere)) &&
           !wax_name_has_any(identity->client_id, is_client_id_in_topics ? in_topics : anywhere);
}

static const wax_rules_section *section_of(const wax_rules *rules,
                                           const wax_access_identity *identity)
{
    uint32_t slot = SECTION_ANONYMOUS + 1;

    if (identity->has_user) {
        slot = *wax_access_index_slot(&rules->by_user, &rules->sections, identity->user);
    }
    return slot == 0 ? NULL : wax_access_array_at(&rules->sections, slot - 1U);
}

wax_access wax_rules_for(const wax_rules *rules, const wax_access_identity *identity)
{
    return (wax_access){
        .rules = rules,
        .own = rules == NULL ? NULL : section_of(rules, identity),
        .identity = identity,
        .may_use_patterns = wax_identity_is_safe(rules, identity),
    };
}

/* Whether the rule says anything about whoever `who` is; NULL: it stands in their own section. */
static bool is_about(const struct rule *rule, const wax_access_identity *who)
{
    return who == NULL || who->has_user || !rule->names_user;
}

/* Finds the first rule of the section that has something to say, NULL if none has. */
static const struct rule *decide(const wax_access *access, const wax_rules_section *section,
                                 wax_action action, wax_bytes topic)
{
    const struct rule *rules = access->rules->rules.items;
    const wax_access_identity *who = section == access->own ? NULL : access->identity;

    for (size_t i = section->first; i < section->first + section->count; i++) {
        bool speaks = rules[i].grants == 0 || (rules[i].grants & action) != 0;

        if (speaks && is_about(&rules[i], who) &&
            wax_pattern_matches(rules[i].filter, who, topic)) {
            return &rules[i];
        }
    }
    return NULL;
}

/* The patterns of the table, NULL where they do not hold for this connection. */
static const wax_rules_section *patterns_of(const wax_access *access)
{
    return access->may_use_patterns
               ? wax_access_array_at(&access->rules->sections, SECTION_PATTERNS)
               : NULL;
}

bool wax_access_judge(const wax_access *access, wax_action action, wax_bytes topic, size_t *line)
{
    const struct rule *rule = NULL;
    bool is_allowed;

    if (topic.size == 0 || is_reserved(access, action, topic) ||
        !wax_roles_allow(access, action, topic)) {
        is_allowed = false;
    } else if (access->rules == NULL) {
        is_allowed = true;
    } else {
        const wax_rules_section *patterns = patterns_of(access);

        if (access->own != NULL) {
            rule = decide(access, access->own, action, topic);
        }
        if (rule == NULL && patterns != NULL) {
            rule = decide(access, patterns, action, topic);
        }
        is_allowed = rule != NULL && rule->grants != 0;
    }
    if (line != NULL) {
        *line = rule == NULL ? 0 : rule->line;
    }
    return is_allowed;
}

/* What a section makes of a filter. */
enum outlook {
    SAYS_NOTHING,
    DENIES_ALL,
    GRANTS_SOME,
};

static enum outlook look_at(const wax_access *access, const wax_rules_section *section,
                            wax_bytes filter)
{
    const struct rule *rules = access->rules->rules.items;
    const wax_access_identity *who = section == access->own ? NULL : access->identity;

    for (size_t i = section->first; i < section->first + section->count; i++) {
        if (!is_about(&rules[i], who)) {
            continue;
        }
        if (rules[i].grants == 0 && wax_pattern_covers(rules[i].filter, who, filter)) {
            return DENIES_ALL;
        }
        if ((rules[i].grants & WAX_ACTION_READ) != 0 &&
            wax_pattern_overlaps(rules[i].filter, who, filter)) {
            return GRANTS_SOME;
        }
    }
    return SAYS_NOTHING;
}

bool wax_access_may_subscribe(const wax_access *access, wax_bytes filter)
{
    const wax_rules_section *patterns;
    enum outlook outlook = SAYS_NOTHING;

    if (filter.size == 0 || is_reserved(access, WAX_ACTION_READ, filter)) {
        return false;
    }
    if (access->rules == NULL) {
        return true;
    }
    patterns = patterns_of(access);
    if (access->own != NULL) {
        outlook = look_at(access, access->own, filter);
    }
    if (outlook == SAYS_NOTHING && patterns != NULL) {
        outlook = look_at(access, patterns, filter);
    }
    return outlook == GRANTS_SOME;
}
