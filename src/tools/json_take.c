/* What a file of figures says, within what can be computed with. */
#include "tools/json_take.h"

#include <math.h>
#include <stdio.h>

double json_take_value(const json_t *object, const char *name)
{
    double value = json_number_value(json_object_get(object, name));

    return isfinite(value) && value >= 0 && value < 1e15 ? value : 0;
}

uint32_t json_take_whole(const json_t *object, const char *name)
{
    double value = json_take_value(object, name);

    return value < 4294967295.0 ? (uint32_t)value : UINT32_MAX;
}

void json_take_text(const json_t *object, const char *name, char *room, size_t size)
{
    const char *text = json_string_value(json_object_get(object, name));

    (void)snprintf(room, size, "%s", text != NULL ? text : "");
}
