/* Listeners keep their places over reloads. */
#include "../check.h"

#include <string.h>

#include "broker/config.h"

static wax_config read_config(const char *text)
{
    wax_config config;
    wax_config_report report = {.count = 0};
    wax_status status = wax_config_parse(&config, wax_bytes_of_text(text), "a.conf", &report);

    assert_int_equal(status, WAX_OK);
    wax_config_report_free(&report);
    return config;
}

static wax_config follow(const wax_config *running, const char *text)
{
    wax_config next = read_config(text);
    wax_config_report report = {.count = 0};

    assert_int_equal(wax_config_follow(&next, running, &report), WAX_OK);
    assert_int_equal(report.count, 0);
    return next;
}

static void test_places_stay(void **state)
{
    wax_config first = read_config("listener 1\nlistener 2\nlistener 3\n");
    wax_config second = follow(&first, "listener 4\nlistener 3\nlistener 1\n");
    wax_config third = follow(&second, "listener 2\nlistener 5\n");
    static const uint32_t ports[] = {1, 2, 3, 4, 5};
    static const bool gone[] = {true, false, true, true, false};

    (void)state;
    assert_int_equal(second.listener_count, 4);
    assert_true(second.listeners[1].is_gone);
    assert_int_equal(second.listeners[3].port, 4);
    assert_int_equal(third.listener_count, 5);
    for (size_t i = 0; i < 5; i++) {
        assert_int_equal(third.listeners[i].port, ports[i]);
        assert_int_equal(third.listeners[i].is_gone, gone[i]);
    }
    wax_config_free(&first);
    wax_config_free(&second);
    wax_config_free(&third);
}

static void test_another_mount_point_is_another_listener(void **state)
{
    wax_config first = read_config("listener 1\nmount_point a/\n");
    wax_config second = follow(&first, "listener 1\nmount_point b/\n");

    (void)state;
    assert_int_equal(second.listener_count, 2);
    assert_true(second.listeners[0].is_gone);
    assert_string_equal(second.listeners[0].mount_point, "a/");
    assert_string_equal(second.listeners[1].mount_point, "b/");
    wax_config_free(&first);
    wax_config_free(&second);
}

static void test_who_is_gone_is_judged_by_what_holds_for_all(void **state)
{
    wax_config first = read_config("acl_file /old\nlistener 1\nlistener 2\n");
    wax_config second = follow(&first, "acl_file /new\nlistener 1\n");

    (void)state;
    assert_string_equal(second.listeners[1].acl_file, "/new");
    wax_config_free(&first);
    wax_config_free(&second);
}

static void test_who_is_gone_keeps_its_own_rules(void **state)
{
    wax_config first = read_config("per_listener_settings true\nlistener 1\nacl_file /one\n"
                                   "listener 2\nacl_file /two\n");
    wax_config second = follow(&first, "per_listener_settings true\nlistener 1\nacl_file /one\n");

    (void)state;
    assert_string_equal(second.listeners[1].acl_file, "/two");
    wax_config_free(&first);
    wax_config_free(&second);
}

/* A process has had as many listeners as it can number. */
static void test_there_is_a_limit(void **state)
{
    wax_config running = read_config("listener 1\n");
    wax_config_report report = {.count = 0};
    wax_status status = WAX_OK;

    (void)state;
    for (unsigned i = 2; i < 1000 && status == WAX_OK; i++) {
        char text[32];
        snprintf(text, sizeof text, "listener %u\n", i);
        wax_config next = read_config(text);
        status = wax_config_follow(&next, &running, &report);
        wax_config_free(&running);
        running = next;
    }
    assert_int_equal(status, WAX_FULL);
    assert_int_equal(running.listener_count, WAX_CONFIG_NUMBERS_MAX + 1);
    assert_non_null(strstr(report.problems[0].text, "restart"));
    wax_config_free(&running);
    wax_config_report_free(&report);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_places_stay),
        cmocka_unit_test(test_another_mount_point_is_another_listener),
        cmocka_unit_test(test_who_is_gone_is_judged_by_what_holds_for_all),
        cmocka_unit_test(test_who_is_gone_keeps_its_own_rules),
        cmocka_unit_test(test_there_is_a_limit),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
