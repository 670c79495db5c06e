/* A file of the authority that another version of this program made. */
#include "../authority_check.h"

/* Where SQLite keeps the number of the tables' form: four bytes, the highest first. */
enum { FORM_AT = 60, FORM_SIZE = 4 };

static struct farm farm;

/* Opens a file that says it is of a form; the fault is in `farm`. */
static wax_status open_form(uint8_t form)
{
    const uint8_t bytes[FORM_SIZE] = {0, 0, 0, form};
    const wax_authority_options options = farm_options(&farm);
    const int file = open(farm.path, O_WRONLY);
    wax_authority *opened = NULL;
    wax_status status;

    assert_int_equal(pwrite(file, bytes, sizeof bytes, FORM_AT), sizeof bytes);
    (void)close(file);
    status = wax_authority_open(&opened, &options);
    wax_authority_close(opened);
    return status;
}

static void a_file_of_another_form_is_refused_and_why(void **state)
{
    static const struct {
        uint8_t form;
        const char *words;
    } rows[] = {
        {0,   "earlier version"},
        {1,   "earlier version"},
        {3,   "later version"  },
        {255, "later version"  },
    };

    (void)state;
    farm_begin(&farm, 1);
    wax_authority_close(farm.authority);
    for (size_t i = 0; i < WAX_COUNT(rows); i++) {
        assert_int_equal(open_form(rows[i].form), WAX_MALFORMED);
        check_row(farm.fault, strstr(farm.fault, rows[i].words) != NULL);
    }
    assert_int_equal(open_form(2), WAX_OK); /* it was left as it was */
    farm.authority = NULL;
    farm_end(&farm);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_file_of_another_form_is_refused_and_why),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
