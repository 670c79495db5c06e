/* Messages on topics that are sealed only, as a worker judges and counts them. */
#ifndef WAX_BROKER_ENVELOPE_H
#define WAX_BROKER_ENVELOPE_H

#include "broker/internal.h"

/* Whether this may be published, as far as `sealed_only` goes. `topic` has its mount point. Returns
 * WAX_OK, or WAX_BAD_PAYLOAD_FORMAT for what is to be an envelope and is none; it is then counted.
 */
wax_status envelope_judge(struct worker *worker, wax_bytes topic, wax_bytes payload) WAX_CHECKED;

/* The same, and takes down what the header tells of the sender: for a message of `client` that is
 * about to go to its subscribers. */
wax_status envelope_take(struct worker *worker, wax_bytes client, wax_bytes topic,
                         wax_bytes payload) WAX_CHECKED;

#endif
