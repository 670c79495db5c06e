/* Problems found in files go home to the line of the option that names the file. */
#include "../check.h"

#include <stdlib.h>

#include "broker/config.h"

static const char config_text[] = "listener 1883 ::1\n"               /* 1 */
                                  "certfile /etc/b.crt\n"             /* 2 */
                                  "keyfile /etc/b.key\n"              /* 3 */
                                  "cafile ca\n"                       /* 4 */
                                  "crlfile /etc/b.crt.crl\n"          /* 5 */
                                  "ciphers NONE\n"                    /* 6 */
                                  "password_file /etc/users\n"        /* 7 */
                                  "sni_certificate a.org /s.crt /k\n" /* 8 */
                                  "capath .\n";                       /* 9 */

struct row {
    const char *text;
    uint32_t line;
};

/* clang-format off */
static const struct row rows[] = {
    {"cannot read /etc/b.crt: Permission denied",                       2},
    {"keyfile /etc/b.key does not belong to certfile /etc/b.crt;",                           3},
    {"/etc/b.key holds no private key",                                 3},
    {"crlfile /etc/b.crt.crl is out of date",                           5},
    {"cafile ca cannot be used",                                        4},
    {"ciphers: OpenSSL knows none of 'NONE'",                           6},
    {"ciphers_tls1.3: which nobody wrote",                              2},
    {"cannot read /etc/users: it is not a file",                        7},
    {"/k holds no private key",                                         8},
    {"our certificate for a.org expires in 3 days",                     8},
    {"our certificate expires in 3 days. Others do not",                2},
    {"capath . cannot be used",                                         9},
};
/* clang-format on */

static wax_config_block block_of(const wax_config *config)
{
    const wax_listener_config *listener = &config->listeners[0];
    return (wax_config_block){listener, listener->places, listener->place};
}

static void parse(wax_config *config)
{
    wax_config_report report = {0};
    assert_int_equal(wax_config_parse(config, wax_bytes_of_text(config_text), "t.conf", &report),
                     WAX_OK);
    wax_config_report_free(&report);
}

static void each_problem_gets_the_line_it_is_about(void **state)
{
    wax_config config;
    (void)state;
    parse(&config);
    const wax_config_block block = block_of(&config);
    for (size_t i = 0; i < WAX_COUNT(rows); i++) {
        wax_config_report report = {0};
        wax_config_report_add(&report, WAX_CONFIG_ERROR, NULL, 0, "%s", rows[i].text);
        wax_config_report_place(&report, 0, &config, &block);
        assert_int_equal(report.count, 1);
        check_row(rows[i].text, report.problems[0].line == rows[i].line);
        assert_string_equal(report.problems[0].file, "t.conf");
        wax_config_report_free(&report);
    }
    wax_config_free(&config);
}

static void what_follows_from_an_error_of_the_same_line_is_left_out(void **state)
{
    wax_config config;
    wax_config_report report = {0};
    (void)state;
    parse(&config);
    const wax_config_block block = block_of(&config);
    wax_config_report_add(&report, WAX_CONFIG_ERROR, "t.conf", 7, "there is no such file");
    wax_config_report_add(&report, WAX_CONFIG_WARNING, "t.conf", 3, "others may read this");
    size_t from = report.count;
    wax_config_report_add(&report, WAX_CONFIG_ERROR, NULL, 0,
                          "cannot read /etc/users: No such file");
    wax_config_report_add(&report, WAX_CONFIG_ERROR, NULL, 0, "/etc/b.key holds no private key");
    wax_config_report_add(&report, WAX_CONFIG_ERROR, "/etc/acl", 5, "unknown word");
    wax_config_report_add(&report, WAX_CONFIG_ERROR, "/etc/acl", 5, "unknown word");
    wax_config_report_add(&report, WAX_CONFIG_ERROR, "/etc/acl", 6, "unknown word");
    wax_config_report_place(&report, from, &config, &block);
    assert_int_equal(report.count, 5);
    assert_int_equal(report.error_count, 4);
    assert_int_equal(report.problems[2].line, 3);
    assert_int_equal(report.problems[3].line, 5);
    assert_int_equal(report.problems[4].line, 6);
    wax_config_report_free(&report);
    wax_config_free(&config);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_problem_gets_the_line_it_is_about),
        cmocka_unit_test(what_follows_from_an_error_of_the_same_line_is_left_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
