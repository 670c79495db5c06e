/* Answers of a running authority, which may have a secret in them. */
#include "../check.h"

#include "tools/keys_request.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { SECRET_SIZE = 32, MAPPING_MAX = 256 << 20, PIECE = 4096 };

/* Computed where it is wanted: neither a constant nor who looks for it holds it. */
static char secret_at(size_t i)
{
    return (char)('A' + i * 7 % 26);
}

static bool is_secret(const char *text)
{
    size_t i = 0;

    while (i < SECRET_SIZE && text[i] == secret_at(i)) {
        i++;
    }
    return i == SECRET_SIZE;
}

/* How often it stands between two places of our own memory, whoever had them; a piece overlaps with
 * the next. */
static size_t count_between(int memory, off_t from, off_t to)
{
    static char piece[PIECE + SECRET_SIZE];
    size_t count = 0;

    for (off_t at = from; at < to; at += PIECE) {
        ssize_t size = pread(memory, piece, sizeof piece, at);

        for (ssize_t i = 0; i < PIECE && i + SECRET_SIZE <= size; i++) {
            count += is_secret(piece + i) ? 1 : 0;
        }
        memset(piece, 0, sizeof piece);
    }
    return count;
}

/* An address sanitizer would write over what is freed, where nobody else does. */
const char *__asan_default_options(void); /* NOLINT: the name is the sanitizer's */
const char *__asan_default_options(void)  /* NOLINT: likewise */
{
    return "max_free_fill_size=0";
}

/* In all that can be written but stacks. */
static size_t count_secrets(void)
{
    FILE *maps = fopen("/proc/self/maps", "re");
    int memory = open("/proc/self/mem", O_RDONLY | O_CLOEXEC);
    char line[600];
    size_t count = 0;

    assert_non_null(maps);
    assert_true(memory >= 0);
    while (fgets(line, sizeof line, maps) != NULL) {
        char *rest = NULL;
        const off_t from = (off_t)strtoull(line, &rest, 16);
        const off_t to = (off_t)strtoull(rest + 1, &rest, 16);

        if (strncmp(rest, " rw", 3) == 0 && to - from <= MAPPING_MAX &&
            strstr(line, "[stack]") == NULL) {
            count += count_between(memory, from, to);
        }
    }
    (void)fclose(maps);
    (void)close(memory);
    return count;
}

static void nothing_is_left_of_an_identity(void **state)
{
    /* Allocators write their own into the beginning of what is free. */
    static const char words[] = "# who this device is; its key is ";
    static struct keys_answer answer;
    char *line = malloc(200);
    char secret[SECRET_SIZE + 1];
    char *out = NULL;
    size_t size = 0;

    (void)state;
    for (size_t i = 0; i < SECRET_SIZE; i++) {
        secret[i] = secret_at(i);
    }
    secret[SECRET_SIZE] = '\0';
    (void)snprintf(line, 200, "{\"out\": \"done\", \"identity\": \"%s%s\"}\n", words, secret);
    assert_true(count_secrets() > 0);
    answer = (struct keys_answer){.out = open_memstream(&out, &size)};
    assert_true(keys_reply_read(&answer, wax_bytes_of_text(line)));
    (void)fclose(answer.out);
    assert_string_equal(out, "done");
    free(out);
    assert_memory_equal(answer.identity + sizeof words - 1, secret, SECRET_SIZE);
    keys_request_free(answer.identity);
    keys_request_free(line);
    wax_wipe(secret, sizeof secret);
    assert_int_equal(count_secrets(), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_left_of_an_identity),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
