/* Sealing in a tool of this host: a member, its files and its memory. */
#ifndef WAX_TOOLS_SEALED_H
#define WAX_TOOLS_SEALED_H

#include "member/member.h"
#include "tools/identity.h"

struct sealed;

/* What is opened: a message once, a file as often as its owner likes. */
enum sealed_use { SEALED_MESSAGES, SEALED_FILES };

/* Opens the identity in `path`, with what its folder of state holds; the folder is made if it is
 * not there, and locked: two processes with one identity would seal under the same positions. NULL,
 * with `fault` saying in words why. */
struct sealed *tools_sealed_open(const char *path, enum sealed_use use, char *fault,
                                 size_t fault_size);

/* Wipes and gives back all of it; NULL is fine. */
void tools_sealed_close(struct sealed *sealed);

/* From here on no message is shown: none of class stream counts as come. */
void tools_sealed_finish(struct sealed *sealed);

wax_member *tools_sealed_member(struct sealed *sealed);

/* The topic below which the authority speaks. */
wax_bytes tools_sealed_prefix(const struct sealed *sealed);

/* Seals a message; `made` views memory that stays until the next call. Returns as
 * wax_member_seal(), or WAX_FULL without memory. */
wax_status tools_sealed_make(struct sealed *sealed, const wax_publish *message,
                             wax_publish *made) WAX_CHECKED;

/* As tools_sealed_make(), for a Will. */
wax_status tools_sealed_make_will(struct sealed *sealed, const wax_publish *message,
                                  wax_publish *made) WAX_CHECKED;

/* What a status of sealing means, to who wanted to send. */
const char *tools_sealed_explain(wax_status status);

#endif
