/* The journal of systemd. */
#ifndef WAX_OS_JOURNAL_H
#define WAX_OS_JOURNAL_H

#include "os/record.h"

/* Opens a socket to it. -1: there is none. */
int journal_open(const char *path);

/* Sends an event with its fields, and `line` as its message. False when it is not there. */
bool journal_send(int descriptor, const struct record *record, int priority, wax_bytes line);

#endif
