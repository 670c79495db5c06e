/* Whether a file that a configuration names can be read, and if not, what to do about it. */
#ifndef WAX_BROKER_CONFIG_READABLE_H
#define WAX_BROKER_CONFIG_READABLE_H

#include "broker/config_value.h"

/* Tries to read the file or directory at `path`, following links, and adds what it finds to the
 * report: an error with owner, mode, this process's account and the command that mends it; a
 * warning when everybody may read a secret or when `user`, an account that root changes to, may not
 * read it again on a reload. */
void wax_config_try_file(const wax_config_spot *spot, const char *path, bool is_secret,
                         const char *user);

/* The same for the file with the key of the store, and whether it holds one. */
void wax_config_try_key(const wax_config_spot *spot, const char *path);

/* What wax_config_check() says of the bridges. */
void wax_config_check_bridges(const wax_config *config, wax_config_report *report);

#endif
