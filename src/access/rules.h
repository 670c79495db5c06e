/* The table of rules; inside of the room. */
#ifndef WAX_ACCESS_RULES_H
#define WAX_ACCESS_RULES_H

#include "access/access.h"

struct rule {
    wax_bytes filter;
    size_t line;
    uint32_t section;
    uint8_t grants;  /* wax_action as bits; 0 denies */
    bool names_user; /* a pattern with %u, which says nothing about the anonymous */
};

/* The sections that every table has; users follow. */
enum {
    SECTION_ANONYMOUS,
    SECTION_PATTERNS,
    SECTION_FIRST_USER,
};

#endif
