/* The levels. */
#include "levels/levels.h"

/* clang-format off */
const wax_level_row wax_levels[WAX_LEVELS_COUNT] = {
    {"L0",               WAX_DOOR_OPEN,   WAX_TLS_ANY, WAX_COVER_NONE,   0, "nothing is protected"},
    {"L1",               WAX_DOOR_LOGIN,  WAX_TLS_ANY, WAX_COVER_NONE,   0, "user name and password, in clear"},
    {"L2cbc",            WAX_DOOR_OPEN,   WAX_TLS_ANY, WAX_COVER_CBC,    0, "AES-128-CBC of whole messages, nothing authentic: the reference"},
    {"L2-suite1",        WAX_DOOR_OPEN,   WAX_TLS_ANY, WAX_COVER_SEALED, 1, "sealed, ChaCha20-Poly1305"},
    {"L2-suite2",        WAX_DOOR_OPEN,   WAX_TLS_ANY, WAX_COVER_SEALED, 2, "sealed, Ascon"},
    {"L2-suite3",        WAX_DOOR_OPEN,   WAX_TLS_ANY, WAX_COVER_SEALED, 3, "sealed, AES-128-CCM"},
    {"L3-tls1.2-cert",   WAX_DOOR_TLS,    WAX_TLS_1_2, WAX_COVER_NONE,   0, "TLS 1.2, the broker's certificate"},
    {"L3-tls1.2-mutual", WAX_DOOR_MUTUAL, WAX_TLS_1_2, WAX_COVER_NONE,   0, "TLS 1.2, certificates on both sides"},
    {"L3-tls1.2-psk",    WAX_DOOR_PSK,    WAX_TLS_1_2, WAX_COVER_NONE,   0, "TLS 1.2, a key in common"},
    {"L3-tls1.3-cert",   WAX_DOOR_TLS,    WAX_TLS_1_3, WAX_COVER_NONE,   0, "TLS 1.3, the broker's certificate"},
    {"L3-tls1.3-mutual", WAX_DOOR_MUTUAL, WAX_TLS_1_3, WAX_COVER_NONE,   0, "TLS 1.3, certificates on both sides"},
    {"L3-tls1.3-psk",    WAX_DOOR_PSK,    WAX_TLS_1_3, WAX_COVER_NONE,   0, "TLS 1.3, a key in common"},
    {"L4-suite1",        WAX_DOOR_TLS,    WAX_TLS_1_3, WAX_COVER_SEALED, 1, "TLS 1.3 and sealed, ChaCha20-Poly1305"},
    {"L4-suite2",        WAX_DOOR_TLS,    WAX_TLS_1_3, WAX_COVER_SEALED, 2, "TLS 1.3 and sealed, Ascon"},
    {"L4-suite3",        WAX_DOOR_TLS,    WAX_TLS_1_3, WAX_COVER_SEALED, 3, "TLS 1.3 and sealed, AES-128-CCM"},
    {"L4-psk-suite1",    WAX_DOOR_PSK,    WAX_TLS_1_3, WAX_COVER_SEALED, 1, "TLS 1.3 by a key in common and sealed, ChaCha20-Poly1305"},
    {"L4-psk-suite2",    WAX_DOOR_PSK,    WAX_TLS_1_3, WAX_COVER_SEALED, 2, "TLS 1.3 by a key in common and sealed, Ascon"},
    {"L4-psk-suite3",    WAX_DOOR_PSK,    WAX_TLS_1_3, WAX_COVER_SEALED, 3, "TLS 1.3 by a key in common and sealed, AES-128-CCM"},
};
/* clang-format on */
