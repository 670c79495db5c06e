/* Which line of an ACL file decides. */
#ifndef WAX_TOOLS_DOCTOR_ACL_H
#define WAX_TOOLS_DOCTOR_ACL_H

#include "tools/settings.h"

/* Judges the topics of the settings by their ACL file, for their user and client id. Returns
 * whether all may be read and written. */
bool tools_doctor_judge(const struct settings *settings);

#endif
