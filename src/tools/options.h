/* Reading and explaining the options of pub, sub, rr, doctor, bench and proxy. */
#ifndef WAX_TOOLS_OPTIONS_H
#define WAX_TOOLS_OPTIONS_H

#include "tools/settings.h"

/* Reads the file of defaults and the command line, whose first word is the tool's name, checks it
 * all, and answers --help, --version and their like. Returns true when the tool is to go on;
 * otherwise `code` is the exit code. The caller discards the settings in any case. */
bool tools_options_begin(struct settings *settings, enum tool tool, int argc, char **argv,
                         int *code) WAX_CHECKED;

#endif
