/* What the property tests of the router share: chance, and a matcher that is too simple to be
 * wrong.
 */
#ifndef WAX_TESTS_PROPERTY_ROUTER_CHECK_H
#define WAX_TESTS_PROPERTY_ROUTER_CHECK_H

#include "../unit/router_check.h"

#include <time.h>

static uint64_t chance_state;

/* The seed is WAX_SEED of the environment, or the time; it is printed to be used again. */
static inline void chance_start(void)
{
    const char *seed = getenv("WAX_SEED");

    chance_state = seed != NULL ? strtoull(seed, NULL, 10) : (uint64_t)time(NULL);
    print_message("WAX_SEED=%llu\n", (unsigned long long)chance_state);
    chance_state = chance_state * 0x9e3779b97f4a7c15U | 1U;
}

/* A number below `end`. */
static inline uint32_t chance(uint32_t end)
{
    chance_state ^= chance_state << 13;
    chance_state ^= chance_state >> 7;
    chance_state ^= chance_state << 17;
    return (uint32_t)(chance_state >> 33) % end;
}

enum { LEVELS_MAX = 4, TEXT_MAX = 128 };

/* Writes a topic, or a filter where wildcards are allowed, of few levels from a small alphabet. */
static inline void write_topic(char text[static TEXT_MAX], bool with_wildcards)
{
    static const char *const plain[] = {"a", "b", "", "$a", "a level of more than 16"};
    uint32_t levels = 1 + chance(LEVELS_MAX);

    do {
        text[0] = '\0';
        for (uint32_t i = 0; i < levels; i++) {
            const char *level = plain[chance(WAX_COUNT(plain))];
            size_t used = strlen(text);

            if (with_wildcards && chance(3) == 0) {
                level = i + 1 == levels && chance(2) == 0 ? "#" : "+";
            }
            (void)snprintf(text + used, TEXT_MAX - used, i == 0 ? "%s" : "/%s", level);
        }
    } while (text[0] == '\0');
}

static inline bool naive_match(const char *filter, const char *topic)
{
    if (topic[0] == '$' && (filter[0] == '+' || filter[0] == '#')) {
        return false;
    }
    for (;;) {
        size_t filter_size = strcspn(filter, "/");
        size_t topic_size = strcspn(topic, "/");

        if (filter[0] == '#') {
            return true;
        }
        if (filter[0] != '+' &&
            (filter_size != topic_size || strncmp(filter, topic, topic_size) != 0)) {
            return false;
        }
        filter += filter_size;
        topic += topic_size;
        if (*topic == '\0') {
            return *filter == '\0' || strcmp(filter, "/#") == 0;
        }
        if (*filter == '\0') {
            return false;
        }
        filter++;
        topic++;
    }
}

#endif
