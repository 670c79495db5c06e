/* The tables of wax ctl, for whoever completes words. */
#ifndef WAX_TOOLS_CTL_H
#define WAX_TOOLS_CTL_H

#include <stddef.h>

/* The words of the verb of this number, as "retained list", and what it is for; NULL after the
 * last.
 */
const char *ctl_verb_name(size_t number);

/* The option of this number, as "--json"; NULL after the last. */
const char *ctl_option_name(size_t number);

#endif
