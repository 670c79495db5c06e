/* The journal of systemd, by its native protocol: a datagram of fields, each its name, a line end,
 * the size of its value in 8 bytes, little-endian, the value and a line end. */
#include "os/journal.h"

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { DATAGRAM_SIZE = 2 * RECORD_LINE_SIZE };

int journal_open(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int descriptor = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

    if (descriptor >= 0 && strlen(path) < sizeof address.sun_path) {
        memcpy(address.sun_path, path, strlen(path) + 1);
        if (connect(descriptor, (const struct sockaddr *)&address, sizeof address) == 0) {
            return descriptor;
        }
    }
    if (descriptor >= 0) {
        close(descriptor);
    }
    return -1;
}

static void write_field(wax_writer *out, const char *name, wax_bytes value)
{
    wax_write_bytes(out, wax_bytes_of_text(name));
    wax_write_u8(out, '\n');
    for (unsigned i = 0; i < 8; i++) {
        wax_write_u8(out, (uint8_t)((uint64_t)value.size >> (8 * i)));
    }
    wax_write_bytes(out, value);
    wax_write_u8(out, '\n');
}

/* A field of ours: WAX_CLIENT. */
static void write_own(wax_writer *out, const char *key, wax_bytes value)
{
    char name[RECORD_KEY_SIZE + 8];

    snprintf(name, sizeof name, "WAX_%s", key);
    for (char *at = name; *at != '\0'; at++) {
        if (*at >= 'a' && *at <= 'z') {
            *at = (char)(*at - 'a' + 'A');
        }
    }
    write_field(out, name, value);
}

bool journal_send(int descriptor, const struct record *record, int priority, wax_bytes line)
{
    uint8_t room[DATAGRAM_SIZE];
    uint8_t digit = (uint8_t)('0' + priority);
    wax_writer out = wax_writer_over(room, sizeof room);

    write_field(&out, "MESSAGE", line);
    write_field(&out, "PRIORITY", wax_bytes_of(&digit, 1));
    write_field(&out, "SYSLOG_IDENTIFIER", WAX_TEXT("wax"));
    write_own(&out, "event", record_event(record));
    for (size_t i = 1; i < record->count; i++) {
        write_own(&out, record->fields[i].key, record_value(record, i));
    }
    return descriptor >= 0 && out.status == WAX_OK &&
           send(descriptor, room, out.used, MSG_NOSIGNAL | MSG_DONTWAIT) == (ssize_t)out.used;
}
