/* Text in a manual page. */
#ifndef WAX_TOOLS_ROFF_H
#define WAX_TOOLS_ROFF_H

/* Writes a text to the standard output so that roff shows it as it is. */
void tools_roff_write(const char *text);

#endif
