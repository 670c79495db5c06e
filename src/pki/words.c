/* Certificates in words: names, days, and why one was refused. */
#include "pki/inner.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

/* Copies what a BIO holds as a C string and frees it. */
static wax_status copy_out(BIO *bio, char *room, size_t size)
{
    char *text = NULL;
    long written = BIO_get_mem_data(bio, &text);
    size_t taken = written < 0 ? 0 : (size_t)written;
    wax_status status = taken < size ? WAX_OK : WAX_FULL;

    if (taken >= size) {
        taken = size - 1;
    }
    if (taken > 0) {
        memcpy(room, text, taken);
    }
    room[taken] = '\0';
    BIO_free(bio);
    return status;
}

static wax_status print_name(const X509_NAME *name, char *room, size_t size)
{
    BIO *bio = BIO_new(BIO_s_mem());

    room[0] = '\0';
    if (bio == NULL || X509_NAME_print_ex(bio, name, 0, XN_FLAG_RFC2253) < 0) {
        BIO_free(bio);
        return WAX_FULL;
    }
    return copy_out(bio, room, size);
}

void pki_name(const X509_NAME *name, char *room, size_t size)
{
    (void)print_name(name, room, size);
}

wax_status wax_pki_subject(const X509 *certificate, char *room, size_t size)
{
    return print_name(X509_get_subject_name(certificate), room, size);
}

static bool is_clean(wax_bytes text)
{
    for (size_t i = 0; i < text.size; i++) {
        if (text.data[i] < 0x20 || text.data[i] == 0x7f) {
            return false;
        }
    }
    return wax_utf8_is_valid(text);
}

/* A name with U+0000 in it would be read as another, shorter name by whoever uses C strings. */
wax_status wax_pki_common_name(const X509 *certificate, char *room, size_t size)
{
    const X509_NAME *subject = X509_get_subject_name(certificate);
    int place = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);
    unsigned char *text = NULL;
    wax_status status = WAX_OK;
    int text_size;

    room[0] = '\0';
    if (place < 0) {
        return WAX_NOT_FOUND;
    }
    text_size =
        ASN1_STRING_to_UTF8(&text, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, place)));
    if (text_size <= 0) {
        OPENSSL_free(text);
        return text_size == 0 ? WAX_NOT_FOUND : WAX_UNTRUSTED;
    }
    if (!is_clean(wax_bytes_of(text, (size_t)text_size))) {
        status = WAX_UNTRUSTED;
    } else if ((size_t)text_size >= size) {
        status = WAX_FULL;
    } else {
        memcpy(room, text, (size_t)text_size);
        room[text_size] = '\0';
    }
    OPENSSL_free(text);
    return status;
}

/* Writes one name, printable characters only; "" if it is of a kind that MQTT does not use. */
static void print_host(const GENERAL_NAME *name, char *room, size_t size)
{
    int kind = 0;
    const ASN1_STRING *value = GENERAL_NAME_get0_value(name, &kind);
    const unsigned char *bytes = ASN1_STRING_get0_data(value);
    size_t count = (size_t)ASN1_STRING_length(value);
    size_t i;

    room[0] = '\0';
    if (kind == GEN_IPADD && (count == 4 || count == 16)) {
        (void)inet_ntop(count == 4 ? AF_INET : AF_INET6, bytes, room, (socklen_t)size);
    }
    if (kind == GEN_DNS) {
        for (i = 0; i < count && i < size - 1; i++) {
            bool is_plain = bytes[i] > 0x20 && bytes[i] < 0x7f;
            room[i] = (char)(is_plain ? bytes[i] : '?');
        }
        room[i] = '\0';
    }
}

void wax_pki_hosts(const X509 *certificate, char *room, size_t size)
{
    GENERAL_NAMES *names = X509_get_ext_d2i(certificate, NID_subject_alt_name, NULL, NULL);
    size_t used = 0;

    room[0] = '\0';
    for (int i = 0; i < sk_GENERAL_NAME_num(names); i++) {
        const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, i);
        char host[256];
        int written;

        if (name->type != GEN_DNS && name->type != GEN_IPADD) {
            continue;
        }
        print_host(name, host, sizeof host);
        written = snprintf(room + used, size - used, "%s%s", used > 0 ? ", " : "", host);
        if (written < 0 || (size_t)written >= size - used) {
            break;
        }
        used += (size_t)written;
    }
    GENERAL_NAMES_free(names);
}

int64_t pki_seconds(const ASN1_TIME *time)
{
    struct tm parts;

    if (time == NULL || ASN1_TIME_to_tm(time, &parts) != 1) {
        return 0;
    }
    return (int64_t)timegm(&parts);
}

int64_t wax_pki_not_after(const X509 *certificate)
{
    return pki_seconds(X509_get0_notAfter(certificate));
}

void wax_pki_date(int64_t seconds, char room[static 16])
{
    time_t time = (time_t)seconds;
    struct tm parts;

    room[0] = '\0';
    if (gmtime_r(&time, &parts) == NULL || strftime(room, 16, "%Y-%m-%d", &parts) == 0) {
        room[0] = '\0';
    }
}

/* RFC 5280, 4.1.2.5: two digits for the year before 2050, four from then on; OpenSSL chooses. */
void pki_stamp(int64_t seconds, char room[static 16])
{
    ASN1_TIME *time = ASN1_TIME_set(NULL, (time_t)seconds);

    room[0] = '\0';
    if (time != NULL) {
        (void)snprintf(room, 16, "%.*s", ASN1_STRING_length(time),
                       (const char *)ASN1_STRING_get0_data(time));
    }
    ASN1_TIME_free(time);
}

/* Whether a name is one that nobody reads otherwise than it is compared. */
static bool is_printable(wax_bytes text)
{
    for (size_t i = 0; i < text.size; i++) {
        if (text.data[i] <= 0x20 || text.data[i] >= 0x7f) {
            return false;
        }
    }
    return text.size > 0;
}

wax_status wax_pki_name(const X509 *certificate, size_t number, char *room, size_t size)
{
    GENERAL_NAMES *names = X509_get_ext_d2i(certificate, NID_subject_alt_name, NULL, NULL);
    wax_status status = WAX_NOT_FOUND;

    room[0] = '\0';
    for (int i = 0; i < sk_GENERAL_NAME_num(names) && status == WAX_NOT_FOUND; i++) {
        int kind = 0;
        const ASN1_STRING *value = GENERAL_NAME_get0_value(sk_GENERAL_NAME_value(names, i), &kind);
        wax_bytes text;

        if ((kind != GEN_DNS && kind != GEN_EMAIL && kind != GEN_URI) || number-- > 0) {
            continue;
        }
        text = wax_bytes_of(ASN1_STRING_get0_data(value), (size_t)ASN1_STRING_length(value));
        status = !is_printable(text) ? WAX_UNTRUSTED : text.size >= size ? WAX_FULL : WAX_OK;
        if (status == WAX_OK) {
            memcpy(room, text.data, text.size);
            room[text.size] = '\0';
        }
    }
    GENERAL_NAMES_free(names);
    return status;
}

wax_status wax_pki_key_digest(const X509 *certificate, uint8_t digest[static 32])
{
    uint8_t *encoded = NULL;
    const int size = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(certificate), &encoded);
    wax_status status = WAX_UNSPECIFIED_ERROR;

    if (size > 0 && EVP_Digest(encoded, (size_t)size, digest, NULL, EVP_sha256(), NULL) == 1) {
        status = WAX_OK;
    }
    OPENSSL_free(encoded);
    return status;
}
