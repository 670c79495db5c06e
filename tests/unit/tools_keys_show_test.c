/* What `wax keys status` shows of what devices tell. */
#include "../authority_check.h"

#include "tools/keys_entry.h"
#include "tools/keys_verbs.h"

#include <stdio.h>
#include <stdlib.h>

static struct farm farm;

static void a_device_does_not_write_on_the_terminal(void **state)
{
    struct keys_order order = {.verb = NULL};
    static struct keys_answer answer;
    char *text = NULL;
    size_t size = 0;

    (void)state;
    farm_begin(&farm, 1);
    check_deed(&farm, farm_group(&farm, "home", 1, 1), WAX_OK);
    farm_add(&farm, "lamp", &wax_keys_hpke);
    farm_device(&farm, "lamp")->firmware = "1.0\ndevice door: evicted\x1b[2J\xc2\x9b";
    check_deed(&farm, farm_report(&farm, "lamp"), WAX_OK);
    answer.out = open_memstream(&text, &size);
    assert_true(keys_status(farm.authority, &order, &answer));
    (void)fclose(answer.out);
    check_row(text,
              strstr(text, "firmware 1.0\\x0adevice door: evicted\\x1b[2J\\xc2\\x9b\n") != NULL);
    free(text);
    farm_end(&farm);
}

/* A log of before names were looked at, or of an authority that does not look. */
static void an_entry_does_not_write_on_the_terminal(void **state)
{
    const wax_keys_entry entry = {
        .number = 7,
        .who = WAX_TEXT("anna\n8 bob"),
        .what = WAX_TEXT("rule"),
        .on = WAX_TEXT("a\x1b]0;b\x7f \xc2\x9b\xc3\xa9"),
    };
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);

    (void)state;
    keys_entry_print(out, &entry);
    (void)fclose(out);
    assert_string_equal(text, "7 1970-01-01T00:00:00Z anna\\x0a8 bob: rule "
                              "a\\x1b]0;b\\x7f \\xc2\\x9b\xc3\xa9\n");
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_device_does_not_write_on_the_terminal),
        cmocka_unit_test(an_entry_does_not_write_on_the_terminal),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
