/* Every status has words of its own. */
#include "../check.h"

#include "base/base.h"

static bool is_status(unsigned value)
{
    return value <= WAX_UNTRUSTED ||
           (value >= WAX_UNSPECIFIED_ERROR && value <= WAX_WILDCARDS_NOT_SUPPORTED);
}

static const char *text_of(unsigned value)
{
    return wax_status_text((wax_status)value);
}

static void every_status_has_its_own_words(void **state)
{
    const char *unknown = text_of(0xff);

    (void)state;
    for (unsigned value = 0; value < 256; value++) {
        assert_non_null(text_of(value));
        assert_true(text_of(value)[0] != '\0');
        if (is_status(value) != (strcmp(text_of(value), unknown) != 0)) {
            fail_msg("0x%02x: %s", value, text_of(value));
        }
        for (unsigned other = 0; is_status(value) && other < value; other++) {
            assert_string_not_equal(text_of(value), text_of(other));
        }
    }
    assert_string_equal(wax_status_text(WAX_OK), "fine");
    assert_string_equal(wax_status_text(WAX_TAKEN_OVER),
                        "session taken over by another connection");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_status_has_its_own_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
