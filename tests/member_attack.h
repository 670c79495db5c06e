/* What the tests of members under attack share. */
#ifndef WAX_TESTS_MEMBER_ATTACK_H
#define WAX_TESTS_MEMBER_ATTACK_H

#include "member_check.h"

#include "seal/header.h"

enum { KEPT = 8 };

static const uint32_t suites[] = {1, 2, 3};

/* Groups to be changed by the tests: state and stream. */
static inline struct house house_of(uint32_t suite, uint32_t group_class)
{
    return (struct house){
        .id = {'h', (uint8_t)suite},
        .filter = "home/#",
        .suite = suite,
        .group_class = group_class,
        .epoch = 1,
        .kept = KEPT,
        .first_sender = 1,
        .last_sender = 9,
    };
}

static inline struct device *device_new(const char *name)
{
    struct device *device = calloc(1, sizeof(*device));

    assert_non_null(device);
    device_make(device, name);
    return device;
}

static inline void device_free(struct device *device)
{
    device_stop(device);
    free(device);
}

static inline void give(struct device *device, uint64_t version, const struct house *house,
                        uint32_t role, uint32_t sender)
{
    const struct right right = {.house = house, .role = role, .sender = sender};

    give_keys(device, version, &right, 1);
}

static inline void assert_opens(struct device *to, const struct sent *sent, const char *text)
{
    const wax_member_arrival arrival = receive_text(to, sent);

    assert_int_equal(arrival.outcome, WAX_MEMBER_OPENED);
    assert_true(wax_bytes_equal(arrival.message.payload, wax_bytes_of_text(text)));
}

static inline void assert_refuses(struct device *to, const struct sent *sent, wax_seal_event event)
{
    const wax_member_arrival arrival = receive_text(to, sent);

    assert_int_equal(arrival.outcome, WAX_MEMBER_REFUSED);
    assert_int_equal(arrival.opened.event, event);
    assert_true(wax_bytes_equal(arrival.message.payload, sent->publish.payload));
}

struct observed {
    uint8_t front[HEADER_SIZE_MAX + WAX_HEDGE_SIZE]; /* all that the nonce and the key depend on */
    char text[16];
};

static inline void observe(struct observed *observed, const struct sent *sent, const char *text)
{
    wax_reader in = wax_reader_over(sent->publish.payload);
    struct header header;
    size_t size;

    memset(observed, 0, sizeof(*observed));
    header_read(&in, &header);
    assert_int_equal(in.status, WAX_OK);
    size = sent->publish.payload.size - wax_reader_left(&in) + WAX_HEDGE_SIZE;
    memcpy(observed->front, sent->publish.payload.data, size);
    (void)snprintf(observed->text, sizeof(observed->text), "%s", text);
}

#endif
