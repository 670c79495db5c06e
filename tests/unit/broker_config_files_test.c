/* Configurations on disk: include_dir, files that cannot be read, what real set-ups look like. */
#include "../check.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "broker/config.h"
#include "broker/config_files.h"

static char home[64];

/* The path of a file in the test's directory. */
static const char *at(const char *name)
{
    static char paths[4][160];
    static size_t next;
    char *path = paths[next++ % 4];
    (void)snprintf(path, sizeof paths[0], "%s/%s", home, name);
    return path;
}

static void put(const char *name, const char *text)
{
    FILE *file = fopen(at(name), "w");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static int set_up(void **state)
{
    (void)state;
    (void)snprintf(home, sizeof home, "/tmp/wax-config-XXXXXX");
    return !mkdtemp(home) || chmod(home, 0755) != 0 || mkdir(at("d"), 0755) != 0;
}

static void sweep(const char *directory)
{
    char path[512];
    DIR *folder = opendir(directory);
    for (struct dirent *entry = readdir(folder); entry; entry = readdir(folder)) {
        (void)snprintf(path, sizeof path, "%s/%s", directory, entry->d_name);
        (void)unlink(path);
    }
    (void)closedir(folder);
    (void)rmdir(directory);
}

static int tear_down(void **state)
{
    (void)state;
    sweep(at("d"));
    sweep(home);
    return 0;
}

/* Loads and checks; says what is said, as a string that the caller frees. */
static char *load(wax_config *config, const char *path, bool also_check, wax_status *status)
{
    char *said = NULL;
    size_t size = 0;
    wax_config_report report = {0};
    FILE *out = open_memstream(&said, &size);
    *status = wax_config_load(config, path, &report);
    if (*status == WAX_OK && also_check) {
        *status = wax_config_check(config, &report);
    }
    wax_config_report_print(&report, out);
    wax_config_report_free(&report);
    (void)fclose(out);
    return said;
}

static void check_text(const char *said, const char *part)
{
    if (!strstr(said, part)) {
        fail_msg("wanted: %s\nsaid: %s", part, said);
    }
}

static void names_are_ordered_letter_by_letter(void **state)
{
    static const char *const sorted[] = {"1.conf", "A.conf",  "Ab.conf", "AZ.conf",
                                         "a.conf", "aA.conf", "b.conf"};
    (void)state;
    for (size_t i = 1; i < WAX_COUNT(sorted); i++) {
        check_row(sorted[i], wax_config_names_compare(sorted[i - 1], sorted[i]) < 0);
        check_row(sorted[i], wax_config_names_compare(sorted[i], sorted[i - 1]) > 0);
    }
    assert_int_equal(wax_config_names_compare("a", "a"), 0);
}

static void a_directory_is_read_where_it_stands(void **state)
{
    char text[256];
    wax_config config;
    wax_status status = WAX_OK;
    (void)state;
    put("d/b.conf", "sys_interval 3\n");
    put("d/B.conf", "sys_interval 2\n");
    put("d/a.conf", "sys_interval 1\nlistener 1884\nmax_qos 0\n");
    put("d/z.conf.bak", "nonsense\n");
    put("d/.conf", "nonsense\n");
    (void)snprintf(text, sizeof text, "listener 1883\ninclude_dir %s\nmax_qos 1\n", at("d"));
    put("m.conf", text);
    char *said = load(&config, at("m.conf"), false, &status);
    assert_int_equal(status, WAX_OK);
    assert_int_equal(config.sys_interval_s, 3);
    assert_int_equal(config.file_count, 4);
    assert_string_equal(config.files[2], at("d/B.conf"));
    assert_int_equal(config.listener_count, 2);
    assert_int_equal(config.listeners[0].max_qos, 1);
    assert_int_equal(config.listeners[1].max_qos, 0);
    wax_config_free(&config);
    free(said);
}

static void an_included_file_is_named_and_includes_nothing(void **state)
{
    char text[256];
    wax_config config;
    wax_status status = WAX_OK;
    (void)state;
    put("d/b.conf", "\npasword_file /p\ninclude_dir /\n");
    (void)snprintf(text, sizeof text, "include_dir %s\n", at("d"));
    put("m.conf", text);
    char *said = load(&config, at("m.conf"), false, &status);
    assert_int_equal(status, WAX_INVALID);
    (void)snprintf(text, sizeof text, "%s:2: error: unknown option", at("d/b.conf"));
    check_text(said, text);
    (void)snprintf(text, sizeof text, "%s:3: warning: include_dir has no effect", at("d/b.conf"));
    check_text(said, text);
    free(said);
}

static void a_file_of_a_directory_begins_with_no_listener(void **state)
{
    char text[256];
    wax_config config;
    wax_status status = WAX_OK;
    (void)state;
    put("d/b.conf", "certfile /c\n");
    (void)snprintf(text, sizeof text, "listener 8883\ninclude_dir %s\n", at("d"));
    put("m.conf", text);
    char *said = load(&config, at("m.conf"), false, &status);
    assert_int_equal(status, WAX_INVALID);
    (void)snprintf(text, sizeof text, "%s:1: error: certfile stands above any", at("d/b.conf"));
    check_text(said, text);
    free(said);
}

static void what_is_not_there_is_named(void **state)
{
    char text[256];
    wax_config config;
    wax_status status = WAX_OK;
    (void)state;
    char *said = load(&config, at("none.conf"), false, &status);
    assert_int_equal(status, WAX_INVALID);
    check_text(said, "none.conf: error: cannot open this file: No such file or directory");
    free(said);
    (void)snprintf(text, sizeof text, "\ninclude_dir %s\n", at("none"));
    put("m.conf", text);
    said = load(&config, at("m.conf"), false, &status);
    assert_int_equal(status, WAX_INVALID);
    check_text(said, "m.conf:2: error: include_dir: cannot read the directory");
    free(said);
    said = load(&config, home, false, &status);
    assert_int_equal(status, WAX_INVALID);
    check_text(said, "error: Is a directory");
    free(said);
}

static void a_bad_file_leaves_nothing(void **state)
{
    static const wax_config nothing;
    wax_config config;
    wax_status status = WAX_OK;
    (void)state;
    put("m.conf", "listener 1883\npassword_file /p\nlog_dest file /l\nmax_qos 9\n");
    char *said = load(&config, at("m.conf"), false, &status);
    assert_int_equal(status, WAX_INVALID);
    assert_memory_equal(&config, &nothing, sizeof config);
    free(said);
}

/* Becomes an account without rights, whose denials are looked at, where root runs the tests. */
static void give_up_root(void)
{
    assert_int_equal(geteuid() == 0 ? seteuid(65534) : 0, 0);
}

static void take_root_back(void)
{
    assert_int_equal(getuid() == 0 ? seteuid(0) : 0, 0);
}

static void a_denial_gives_owner_mode_uid_and_the_fix(void **state)
{
    char text[256];
    wax_config config;
    wax_status status = WAX_OK;
    (void)state;
    put("p", "");
    (void)snprintf(text, sizeof text, "listener 1 ::1\npassword_file %s\n", at("p"));
    put("m.conf", text);
    assert_int_equal(chmod(at("p"), 0), 0);
    give_up_root();
    char *said = load(&config, at("m.conf"), true, &status);
    take_root_back();
    assert_int_equal(status, WAX_INVALID);
    (void)snprintf(text, sizeof text,
                   "m.conf:2: error: password_file: cannot read %s: it belongs to ", at("p"));
    check_text(said, text);
    check_text(said, "with mode 0000, and Wax runs as ");
    (void)snprintf(text, sizeof text, " && chmod g+r %s` as root", at("p"));
    check_text(said, text);
    wax_config_free(&config);
    free(said);
}

static void a_directory_in_the_way_is_named(void **state)
{
    char text[256];
    wax_config config;
    wax_status status = WAX_OK;
    (void)state;
    put("d/p", "");
    (void)snprintf(text, sizeof text, "listener 1 ::1\npassword_file %s\n", at("d/p"));
    put("m.conf", text);
    assert_int_equal(chmod(at("d"), 0), 0);
    give_up_root();
    char *said = load(&config, at("m.conf"), true, &status);
    take_root_back();
    assert_int_equal(chmod(at("d"), 0755), 0);
    assert_int_equal(status, WAX_INVALID);
    (void)snprintf(text, sizeof text, ": %s belongs to ", at("d"));
    check_text(said, text);
    (void)snprintf(text, sizeof text, " && chmod g+x %s` as root", at("d"));
    check_text(said, text);
    wax_config_free(&config);
    free(said);
}

static void a_secret_that_all_may_read_is_told_once(void **state)
{
    char text[256];
    wax_config config;
    wax_status status = WAX_OK;
    (void)state;
    put("p", "");
    (void)snprintf(text, sizeof text, "listener 1 ::1\nlistener 2 ::1\npassword_file %s\n",
                   at("p"));
    put("m.conf", text);
    assert_int_equal(chmod(at("p"), 0644), 0);
    char *said = load(&config, at("m.conf"), true, &status);
    assert_int_equal(status, WAX_OK);
    check_text(said, "m.conf:3: warning: password_file: everybody on this machine may read");
    assert_null(strstr(strstr(said, "everybody") + 1, "everybody"));
    wax_config_free(&config);
    free(said);
}

/* A link, as Kubernetes makes it for secrets, is as good as the file. */
static void a_link_is_followed(void **state)
{
    char text[256];
    wax_config config;
    wax_status status = WAX_OK;
    (void)state;
    put("p", "");
    assert_int_equal(chmod(at("p"), 0600), 0);
    assert_int_equal(symlink(at("p"), at("link")), 0);
    (void)snprintf(text, sizeof text, "listener 1 ::1\npassword_file %s\n", at("link"));
    put("m.conf", text);
    char *said = load(&config, at("m.conf"), true, &status);
    assert_int_equal(status, WAX_OK);
    assert_string_equal(said, "");
    wax_config_free(&config);
    free(said);
}

struct sample {
    const char *name;
    const char *text;
    size_t listener_count;
};

/* What people write, after what tutorials tell them. */
static const struct sample samples[] = {
    {"the first lines of most tutorials",          "listener 1883\nallow_anonymous true\n",          1},
    {"passwords",
     "# local\nallow_anonymous false\npassword_file /etc/mosquitto/passwd\nlistener 1883 0.0.0.0\n", 1},
    {"two ports, one of them plain and local",
     "listener 1883 localhost\n\nlistener 8883\ncertfile /etc/letsencrypt/live/a/cert.pem\n"
     "cafile /etc/letsencrypt/live/a/chain.pem\nkeyfile /etc/letsencrypt/live/a/privkey.pem\n",      2},
    {"TLS on the default listener, as before 2.0",
     "port 8883\ncafile /etc/mosquitto/ca_certificates/ca.crt\ncertfile "
     "/etc/mosquitto/certs/s.crt\n"
     "keyfile /etc/mosquitto/certs/s.key\nrequire_certificate true\n"
     "use_identity_as_username true\ntls_version tlsv1.2\n",                                         1},
    {"a seed: TLS with anonymous clients",
     "listener 1884\nallow_anonymous true\ncafile /etc/mosquitto/ca_certificates/ca.crt\n"
     "keyfile /etc/mosquitto/ca_certificates/server.key\n"
     "certfile /etc/mosquitto/ca_certificates/server.crt\ntls_version tlsv1.2\n",                    1},
    {"a home server's add-on",
     "protocol mqtt\nuser root\nlog_dest stdout\nlog_type error\nlog_type warning\n"
     "persistence true\npersistence_location /data/\nmax_queued_messages 8192\n"
     "per_listener_settings false\nlistener 1883\nautosave_interval 60\n",                           1},
    {"a container",
     "persistence true\r\npersistence_location /mosquitto/data/\r\n"
     "log_dest file /mosquitto/log/mosquitto.log\r\nlistener 1883\r\n"
     "## Authentication ##\r\nallow_anonymous false\r\n"
     "password_file /mosquitto/config/password.txt\r\n",                                             1},
};

static void what_tutorials_say_is_taken(void **state)
{
    (void)state;
    for (size_t i = 0; i < WAX_COUNT(samples); i++) {
        wax_config config;
        wax_status status = WAX_OK;
        put("m.conf", samples[i].text);
        char *said = load(&config, at("m.conf"), false, &status);
        if (status != WAX_OK || config.listener_count != samples[i].listener_count) {
            fail_msg("%s: %s", samples[i].name, said);
        }
        wax_config_free(&config);
        free(said);
    }
}

/* The file that Debian installs, where it is installed, and what it says where it is not. */
static void debians_own_file_is_taken(void **state)
{
    char text[512];
    const char *path = "/etc/mosquitto/mosquitto.conf";
    wax_config config;
    wax_status status = WAX_OK;
    (void)state;
    (void)snprintf(text, sizeof text,
                   "pid_file /run/mosquitto/mosquitto.pid\n\npersistence true\n"
                   "persistence_location /var/lib/mosquitto/\n\n"
                   "log_dest file /var/log/mosquitto/mosquitto.log\n\ninclude_dir %s\n",
                   at("d"));
    put("m.conf", text);
    path = access(path, R_OK) == 0 ? path : at("m.conf");
    char *said = load(&config, path, true, &status);
    assert_int_equal(status, WAX_OK);
    assert_int_equal(config.persistence, WAX_PERSISTENCE_ON);
    assert_int_equal(config.log_dest, WAX_LOG_TO_FILE);
    assert_string_equal(config.log_file, "/var/log/mosquitto/mosquitto.log");
    assert_string_equal(config.pid_file, "/run/mosquitto/mosquitto.pid");
    check_text(said, "no listener is written");
    wax_config_free(&config);
    free(said);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_are_ordered_letter_by_letter),
        cmocka_unit_test_setup_teardown(a_directory_is_read_where_it_stands, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_included_file_is_named_and_includes_nothing, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_file_of_a_directory_begins_with_no_listener, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(what_is_not_there_is_named, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_bad_file_leaves_nothing, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_denial_gives_owner_mode_uid_and_the_fix, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_directory_in_the_way_is_named, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_secret_that_all_may_read_is_told_once, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_link_is_followed, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_tutorials_say_is_taken, set_up, tear_down),
        cmocka_unit_test_setup_teardown(debians_own_file_is_taken, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
