/* The lines of a bridge that add up: `address` and `topic`. */
#ifndef WAX_BROKER_CONFIG_BRIDGE_LINES_H
#define WAX_BROKER_CONFIG_BRIDGE_LINES_H

#include "broker/config_value.h"

/* Whether the option is one of these lines. */
bool wax_bridge_is_line(const wax_option *option);

/* Reads the value of such a line, as wax_value_read() does. */
WAX_CHECKED bool wax_bridge_read_line(const wax_config_spot *spot, wax_bridge_config *bridge,
                                      wax_bytes text);

/* Whether two bridges have the same ones, in the same order. */
bool wax_bridge_addresses_equal(const wax_bridge_config *one, const wax_bridge_config *other);
bool wax_bridge_topics_equal(const wax_bridge_config *one, const wax_bridge_config *other);

/* Print the lines that a file needs to say this. */
void wax_bridge_print_addresses(const wax_bridge_config *bridge, FILE *out);
void wax_bridge_print_topics(const wax_bridge_config *bridge, FILE *out);

/* Frees what these lines made. */
void wax_bridge_free_addresses(wax_bridge_config *bridge);
void wax_bridge_free_topics(wax_bridge_config *bridge);

#endif
