/* What is retained: in memory up to a limit, and beyond it in the store alone. What was there first
 * stays; so nothing is written twice, and no topic that changes often drives out those that do not.
 */
#include "broker/keep.h"

void retained_close(wax_retained *retained)
{
    wax_retained_walk walk;
    void *found;
    uint32_t steps = UINT32_MAX;

    if (retained == NULL) {
        return;
    }
    wax_retained_walk_begin(&walk, retained, (wax_bytes){NULL, 0});
    while (wax_retained_next(&walk, &steps, &found) == WAX_OK) {
        retained_free(found);
        steps = UINT32_MAX;
    }
    wax_retained_walk_end(&walk);
    wax_retained_close(retained);
}

/* Counts what is retained for a topic in, and what was before it out; either may be NULL. */
static void replace(struct commons *commons, wax_bytes topic, const struct retained *next,
                    struct retained *old)
{
    if (next != NULL) {
        bool is_stored = next->form == RETAINED_STORED;
        atomic_fetch_add(&commons->retained_bytes, topic.size + next->payload_size);
        atomic_fetch_add(&commons->retained_taken, retained_taken(next));
        atomic_fetch_add(&commons->stored_count, is_stored ? 1 : 0);
        atomic_fetch_add(&commons->stored_bytes, is_stored ? next->payload_size : 0);
    }
    if (old != NULL) {
        bool was_stored = old->form == RETAINED_STORED;
        atomic_fetch_sub(&commons->retained_bytes, topic.size + old->payload_size);
        atomic_fetch_sub(&commons->retained_taken, retained_taken(old));
        atomic_fetch_sub(&commons->stored_count, was_stored ? 1 : 0);
        atomic_fetch_sub(&commons->stored_bytes, was_stored ? old->payload_size : 0);
        retained_free(old);
    }
    atomic_store(&commons->retained_count, wax_retained_count(commons->retained));
}

/* Packs the message; or, when it finds no room in memory beside the others than the one that it
 * replaces, leaves it to the store. */
static struct retained *make(const struct commons *commons, struct message *message,
                             const struct retained *old, const wax_config *config)
{
    struct retained *made = retained_make(message);
    uint64_t taken = atomic_load(&commons->retained_taken);

    if (made == NULL || !keep_takes_retained(commons, message->topic)) {
        return made;
    }
    taken += retained_taken(made) - (old == NULL ? 0 : retained_taken(old));
    if (taken > config->retained_memory_limit) {
        retained_free(made);
        made = retained_stored(message->number, message->payload.size);
    }
    return made;
}

static wax_status put(struct commons *commons, struct message *message, const wax_config *config)
{
    struct retained *known = wax_retained_find(commons->retained, message->topic);
    struct retained *made;
    void *old = NULL;
    wax_status status;

    if (known == NULL && wax_retained_count(commons->retained) >= config->retained_max) {
        return WAX_QUOTA_EXCEEDED;
    }
    made = make(commons, message, known, config);
    if (made == NULL) {
        return WAX_FULL;
    }
    status = wax_retained_put(commons->retained, message->topic, made, &old);
    if (status != WAX_OK) {
        retained_free(made);
        return status;
    }
    replace(commons, message->topic, made, old);
    keep_retained(commons, message);
    return WAX_OK;
}

wax_status commons_retain(struct commons *commons, struct message *message,
                          const wax_config *config)
{
    wax_status status = WAX_OK;
    void *old = NULL;

    pthread_mutex_lock(&commons->mutex);
    if (message->payload.size > 0) {
        status = put(commons, message, config); /* [MQTT-3.3.1-5] */
    } else if (wax_retained_remove(commons->retained, message->topic, &old) == WAX_OK) {
        replace(commons, message->topic, NULL, old); /* [MQTT-3.3.1-6] [MQTT-3.3.1-7] */
        keep_no_retained(commons, message->topic);
    }
    pthread_mutex_unlock(&commons->mutex);
    return status;
}

wax_status commons_retain_first(struct commons *commons, struct message *message,
                                const wax_config *config)
{
    wax_status status = WAX_INVALID;

    pthread_mutex_lock(&commons->mutex);
    if (wax_retained_find(commons->retained, message->topic) == NULL) {
        status = put(commons, message, config);
    }
    pthread_mutex_unlock(&commons->mutex);
    return status;
}

bool commons_has_room(const struct commons *commons, const wax_config *config)
{
    return atomic_load(&commons->retained_taken) < config->retained_memory_limit;
}

wax_status commons_restore(struct commons *commons, wax_bytes topic, struct retained *retained)
{
    void *old = NULL;
    wax_status status = wax_retained_put(commons->retained, topic, retained, &old);

    if (status == WAX_OK) {
        replace(commons, topic, retained, old);
    } else {
        retained_free(retained);
    }
    return status;
}

void commons_forget(struct commons *commons, wax_bytes topic, uint64_t number)
{
    const struct retained *known = wax_retained_find(commons->retained, topic);
    void *old = NULL;

    if (known != NULL && known->number == number &&
        wax_retained_remove(commons->retained, topic, &old) == WAX_OK) {
        keep_no_retained(commons, topic);
        replace(commons, topic, NULL, old);
    }
}
