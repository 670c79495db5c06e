/* Heads of HTTP: what is read, and what is refused because two programs might read it differently.
 */
#include "../check.h"

#include "web/web.h"

#include <stdlib.h>

struct row {
    const char *name;
    const char *text;
    wax_status status;
    const char *fault; /* a part of it */
};

/* clang-format off */
static const struct row rows[] = {
    {"a plain request",              "GET /mqtt HTTP/1.1\r\nHost: a\r\n\r\n", WAX_OK, NULL},
    {"a request with a body behind", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc", WAX_OK, NULL},
    {"no end yet",                   "GET / HTTP/1.1\r\nHost: a\r\n", WAX_MORE, NULL},
    {"nothing yet",                  "", WAX_MORE, NULL},
    {"a line without CR",            "GET / HTTP/1.1\nHost: a\r\n\r\n", WAX_MALFORMED, "does not end with CR LF"},
    {"a line without CR, early",     "GET / HTTP/1.1\n", WAX_MALFORMED, "does not end with CR LF"},
    {"a CR alone",                   "GET / HTTP/1.1\r\nA: b\rc\r\n\r\n", WAX_MALFORMED, "has a CR in it"},
    {"a folded header",              "GET / HTTP/1.1\r\nA: b\r\n c\r\n\r\n", WAX_MALFORMED, "goes on in the next line"},
    {"a blank before the colon",     "GET / HTTP/1.1\r\nHost : a\r\n\r\n", WAX_MALFORMED, ""},
    {"a blank before the name",      "GET / HTTP/1.1\r\n Host: a\r\n\r\n", WAX_MALFORMED, "goes on"},
    {"no colon",                     "GET / HTTP/1.1\r\nHost\r\n\r\n", WAX_MALFORMED, ""},
    {"two sizes",                    "GET / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", WAX_MALFORMED, "content-length"},
    {"a size and chunks",            "GET / HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", WAX_MALFORMED, ""},
    {"a size that is no number",     "GET / HTTP/1.1\r\nContent-Length: +1\r\n\r\n", WAX_MALFORMED, "content-length"},
    {"an unknown method",            "HACK / HTTP/1.1\r\n\r\n", WAX_MALFORMED, "method"},
    {"no version",                   "GET /\r\n\r\n", WAX_MALFORMED, ""},
    {"a byte above ASCII",           "GET /\xff HTTP/1.1\r\n\r\n", WAX_MALFORMED, ""},
    {"MQTT",                         "\x10\x0c\r\n\r\n", WAX_MALFORMED, ""},
    {"TLS",                          "\x16\x03\x01\r\n\r\n", WAX_MALFORMED, ""},
    {"a control character",          "GET / HTTP/1.1\r\nA: b\x01\r\n\r\n", WAX_MALFORMED, ""},
};
/* clang-format on */

static void heads_are_read_as_the_rows_say(void **state)
{
    (void)state;
    for (size_t i = 0; i < WAX_COUNT(rows); i++) {
        wax_http_head head;
        wax_status status = wax_http_read_request(&head, wax_bytes_of_text(rows[i].text));

        check_row(rows[i].name, status == rows[i].status);
        check_row(rows[i].name, (head.fault == NULL) == (rows[i].fault == NULL));
        check_row(rows[i].name, rows[i].fault == NULL || strstr(head.fault, rows[i].fault) != NULL);
    }
}

static void a_zero_byte_is_refused(void **state)
{
    static const char text[] = "GET / HTTP/1.1\r\nA: b\0c\r\n\r\n";
    wax_http_head head;

    (void)state;
    assert_int_equal(wax_http_read_request(&head, wax_bytes_of(text, sizeof text - 1)),
                     WAX_MALFORMED);
}

static void its_parts_are_found(void **state)
{
    wax_http_head head;
    wax_bytes text =
        WAX_TEXT("GET /mqtt?x=1 HTTP/1.1\r\nHost: b.example \r\nCONNECTION: keep-alive, "
                 "Upgrade\r\nA:\r\nB: 1\r\nb: 2\r\n\r\n\x82");

    (void)state;
    assert_int_equal(wax_http_read_request(&head, text), WAX_OK);
    assert_string_equal(head.method, "GET");
    assert_true(wax_bytes_equal(head.target, WAX_TEXT("/mqtt?x=1")));
    assert_true(wax_bytes_equal(head.path, WAX_TEXT("/mqtt")));
    assert_int_equal(head.version, 0x0101);
    assert_int_equal(head.size, text.size - 1);
    assert_true(head.keeps_alive);
    assert_false(head.has_body);
    assert_true(wax_bytes_equal(wax_http_header_of(&head, "host")->value, WAX_TEXT("b.example")));
    assert_int_equal(wax_http_header_of(&head, "a")->value.size, 0);
    assert_null(wax_http_header_of(&head, "b"));
    assert_int_equal(wax_http_header_count(&head, "B"), 2);
    assert_true(wax_http_has_token(&head, "connection", "upgrade", true));
    assert_false(wax_http_has_token(&head, "connection", "upgrade", false));
    assert_false(wax_http_has_token(&head, "connection", "keep", true));
}

static void bodies_are_noticed(void **state)
{
    wax_http_head head;

    (void)state;
    assert_int_equal(
        wax_http_read_request(&head, WAX_TEXT("GET / HTTP/1.1\r\nContent-Length: 0\r\n\r\n")),
        WAX_OK);
    assert_false(head.has_body);
    assert_int_equal(
        wax_http_read_request(&head, WAX_TEXT("GET / HTTP/1.1\r\nContent-Length: 1\r\n\r\n")),
        WAX_OK);
    assert_true(head.has_body);
    assert_int_equal(wax_http_read_request(
                         &head, WAX_TEXT("PUT / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n")),
                     WAX_OK);
    assert_true(head.has_body);
}

static void responses_are_read(void **state)
{
    wax_http_head head;

    (void)state;
    assert_int_equal(
        wax_http_read_response(&head, WAX_TEXT("HTTP/1.1 101 Go on\r\nUpgrade: x\r\n\r\n")),
        WAX_OK);
    assert_int_equal(head.code, 101);
    assert_int_equal(wax_http_read_response(&head, WAX_TEXT("HTTP/1.1 x No\r\n\r\n")),
                     WAX_MALFORMED);
}

static void heads_have_a_limit(void **state)
{
    size_t size = WAX_HTTP_HEAD_MAX;
    char *text = malloc(size);
    wax_http_head head;

    (void)state;
    assert_non_null(text);
    memset(text, 'a', size);
    memcpy(text, "GET / HTTP/1.1\r\nA: ", 19);
    assert_int_equal(wax_http_read_request(&head, wax_bytes_of(text, size - 1)), WAX_MORE);
    assert_int_equal(wax_http_read_request(&head, wax_bytes_of(text, size)), WAX_TOO_LARGE);
    memcpy(text + size - 4, "\r\n\r\n", 4);
    assert_int_equal(wax_http_read_request(&head, wax_bytes_of(text, size)), WAX_OK);
    free(text);
}

static void header_lines_have_a_limit(void **state)
{
    char text[1024] = "GET / HTTP/1.1\r\n";
    wax_http_head head;

    (void)state;
    for (size_t i = 0; i < WAX_HTTP_HEADER_MAX; i++) {
        memcpy(text + 16 + i * 6, "A: b\r\n", 6);
    }
    memcpy(text + 16 + 64 * 6, "\r\n", 3);
    assert_int_equal(wax_http_read_request(&head, wax_bytes_of_text(text)), WAX_OK);
    assert_int_equal(head.header_count, WAX_HTTP_HEADER_MAX);
    memcpy(text + 16 + 64 * 6, "C: d\r\n\r\n", 9);
    assert_int_equal(wax_http_read_request(&head, wax_bytes_of_text(text)), WAX_TOO_LARGE);
    assert_non_null(strstr(head.fault, "64"));
}

static void answers_are_written_whole_or_not(void **state)
{
    char room[WAX_HTTP_ANSWER_ROOM];
    wax_writer out = wax_writer_over(room, sizeof room - 1);
    wax_writer tight = wax_writer_over(room, 20);
    wax_http_answer answer = {.code = 404, .body = WAX_TEXT("no\n"), .keeps_alive = true};

    (void)state;
    wax_http_write_answer(&out, &answer);
    room[out.used] = '\0';
    assert_string_equal(room,
                        "HTTP/1.1 404 Not Found\r\nContent-Type: text/plain; charset=utf-8\r\n"
                        "Content-Length: 3\r\n\r\nno\n");
    out = wax_writer_over(room, sizeof room - 1);
    answer.is_head = true;
    answer.keeps_alive = false;
    wax_http_write_answer(&out, &answer);
    room[out.used] = '\0';
    assert_non_null(strstr(room, "Content-Length: 3\r\nConnection: close\r\n\r\n"));
    assert_null(strstr(room, "no\n"));
    wax_http_write_answer(&tight, &answer);
    assert_int_equal(tight.status, WAX_FULL);
    assert_int_equal(tight.used, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(heads_are_read_as_the_rows_say),
        cmocka_unit_test(a_zero_byte_is_refused),
        cmocka_unit_test(its_parts_are_found),
        cmocka_unit_test(bodies_are_noticed),
        cmocka_unit_test(responses_are_read),
        cmocka_unit_test(heads_have_a_limit),
        cmocka_unit_test(header_lines_have_a_limit),
        cmocka_unit_test(answers_are_written_whole_or_not),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
