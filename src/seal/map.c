/* Which group a topic belongs to. [1] */
#include "seal/seal.h"

#include <string.h>

#include "seal/levels.h"

/* A group with how well it fits: levels in front of a wildcard, and one more; 0 fits not at all. */
static size_t fit(const wax_seal_group *group, wax_bytes topic)
{
    size_t best = 0;

    for (size_t i = 0; i < group->filter_count; i++) {
        if (levels_cover(group->filters[i], topic) &&
            levels_literal(group->filters[i]) + 1 > best) {
            best = levels_literal(group->filters[i]) + 1;
        }
    }
    return best;
}

const wax_seal_group *wax_seal_group_of(const wax_seal_group *groups, size_t count, wax_bytes topic)
{
    const wax_seal_group *best = NULL;
    size_t best_fit = 0;

    for (size_t i = 0; i < count; i++) {
        const size_t now = fit(&groups[i], topic);

        if (now > best_fit ||
            (now > 0 && now == best_fit && memcmp(groups[i].id, best->id, WAX_SEAL_GROUP_ID) < 0)) {
            best = &groups[i];
            best_fit = now;
        }
    }
    return best;
}
