/* The log: fields, forms, places, and what repeats itself. */
#include "../check.h"

#include "os/os.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

struct fixture {
    wax_log log;
    char folder[64];
    char path[96];
    char text[65536];
};

static void begin(struct fixture *fixture, unsigned places, bool is_json, const char *journal)
{
    wax_log_settings settings = {.levels = UINT32_MAX,
                                 .places = places,
                                 .path = fixture->path,
                                 .is_json = is_json,
                                 .journal = journal,
                                 .timestamp_format = ""};

    wax_log_open(&fixture->log);
    assert_int_equal(wax_log_set(&fixture->log, &settings), WAX_OK);
}

static const char *read_back(struct fixture *fixture)
{
    FILE *file = fopen(fixture->path, "re");
    size_t size;

    assert_non_null(file);
    size = fread(fixture->text, 1, sizeof fixture->text - 1, file);
    fixture->text[size] = '\0';
    (void)fclose(file);
    return fixture->text;
}

static int set_up(void **state)
{
    struct fixture *fixture = calloc(1, sizeof *fixture);

    assert_non_null(fixture);
    snprintf(fixture->folder, sizeof fixture->folder, "/tmp/wax-log-XXXXXX");
    assert_non_null(mkdtemp(fixture->folder));
    snprintf(fixture->path, sizeof fixture->path, "%s/log", fixture->folder);
    *state = fixture;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;

    wax_log_close(&fixture->log);
    unlink(fixture->path);
    rmdir(fixture->folder);
    free(fixture);
    return 0;
}

static void write_samples(wax_log *log)
{
    wax_log_write(log, WAX_NOTICE, "plain");
    wax_log_write(log, WAX_WARNING, "seen client=%.*s port=%u size=%zu part=%.2f", 3, "abcdef",
                  1883U, (size_t)7, 0.5);
    wax_log_write(log, WAX_NOTICE, "forged client=%s reason=%s", "a user=root", "it=said\nso");
    wax_log_write(log, WAX_ERROR, "config %s:%u: %s", "wax.conf", 3U, "a line\n");
    wax_log_write(log, WAX_ERROR, "broken id=%s literal=a b", "x\xff");
    wax_log_write(log, WAX_DEBUG, "many d=%d ld=%ld llu=%llu x=%02x percent=5%%", -1, -2L, 3ULL,
                  10U);
}

static void text_lines(void **state)
{
    struct fixture *fixture = *state;

    begin(fixture, WAX_LOG_FILE, false, NULL);
    write_samples(&fixture->log);
    assert_string_equal(read_back(fixture),
                        "notice plain\n"
                        "warning seen client=abc port=1883 size=7 part=0.50\n"
                        "notice forged client=\"a user=root\" reason=\"it=said\\u000aso\"\n"
                        "error config wax.conf:3: a line?\n"
                        "error broken id=\"x\xef\xbf\xbd\" literal=a b\n"
                        "debug many d=-1 ld=-2 llu=3 x=0a percent=5%\n");
}

/* The line behind the time, which is another each time. */
static const char *behind_time(const char *line)
{
    const char *level = strstr(line, ",\"level\"");

    assert_non_null(level);
    assert_int_equal(level - line, strlen("{\"time\":\"2026-11-21T15:00:00.123Z\""));
    return level + 1;
}

static void json_lines(void **state)
{
    static const char *const wanted[] = {
        "\"level\":\"notice\",\"event\":\"plain\"}",
        "\"level\":\"warning\",\"event\":\"seen\",\"client\":\"abc\",\"port\":1883,\"size\":7,"
        "\"part\":\"0.50\"}",
        "\"level\":\"notice\",\"event\":\"forged\",\"client\":\"a user=root\","
        "\"reason\":\"it=said\\u000aso\"}",
        "\"level\":\"error\",\"event\":\"config\",\"message\":\"wax.conf:3: a line\\u000a\"}",
        "\"level\":\"error\",\"event\":\"broken\",\"id\":\"x\xef\xbf\xbd\",\"literal\":\"a b\"}",
        "\"level\":\"debug\",\"event\":\"many\",\"d\":-1,\"ld\":-2,\"llu\":3,\"x\":\"0a\","
        "\"percent\":\"5%\"}",
    };
    struct fixture *fixture = *state;
    char *rest = fixture->text;
    char *line;
    size_t count = 0;

    begin(fixture, WAX_LOG_FILE, true, NULL);
    write_samples(&fixture->log);
    (void)read_back(fixture);
    while ((line = strsep(&rest, "\n")) != NULL && line[0] != '\0') {
        assert_string_equal(behind_time(line), wanted[count]);
        count++;
    }
    assert_int_equal(count, WAX_COUNT(wanted));
}

