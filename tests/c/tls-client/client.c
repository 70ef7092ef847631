// A client over TLS 1.3, with OpenSSL: the same records as over TCP, inside TLS's own.
//
//     cc -I common/include tests/c/tls-client/client.c -o tls-client -lssl -lcrypto
//     ./tls-client HOST PORT CA CERT KEY list | view SHOW | reserve SHOW SEATS
//
// CERT and KEY may be `-`: then the server is not told who asks.

#define _GNU_SOURCE
#include <netdb.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "spectacles.h"

enum { TIMEOUT_S = 5, ARGUMENTS = 7 };

static bool sent;     // whether the server may have the request
static bool answered; // whether any byte of a reply has come

_Noreturn static void fail(const char *what)
{
    unsigned long error = ERR_get_error();
    const char *why = error == 0 ? "no answer" : ERR_reason_error_string(error);
    // A fatal alert before the first reply: the server has refused us, and done nothing.
    bool refused = error != 0 && !answered && strstr(why, "alert") != NULL;
    fprintf(stderr, "client: cannot %s: %s%s\n", what, why == NULL ? "unknown" : why,
            sent && !refused ? ": the outcome is unknown" : ": nothing was done");
    exit(2);
}

static int connect_to(const char *host, const char *port)
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *addresses;
    if (getaddrinfo(host, port, &hints, &addresses) != 0)
        fail("find the server");
    int fd = socket(addresses->ai_family, SOCK_STREAM, 0);
    struct timeval timeout = {.tv_sec = TIMEOUT_S};
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof timeout);
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof timeout);
    if (connect(fd, addresses->ai_addr, addresses->ai_addrlen) == -1)
        fail("connect (is the server running?)");
    freeaddrinfo(addresses);
    return fd;
}

// The handshake: TLS 1.3 only, the server's name and authority checked.
static SSL *open_tls(int fd, char **argv)
{
    SSL_CTX *context = SSL_CTX_new(TLS_client_method());
    if (context == NULL || !SSL_CTX_set_min_proto_version(context, TLS1_3_VERSION))
        fail("use TLS 1.3");
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER, NULL);
    if (!SSL_CTX_load_verify_locations(context, argv[3], NULL))
        fail("read the authority");
    if (strcmp(argv[4], "-") != 0
        && (!SSL_CTX_use_certificate_chain_file(context, argv[4])
            || !SSL_CTX_use_PrivateKey_file(context, argv[5], SSL_FILETYPE_PEM)))
        fail("read the certificate and its key");
    SSL *tls = SSL_new(context);
    X509_VERIFY_PARAM *names = SSL_get0_param(tls);
    if (!X509_VERIFY_PARAM_set1_ip_asc(names, argv[1]) && !SSL_set1_host(tls, argv[1]))
        fail("check the server's name");
    ERR_clear_error(); // A name is no address: that was no error.
    SSL_set_fd(tls, fd);
    if (SSL_connect(tls) != 1)
        fail("agree with the server");
    return tls;
}

static void receive(SSL *tls, void *into, size_t size)
{
    for (size_t got = 0, some; got < size; got += some) {
        if (SSL_read_ex(tls, (char *)into + got, size - got, &some) != 1)
            fail("receive the reply");
        answered = true;
    }
}

static int32_t number(const char *text)
{
    char *end;
    long value = strtol(text, &end, 10);
    if (*text == '\0' || *end != '\0' || value != (int32_t)value)
        exit(2);
    return (int32_t)value;
}

int main(int argc, char **argv)
{
    struct spc_request request = {.client = getpid()};
    memcpy(request.magic, SPC_MAGIC, sizeof request.magic);
    if (argc == ARGUMENTS && strcmp(argv[6], "list") == 0) {
        request.kind = SPC_KIND_LIST;
    } else if (argc == ARGUMENTS + 1 && strcmp(argv[6], "view") == 0) {
        request.kind = SPC_KIND_VIEW;
        request.show = number(argv[7]);
    } else if (argc == ARGUMENTS + 2 && strcmp(argv[6], "reserve") == 0) {
        request.kind = SPC_KIND_RESERVE;
        request.show = number(argv[7]);
        request.seats = number(argv[8]);
    } else {
        fprintf(stderr, "usage: HOST PORT CA CERT KEY list | view SHOW | reserve SHOW SEATS\n");
        return 2;
    }
    if (getrandom(&request.nonce, sizeof request.nonce, 0) != sizeof request.nonce)
        fail("draw a number");
    SSL *tls = open_tls(connect_to(argv[1], argv[2]), argv);
    sent = true;
    size_t written;
    if (SSL_write_ex(tls, &request, sizeof request, &written) != 1)
        fail("send the request");
    struct spc_reply reply;
    const size_t head = SPC_REPLY_SIZE;
    do {
        receive(tls, &reply, head);
        if (memcmp(reply.magic, SPC_MAGIC, sizeof reply.magic) != 0 || reply.count < 0
            || reply.count > SPC_ROWS)
            fail("understand the reply");
        receive(tls, reply.rows, (size_t)reply.count * sizeof reply.rows[0]);
    } while (reply.nonce != request.nonce && reply.nonce != 0);
    SSL_shutdown(tls);
    for (int32_t row = 0; row < reply.count; row++)
        if (reply.rows[row].id != 0)
            printf("%3d  %s: %d seats left\n", (int)reply.rows[row].id, reply.rows[row].title,
                   (int)reply.rows[row].seats);
    if (reply.count == 0)
        printf("status %d, %d seats left\n", (int)reply.status, (int)reply.seats);
    return reply.status == SPC_STATUS_OK ? 0 : 1;
}
