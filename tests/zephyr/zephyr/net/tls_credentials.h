/* A stand-in for Zephyr's credentials: their numbers alone. */
#ifndef STAND_IN_TLS_CREDENTIALS_H
#define STAND_IN_TLS_CREDENTIALS_H

typedef int sec_tag_t;

#endif