/* One field of a datagram of the journal. */
static void check_field(const uint8_t *got, size_t size, const char *name, const char *value)
{
    uint8_t wanted[256];
    wax_writer out = wax_writer_over(wanted, sizeof wanted);

    wax_write_bytes(&out, wax_bytes_of_text(name));
    wax_write_u8(&out, '\n');
    wax_write_u8(&out, (uint8_t)strlen(value));
    wax_write_bytes(&out, wax_bytes_of("\0\0\0\0\0\0\0", 7));
    wax_write_bytes(&out, wax_bytes_of_text(value));
    wax_write_u8(&out, '\n');
    check_row(name, memmem(got, size, wanted, out.used) != NULL);
}

static void journal_datagrams(void **state)
{
    struct fixture *fixture = *state;
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int journal = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    uint8_t got[4096];
    ssize_t size;

    snprintf(address.sun_path, sizeof address.sun_path, "%s/journal", fixture->folder);
    assert_int_equal(bind(journal, (const struct sockaddr *)&address, sizeof address), 0);
    begin(fixture, WAX_LOG_JOURNALD, false, address.sun_path);
    wax_log_write(&fixture->log, WAX_WARNING, "seen client=%s port=%u", "a\nb", 1883U);
    size = recv(journal, got, sizeof got, MSG_DONTWAIT);
    assert_true(size > 0);
    check_field(got, (size_t)size, "MESSAGE", "seen client=\"a\\u000ab\" port=1883");
    check_field(got, (size_t)size, "PRIORITY", "4");
    check_field(got, (size_t)size, "SYSLOG_IDENTIFIER", "wax");
    check_field(got, (size_t)size, "WAX_EVENT", "seen");
    check_field(got, (size_t)size, "WAX_CLIENT", "a\nb");
    check_field(got, (size_t)size, "WAX_PORT", "1883");
    close(journal);
    unlink(address.sun_path);
}

static size_t count_of(const char *text, const char *words)
{
    size_t count = 0;

    for (const char *at = strstr(text, words); at != NULL; at = strstr(at + 1, words)) {
        count++;
    }
    return count;
}

static void repetitions_are_counted(void **state)
{
    struct fixture *fixture = *state;

    begin(fixture, WAX_LOG_FILE, false, NULL);
    for (unsigned i = 0; i < 40; i++) {
        wax_log_write(&fixture->log, WAX_NOTICE, "knock peer=10.0.0.9:%u reason=none", 1000 + i);
        wax_log_write(&fixture->log, WAX_NOTICE, "knock peer=10.0.0.%u:1 reason=none", 10 + i);
        wax_log_write(&fixture->log, WAX_NOTICE, "own reason=nobody else makes it");
    }
    assert_int_equal(count_of(read_back(fixture), "knock peer=10.0.0.9:"), 10);
    assert_int_equal(count_of(fixture->text, "own "), 40);
    assert_true(count_of(fixture->text, "knock peer=10.0.0.") == 50);
    assert_int_equal(count_of(fixture->text, "repeated"), 0);
    wax_log_flush(&fixture->log, wax_clock_ms() + 61000);
    assert_int_equal(
        count_of(read_back(fixture), "knock peer=10.0.0.9:1039 reason=none repeated=30 in_s=60\n"),
        1);
    assert_int_equal(count_of(fixture->text, "repeated"), 1);
    wax_log_flush(&fixture->log, wax_clock_ms() + 200000);
    assert_int_equal(count_of(read_back(fixture), "repeated"), 1);
    wax_log_write(&fixture->log, WAX_NOTICE, "knock peer=10.0.0.9:%u reason=none", 5U);
    assert_int_equal(count_of(read_back(fixture), "knock peer=10.0.0.9:5 reason=none\n"), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(text_lines, set_up, tear_down),
        cmocka_unit_test_setup_teardown(json_lines, set_up, tear_down),
        cmocka_unit_test_setup_teardown(journal_datagrams, set_up, tear_down),
        cmocka_unit_test_setup_teardown(repetitions_are_counted, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
