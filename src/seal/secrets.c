/* What members are given of an epoch, by who holds its secret. [3] */
#include "seal/schedule.h"

wax_status wax_seal_class_secret(const wax_seal_group *group, uint32_t epoch,
                                 const uint8_t epoch_secret[static WAX_SECRET_SIZE],
                                 uint8_t result[static WAX_SECRET_SIZE])
{
    const struct scope scope = {.group = group, .epoch = epoch};

    return schedule_class(&scope, epoch_secret, result);
}

wax_status wax_seal_sender_secret(const wax_seal_group *group, uint32_t epoch,
                                  const uint8_t epoch_secret[static WAX_SECRET_SIZE],
                                  uint32_t sender, uint8_t result[static WAX_SECRET_SIZE])
{
    const struct scope scope = {.group = group, .epoch = epoch, .sender = sender};
    wax_status status = schedule_class(&scope, epoch_secret, result);

    return status == WAX_OK ? schedule(&scope, result, USE_SENDER, 0, result) : status;
}
