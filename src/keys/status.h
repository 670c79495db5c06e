/* What the reading and the writing of statuses share. */
#ifndef WAX_KEYS_STATUS_H
#define WAX_KEYS_STATUS_H

#include "keys/fields.h"
#include "keys/profile.h"

extern const struct letter_kind status_kind;
extern const struct shape status_shape;

#endif
