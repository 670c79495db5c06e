/* A text as a QR code on a terminal. */
#ifndef WAX_TOOLS_KEYS_CODE_H
#define WAX_TOOLS_KEYS_CODE_H

#include <stdbool.h>

/* Prints it, dark on light. False for a text that does not fit. */
bool keys_code_print(const char *text);

#endif
