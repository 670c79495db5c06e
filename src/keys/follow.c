/* Chains are followed link by link. */
#include "keys/follow.h"

#include <string.h>

/* Whether a link is later than what is known; right behind it, where there are no gaps. */
static bool is_later(const wax_keys_followed *followed, const struct keys_link *link)
{
    if (link->has_no_gaps) {
        return link->number == followed->number + 1;
    }
    return link->generation != followed->generation ? link->generation > followed->generation
                                                    : link->number > followed->number;
}

static bool is_behind(const wax_keys_followed *followed, const struct keys_link *link)
{
    return is_later(followed, link) &&
           memcmp(link->previous, followed->digest, sizeof followed->digest) == 0;
}

wax_status keys_follow(wax_keys_followed *followed, const struct keys_link *link)
{
    static const uint8_t zeros[WAX_SHA256_SIZE];
    wax_keys_followed next = {.number = link->number, .generation = link->generation};
    const bool is_first = followed->number == 0;
    bool holds =
        !link->has_no_gaps || link->number != 1 || memcmp(link->previous, zeros, sizeof zeros) == 0;

    if (wax_crypto_sha256(&link->content, 1, next.digest) != WAX_OK) {
        return WAX_UNSPECIFIED_ERROR;
    }
    if (!is_first && memcmp(next.digest, followed->digest, sizeof next.digest) != 0) {
        holds = holds && is_behind(followed, link);
    }
    if (holds) {
        *followed = next;
    }
    return holds ? WAX_OK : WAX_PROTOCOL_ERROR;
}
