/* The tables of an opener, finite and in the caller's memory; inside of the room. */
#ifndef WAX_SEAL_RECORDS_H
#define WAX_SEAL_RECORDS_H

#include "seal/seal.h"

/* What is remembered of a sender, or of a topic by a sender; NULL if nothing is. */
wax_sender_record *records_find_sender(const wax_opener *opener, uint32_t sender);
wax_topic_record *records_find_topic(const wax_opener *opener, wax_bytes topic, uint32_t sender);

/* The same, with a new record where there is none, in an empty place or in that of the one among
 * its places that was used longest ago: senders may stand in all. NULL when the table has no places
 * at all. */
wax_sender_record *records_use_sender(wax_opener *opener, uint32_t sender);
wax_topic_record *records_use_topic(wax_opener *opener, wax_bytes topic, uint32_t sender);

#endif
