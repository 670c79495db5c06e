/* What the parts of wax import share. */
#include "tools/takeover.h"
#include "os/os.h"

#include <stdio.h>
#include <string.h>

enum {
    FAULTS_SHOWN = 10,
    NAME_SIZE = 256,
    BAR_SIZE = 30,
    PROGRESS_MS = 100,
};

static uint8_t visible(uint8_t byte)
{
    return byte < 0x20 || byte == 0x7f ? (uint8_t)'?' : byte;
}

void tools_takeover_show(wax_bytes word)
{
    for (size_t i = 0; i < word.size; i++) {
        (void)putchar(visible(word.data[i]));
    }
}

void tools_takeover_fail(struct import *import, const char *what, wax_bytes name, const char *why)
{
    char shown[NAME_SIZE];
    size_t size = name.size < sizeof shown ? name.size : sizeof shown - 1;

    for (size_t i = 0; i < size; i++) {
        shown[i] = (char)visible(name.data[i]);
    }
    shown[size] = '\0';
    import->fault_count++;
    if (import->shows_progress) {
        (void)fputs("\r\033[K", stderr);
    }
    if (import->fault_count <= FAULTS_SHOWN) {
        tools_say(import->settings, "%s '%s' was not taken over: %s", what, shown, why);
    } else if (import->fault_count == FAULTS_SHOWN + 1) {
        tools_say(import->settings, "there is more that was not taken over");
    }
}

void tools_takeover_progress(struct import *import, const char *what, size_t done, size_t count)
{
    char bar[BAR_SIZE + 1];
    uint64_t now_ms = wax_clock_ms();

    if (!import->shows_progress || count == 0) {
        return;
    }
    if (done == count) {
        (void)fputs("\r\033[K", stderr);
        return;
    }
    if (import->shown_ms != 0 && now_ms - import->shown_ms < PROGRESS_MS) {
        return;
    }
    import->shown_ms = now_ms;
    memset(bar, '.', BAR_SIZE);
    memset(bar, '#', (size_t)((uint64_t)done * BAR_SIZE / count));
    bar[BAR_SIZE] = '\0';
    (void)fprintf(stderr, "\r[%s] %zu of %zu %s", bar, done, count, what);
    (void)fflush(stderr);
}

bool tools_takeover_is_over(const struct import *import, const wax_import_session *session)
{
    return session->client.session_expiry_s == 0 ||
           wax_import_seconds_left(session->client.expires_s, import->now_s) == 0;
}

bool tools_takeover_is_ours(const struct import *import, const wax_import_session *session)
{
    return import->settings->takes_any_owner ||
           (session->client.is_owner_known &&
            wax_bytes_equal(session->client.username,
                            wax_bytes_of_text(import->settings->username)));
}
