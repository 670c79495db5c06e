/* By which groups the two ends agree on a key. */
#include "tls/inner.h"

/* X25519MLKEM768 is safe against quantum computers as well. From OpenSSL 3.5 on a list has an order
 * of groups between its slashes, and asterisks where a client sends a share: both X25519 and the
 * hybrid, so that older servers need no second round. A provider may know the hybrid before. */
static const char *const lists[] = {
    "*X25519MLKEM768/*X25519:P-256:P-384",
    "X25519MLKEM768:X25519:P-256:P-384",
    "X25519:P-256:P-384",
};

const char *tls_choose_groups(bool (*takes)(void *library, const char *list), void *library)
{
    for (size_t i = 0; i < WAX_COUNT(lists); i++) {
        if (takes(library, lists[i])) {
            return lists[i];
        }
    }
    return NULL;
}
