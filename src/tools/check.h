/* The list that wax doctor writes: a line for each thing that is well, or not. */
#ifndef WAX_TOOLS_CHECK_H
#define WAX_TOOLS_CHECK_H

#include <stdbool.h>

/* Says that something is well. Returns true. */
__attribute__((format(printf, 2, 3))) bool tools_check_pass(const char *what, const char *format,
                                                            ...);

/* Says that something is not. Returns false. */
__attribute__((format(printf, 2, 3))) bool tools_check_fail(const char *what, const char *format,
                                                            ...);

/* Says what to do about it, or what else was found out. */
__attribute__((format(printf, 1, 2))) void tools_check_next(const char *format, ...);

#endif
