/* The account of a broker that root starts. */
#include "tools/init_account.h"

#include "base/base.h"

#include <errno.h>
#include <limits.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

void init_account_find(struct init_account *account)
{
    const struct passwd *found = NULL;

    account->name[0] = '\0';
    if (geteuid() == 0) {
        found = getpwnam("wax");
        found = found == NULL ? getpwnam("mosquitto") : found;
    }
    if (found != NULL && strlen(found->pw_name) < sizeof account->name) {
        (void)snprintf(account->name, sizeof account->name, "%s", found->pw_name);
        account->uid = found->pw_uid;
        account->gid = found->pw_gid;
    }
}

static bool may_enter_one(const struct init_account *account, const char *folder)
{
    struct stat about;

    if (stat(folder, &about) != 0) {
        return false;
    }
    return (about.st_uid == account->uid && (about.st_mode & S_IXUSR) != 0) ||
           (about.st_gid == account->gid && (about.st_mode & S_IXGRP) != 0) ||
           (about.st_mode & S_IXOTH) != 0;
}

bool init_account_may_enter(const struct init_account *account, const char *path)
{
    char folder[PATH_MAX];

    for (const char *at = strchr(path + 1, '/'); at != NULL; at = strchr(at + 1, '/')) {
        (void)snprintf(folder, sizeof folder, "%.*s", (int)(at - path), path);
        if (!may_enter_one(account, folder)) {
            return false;
        }
    }
    return true;
}

bool init_account_give(const struct init_account *account, const char *home)
{
    static const struct {
        const char *name;
        mode_t mode;
    } rows[] = {
        {"",               0750},
        {"wax.conf",       0640},
        {"acl",            0640},
        {"passwords",      0640},
        {"pki",            0750},
        {"pki/ca.crt",     0640},
        {"pki/crl.pem",    0640},
        {"pki/server.crt", 0640},
        {"pki/server.key", 0640},
    };

    for (size_t i = 0; i < WAX_COUNT(rows); i++) {
        char path[PATH_MAX];
        (void)snprintf(path, sizeof path, "%s/%s", home, rows[i].name);
        if ((lchown(path, 0, account->gid) != 0 || chmod(path, rows[i].mode) != 0) &&
            errno != ENOENT) {
            return false;
        }
    }
    return true;
}
