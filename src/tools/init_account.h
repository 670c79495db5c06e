/* Whom a broker that root starts is to be, and what it must be able to read for that. */
#ifndef WAX_TOOLS_INIT_ACCOUNT_H
#define WAX_TOOLS_INIT_ACCOUNT_H

#include <stdbool.h>
#include <sys/types.h>

enum { INIT_NAME_SIZE = 64 };

struct init_account {
    char name[INIT_NAME_SIZE]; /* empty: there is none, or this is not root */
    uid_t uid;
    gid_t gid;
};

/* The account that the broker changes to: wax, or mosquitto. */
void init_account_find(struct init_account *account);

/* Whether the account may enter all folders above this absolute path. */
bool init_account_may_enter(const struct init_account *account, const char *path);

/* Lets the account read what the broker reads in this home, and change nothing there; what is
 * for administrators alone stays root's. False with errno. */
bool init_account_give(const struct init_account *account, const char *home);

#endif
