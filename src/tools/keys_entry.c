/* Entries of the log as people read them. */
#include "tools/keys_entry.h"
#include "tools/keys_answer.h"

#include <time.h>

#define TEXT(bytes) (int)(bytes).size, (const char *)(bytes).data

void keys_entry_print(FILE *out, const wax_keys_entry *entry)
{
    const time_t at = (time_t)entry->time_s;
    wax_keys_list details = entry->details;
    char when[32] = "";
    struct tm parts;
    wax_bytes name;
    wax_bytes text;
    uint64_t number;

    if (gmtime_r(&at, &parts) != NULL) {
        (void)strftime(when, sizeof when, "%Y-%m-%dT%H:%M:%SZ", &parts);
    }
    keys_answer_print(out, "%llu %s %.*s: %.*s", (unsigned long long)entry->number, when,
                      TEXT(entry->who), TEXT(entry->what));
    if (entry->on.size > 0) {
        keys_answer_print(out, " %.*s", TEXT(entry->on));
    }
    while (wax_keys_next_detail(&details, &name, &text, &number)) {
        if (text.size > 0) {
            keys_answer_print(out, " %.*s=%.*s", TEXT(name), TEXT(text));
        } else {
            keys_answer_print(out, " %.*s=%llu", TEXT(name), (unsigned long long)number);
        }
    }
    (void)fputc('\n', out);
}

void keys_anchor_print(FILE *out, const wax_keys_followed *followed)
{
    char digits[2 * WAX_SHA256_SIZE + 1];

    wax_hex_encode(wax_bytes_of(followed->digest, sizeof followed->digest), digits);
    (void)fprintf(out, "%llu %s\n", (unsigned long long)followed->number, digits);
}
