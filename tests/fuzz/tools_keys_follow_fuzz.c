/* Any lines as what a broker has of a log. */
#include "fuzz.h"
#include "tools/keys_follow.h"

#include <stdio.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct identity house = {.prefix = "wax"};
    static struct keys_answer answer;
    FILE *in = size == 0 ? NULL : fmemopen((void *)(uintptr_t)data, size, "r");

    if (in != NULL) {
        /* Nothing is signed by this key, which is none; so nothing is followed. */
        answer = (struct keys_answer){.fault = NULL};
        fuzz_require(keys_follow_input(&house, "/nonexistent/anchor", in, &answer));
        (void)fclose(in);
    }
    return 0;
}
