/* The words that a shell can complete, from the tables that the tools themselves read. */
#ifndef WAX_TOOLS_WORDS_H
#define WAX_TOOLS_WORDS_H

#include <stddef.h>

/* The word of this number, as "--json" or "retained list"; NULL after the last. */
typedef const char *words_function(size_t number);

/* Options; those of long form of getopt_long() come without their dashes. */
words_function broker_option_name, init_option_name, passwd_option_name, pki_option_name;
words_function ctl_option_name, seal_option_name, keys_option_name, demo_option_name;

/* Verbs, which stand before all else. */
words_function ctl_verb_name, pki_verb_name, keys_verb_name, bench_word, update_verb_name;

#endif
