/* What is said to a SOCKS proxy, and what its answers mean. [RFC 1928] [RFC 1929] */
#include "../check.h"

#include "tools/socks.h"

static const struct proxy open_proxy = {.host = "proxy", .port = 1080};
static const struct proxy guarded = {
    .host = "proxy", .port = 1080, .username = "ann", .password = "secret"};

struct step {
    const char *answer;
    size_t answer_size;
    const char *said;
    size_t said_size;
    wax_status status;
};

#define BYTES(text) (text), sizeof(text) - 1

/* Gives the answer byte by byte: nothing may happen before the last one. */
static void check_step(struct socks *socks, const struct step *step)
{
    uint8_t room[SOCKS_SEND_SIZE];

    for (size_t size = step->answer_size == 0 ? 0 : 1; size <= step->answer_size; size++) {
        wax_reader in = wax_reader_over(wax_bytes_of(step->answer, size));
        wax_writer out = wax_writer_over(room, sizeof room);
        wax_status status = tools_socks_step(socks, &in, &out);

        if (size < step->answer_size) {
            assert_int_equal(status, WAX_MORE);
            assert_int_equal(out.used, 0);
            assert_int_equal(wax_reader_left(&in), size);
            continue;
        }
        assert_int_equal(status, step->status);
        assert_int_equal(wax_reader_left(&in), 0);
        assert_int_equal(out.used, step->said_size);
        assert_memory_equal(room, step->said, step->said_size);
    }
}

static void check_talk(const struct proxy *proxy, const char *host, const struct step *steps,
                       size_t count)
{
    struct socks socks = {.proxy = proxy, .host = host, .port = 1883};

    for (size_t i = 0; i < count; i++) {
        check_step(&socks, &steps[i]);
    }
    assert_int_equal(socks.state, SOCKS_DONE);
    assert_null(socks.fault);
}

static void a_name_is_left_to_the_proxy(void **state)
{
    (void)state;
    static const struct step steps[] = {
        {BYTES(""),                           BYTES("\5\1\0"),                   WAX_MORE},
        {BYTES("\5\0"),                       BYTES("\5\1\0\3\6broker\x07\x5b"), WAX_MORE},
        {BYTES("\5\0\0\1\x7f\0\0\1\x12\x34"), BYTES(""),                         WAX_OK  },
    };

    check_talk(&open_proxy, "broker", steps, WAX_COUNT(steps));
}

static void an_address_is_said_as_one(void **state)
{
    (void)state;
    static const struct step four[] = {
        {BYTES(""),                     BYTES("\5\1\0"),                       WAX_MORE},
        {BYTES("\5\0"),                 BYTES("\5\1\0\1\x0a\0\0\x09\x07\x5b"), WAX_MORE},
        {BYTES("\5\0\0\3\2ab\x12\x34"), BYTES(""),                             WAX_OK  },
    };
    static const struct step six[] = {
        {BYTES(""),                                             BYTES("\5\1\0"),                                           WAX_MORE},
        {BYTES("\5\0"),                                         BYTES("\5\1\0\4\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1\x07\x5b"), WAX_MORE},
        {BYTES("\5\0\0\4\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1\0\0"), BYTES(""),                                                 WAX_OK  },
    };

    check_talk(&open_proxy, "10.0.0.9", four, WAX_COUNT(four));
    check_talk(&open_proxy, "::1", six, WAX_COUNT(six));
}

static void who_has_a_name_logs_in_when_asked(void **state)
{
    (void)state;
    static const struct step steps[] = {
        {BYTES(""),                     BYTES("\5\2\0\2"),            WAX_MORE},
        {BYTES("\5\2"),                 BYTES("\1\3ann\6secret"),     WAX_MORE},
        {BYTES("\1\0"),                 BYTES("\5\1\0\3\1b\x07\x5b"), WAX_MORE},
        {BYTES("\5\0\0\1\0\0\0\0\0\0"), BYTES(""),                    WAX_OK  },
    };

    check_talk(&guarded, "b", steps, WAX_COUNT(steps));
}

static void what_a_proxy_does_not_do_is_told(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        const struct proxy *proxy;
        enum socks_state state;
        const char *answer;
        size_t size;
        const char *said;
    } rows[] = {
        {"another version",    &open_proxy, SOCKS_CHOOSES,  BYTES("\4\0"),       "does not speak" },
        {"a login is wanted",  &open_proxy, SOCKS_CHOOSES,  BYTES("\5\2"),       "wants a login"  },
        {"another login",      &guarded,    SOCKS_CHOOSES,  BYTES("\5\1"),       "another way"    },
        {"nothing will do",    &guarded,    SOCKS_CHOOSES,  BYTES("\5\xff"),     "another way"    },
        {"a wrong password",   &guarded,    SOCKS_LOGS_IN,  BYTES("\1\1"),       "does not take"  },
        {"not allowed",        &guarded,    SOCKS_CONNECTS, BYTES("\5\2\0\1"),   "rules"          },
        {"refused",            &guarded,    SOCKS_CONNECTS, BYTES("\5\5\0\1"),   "is a broker"    },
        {"the last known",     &guarded,    SOCKS_CONNECTS, BYTES("\5\x08\0\1"), "kind of address"},
        {"an unknown refusal", &guarded,    SOCKS_CONNECTS, BYTES("\5\x09\0\1"), "failed"         },
        {"an unknown address", &guarded,    SOCKS_CONNECTS, BYTES("\5\0\0\2"),   "no sense"       },
    };

    for (size_t i = 0; i < WAX_COUNT(rows); i++) {
        struct socks socks = {
            .proxy = rows[i].proxy, .host = "b", .port = 1, .state = rows[i].state};
        wax_reader in = wax_reader_over(wax_bytes_of(rows[i].answer, rows[i].size));
        uint8_t room[SOCKS_SEND_SIZE];
        wax_writer out = wax_writer_over(room, sizeof room);

        check_row(rows[i].name, tools_socks_step(&socks, &in, &out) == WAX_IO);
        check_row(rows[i].name, strstr(socks.fault, rows[i].said) != NULL);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_name_is_left_to_the_proxy),
        cmocka_unit_test(an_address_is_said_as_one),
        cmocka_unit_test(who_has_a_name_logs_in_when_asked),
        cmocka_unit_test(what_a_proxy_does_not_do_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
