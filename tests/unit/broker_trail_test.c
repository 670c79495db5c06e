/* What the numbers of a sender's envelopes tell: gaps, what came late or twice, clones, epochs. */
#include "../check.h"

#include "broker/trail.h"

static const uint8_t hedges[][8] = {
    {1, 2, 3, 4},
    {5, 6, 7, 8}
};

/* A message of the one or the other text. */
static wax_seal_face face_of(uint8_t epoch, uint32_t position, unsigned text)
{
    return (wax_seal_face){.kind = WAX_ENVELOPE_MESSAGE,
                           .epoch = epoch,
                           .sender = 1,
                           .position = position,
                           .body = wax_bytes_of(hedges[text], sizeof hedges[text])};
}

/* An envelope, and what is counted for it besides itself. */
struct step {
    uint8_t epoch;
    uint32_t position;
    unsigned text;
    enum trail_count counted; /* TRAIL_COUNT: nothing */
    uint64_t count;
};

struct story {
    const char *name;
    struct step steps[6];
};

#define NOTHING TRAIL_COUNT, 0
#define WINDOW  4096U

/* clang-format off */
static const struct story stories[] = {
    {"in order", {{1, 7, 0, NOTHING}, {1, 8, 0, NOTHING}, {1, 9, 1, NOTHING}}},
    {"a gap, of which one comes late and one again",
     {{1, 0, 0, NOTHING}, {1, 3, 0, TRAIL_GAPS, 2}, {1, 1, 0, TRAIL_LATE, 1}, {1, 1, 0, TRAIL_DUPLICATES, 1}, {1, 2, 1, TRAIL_LATE, 1}}},
    {"the same again", {{1, 4, 0, NOTHING}, {1, 4, 0, TRAIL_DUPLICATES, 1}, {1, 4, 0, TRAIL_DUPLICATES, 1}}},
    {"a clone", {{1, 4, 0, NOTHING}, {1, 4, 1, TRAIL_CONFLICTS, 1}, {1, 4, 0, TRAIL_DUPLICATES, 1}}},
    {"as far below as is remembered",
     {{1, 100, 0, NOTHING}, {1, 163, 0, TRAIL_GAPS, 62}, {1, 100, 0, TRAIL_DUPLICATES, 1}, {1, 164, 0, NOTHING}, {1, 100, 0, TRAIL_OLD, 1}}},
    {"a window, of which only its own places count",
     {{1, 9, 0, NOTHING}, {1, WINDOW + 2, 0, TRAIL_GAPS, 2}, {1, WINDOW + 2, 0, TRAIL_DUPLICATES, 1}, {1, 3 * WINDOW, 0, NOTHING}}},
    {"windows that meet", {{1, WINDOW - 2, 0, NOTHING}, {1, WINDOW - 1, 0, NOTHING}, {1, WINDOW, 0, NOTHING}}},
    {"a Will", {{1, 9, 0, NOTHING}, {1, WINDOW - 1, 0, NOTHING}, {1, WINDOW, 0, NOTHING}}},
    {"an epoch", {{1, 9, 0, NOTHING}, {2, 0, 0, NOTHING}, {1, 10, 0, TRAIL_OLD, 1}, {4, 3, 0, TRAIL_GAPS, 3}}},
    {"epochs around the end", {{254, 9, 0, NOTHING}, {255, 0, 0, NOTHING}, {0, 0, 0, NOTHING}, {255, 1, 0, TRAIL_OLD, 1}, {1, 0, 1, NOTHING}}},
    {"the highest position", {{1, WAX_POSITION_MAX - 2, 0, NOTHING}, {1, WAX_POSITION_MAX, 0, NOTHING}, {1, 0, 0, TRAIL_OLD, 1}}},
};
/* clang-format on */

static void numbers_tell_what_became_of_messages(void **state)
{
    (void)state;
    for (size_t i = 0; i < WAX_COUNT(stories); i++) {
        struct trail trail = {.has_begun = false};

        for (size_t at = 0; at < WAX_COUNT(stories[i].steps) &&
                            stories[i].steps[at].epoch + stories[i].steps[at].position > 0;
             at++) {
            const struct step *step = &stories[i].steps[at];
            const wax_seal_face face = face_of(step->epoch, step->position, step->text);
            uint64_t counts[TRAIL_COUNT] = {0};
            uint64_t wanted[TRAIL_COUNT] = {[TRAIL_MESSAGES] = 1};

            if (step->counted != TRAIL_COUNT) {
                wanted[step->counted] = step->count;
            }
            trail_step(&trail, &face, counts);
            check_row(stories[i].name, memcmp(counts, wanted, sizeof counts) == 0);
        }
    }
}

static void messages_of_a_stream_share_a_position(void **state)
{
    (void)state;
    struct trail trail = {.has_begun = false};
    uint64_t counts[TRAIL_COUNT] = {0};
    wax_seal_face face = face_of(1, 5, 0);

    face.kind = WAX_ENVELOPE_STREAM;
    trail_step(&trail, &face, counts);
    face.body = wax_bytes_of(hedges[1], sizeof hedges[1]);
    trail_step(&trail, &face, counts);
    assert_int_equal(counts[TRAIL_DUPLICATES] + counts[TRAIL_CONFLICTS], 0);
    face.kind = WAX_ENVELOPE_MESSAGE;
    trail_step(&trail, &face, counts);
    assert_int_equal(counts[TRAIL_CONFLICTS], 1);
}

static void epochs_are_ordered_around_the_end_of_a_byte(void **state)
{
    (void)state;
    assert_int_equal(trail_lag(5, 5), 0);
    assert_int_equal(trail_lag(5, 4), 1);
    assert_int_equal(trail_lag(5, 6), 0);
    assert_int_equal(trail_lag(1, 255), 2);
    assert_int_equal(trail_lag(255, 0), 0);
    assert_int_equal(trail_lag(127, 0), 127);
    assert_int_equal(trail_lag(128, 0), 0);
}

/* Whatever order of `count` positions: each is first, late or after a gap, and in the end nothing
 * is missing. */
static void in_any_order_what_was_passed_over_comes_late(void **state)
{
    (void)state;
    uint32_t seed = 1;

    for (unsigned round = 0; round < 500; round++) {
        struct trail trail = {.has_begun = false};
        uint64_t counts[TRAIL_COUNT] = {0};
        uint32_t order[TRAIL_SPAN];

        for (uint32_t i = 0; i < TRAIL_SPAN; i++) {
            seed = seed * 1664525U + 1013904223U;
            const uint32_t other = i == 0 ? 0 : 1 + (seed >> 8) % i;
            order[i] = i;
            order[i] = order[other];
            order[other] = i;
        }
        for (size_t i = 0; i < TRAIL_SPAN; i++) {
            const wax_seal_face face = face_of(1, 1000 + order[i], 0);
            trail_step(&trail, &face, counts);
        }
        assert_int_equal(counts[TRAIL_GAPS], counts[TRAIL_LATE]);
        assert_int_equal(counts[TRAIL_DUPLICATES] + counts[TRAIL_OLD], 0);
        assert_int_equal(trail.came, UINT64_MAX);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_tell_what_became_of_messages),
        cmocka_unit_test(messages_of_a_stream_share_a_position),
        cmocka_unit_test(epochs_are_ordered_around_the_end_of_a_byte),
        cmocka_unit_test(in_any_order_what_was_passed_over_comes_late),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
