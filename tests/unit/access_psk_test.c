/* PSK files: what is read, what is refused in which words, and that no key stays behind. */
#include "../access_memory.h"
#include "../check.h"

#include "access/access.h"

#define KEY  "000102030405060708090a0b0c0d0e0f"
#define K64  KEY KEY KEY KEY
#define ID64 "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

struct row {
    const char *name;
    const char *text;
    size_t least;
    size_t line; /* of the fault; 0: there is none */
    size_t other_line;
    const char *words;
};

/* clang-format off */
static const struct row rows[] = {
    {"an identity and its key",       "pump:" KEY "\n",                       16, 0, 0, ""},
    {"without a line end",            "pump:" KEY,                            16, 0, 0, ""},
    {"capitals and blanks",           "# keys\n\n pump : 000102030405060708090A0B0C0D0E0F \r\n", 16, 0, 0, ""},
    {"nothing at all",                "",                                     16, 0, 0, ""},
    {"an identity like an address",   "\xe9\xa4\x90 cafe:" KEY,               16, 0, 0, ""},
    {"a key of 16 bytes is enough",   "a:" KEY,                               16, 0, 0, ""},
    {"a key of 15 bytes is not",      "a:000102030405060708090a0b0c0d0e",     16, 1, 0, "shorter than 16 bytes"},
    {"a short key, if allowed",       "a:00",                                 1,  0, 0, ""},
    {"a key of 256 bytes",            "a:" K64 K64 K64 K64,                   16, 0, 0, ""},
    {"a key of 257 bytes",            "a:" K64 K64 K64 K64 "00",              16, 1, 0, "longer than 256 bytes"},
    {"no colon",                      "# one\npump " KEY,                     16, 2, 0, "there is no ':'"},
    {"no identity",                   ":" KEY,                                16, 1, 0, "the identity is missing"},
    {"no key",                        "a:",                                   1,  1, 0, "the key is missing"},
    {"no key, long ones wanted",      "a:",                                   16, 1, 0, "openssl rand -hex 32"},
    {"an odd number of digits",       "a:" KEY "0",                           16, 1, 0, "an odd number"},
    {"a letter that is no digit",     "a:" KEY "0g",                          16, 1, 0, "something other than the digits"},
    {"a blank between digits",        "a:" KEY " 00 ",                        16, 1, 0, "in hexadecimal"},
    {"a comment behind the key",      "a:" KEY " # b",                        16, 1, 0, "something other than the digits"},
    {"an identity of 255 bytes",      ID64 ID64 ID64 "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcde:" KEY, 16, 0, 0, ""},
    {"an identity of 256 bytes",      ID64 ID64 ID64 ID64 ":" KEY,            16, 1, 0, "longer than 255 bytes"},
    {"an identity twice",             "a:" KEY "\nb:" KEY "\na:" KEY,          16, 3, 1, "there twice"},
    {"no UTF-8",                      "\xff:" KEY,                            16, 1, 0, "not UTF-8"},
};
/* clang-format on */

static void files_are_judged(void **state)
{
    (void)state;
    for (size_t i = 0; i < WAX_COUNT(rows); i++) {
        const struct row *row = &rows[i];
        struct test_memory memory = test_memory_open();
        wax_access_fault fault;
        wax_psks psks;
        wax_status status =
            wax_psks_parse(&psks, &memory.memory, wax_bytes_of_text(row->text), row->least, &fault);

        check_row(row->name, status == (row->words[0] == '\0' ? WAX_OK : WAX_INVALID));
        check_row(row->name, fault.line == row->line && fault.other_line == row->other_line);
        if (strstr(fault.text, row->words) == NULL) {
            fail_msg("%s: \"%s\"", row->name, fault.text);
        }
        wax_psks_close(&psks);
        check_row(row->name, memory.in_use == 0);
    }
}

static void keys_are_found_by_their_identity(void **state)
{
    struct test_memory memory = test_memory_open();
    wax_access_fault fault;
    wax_psks psks;

    (void)state;
    assert_int_equal(wax_psks_parse(&psks, &memory.memory, WAX_TEXT("a:00ff10\nb:0A\n"), 1, &fault),
                     WAX_OK);
    assert_int_equal(wax_psks_count(&psks), 2);
    assert_true(
        wax_bytes_equal(wax_psks_find(&psks, WAX_TEXT("a")), wax_bytes_of("\x00\xff\x10", 3)));
    assert_true(wax_bytes_equal(wax_psks_find(&psks, WAX_TEXT("b")), wax_bytes_of("\x0a", 1)));
    assert_int_equal(wax_psks_find(&psks, WAX_TEXT("c")).size, 0);
    assert_int_equal(wax_psks_find(&psks, wax_bytes_of("a\0", 2)).size, 0);
    wax_psks_close(&psks);
    assert_int_equal(wax_psks_find(&psks, WAX_TEXT("a")).size, 0);
    assert_int_equal(memory.in_use, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(files_are_judged),
        cmocka_unit_test(keys_are_found_by_their_identity),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
