// Message queues: the request goes into one, the reply comes from the other, with our PID as type.

#define _GNU_SOURCE
#include <sys/msg.h>

#include "client.h"

// What msgsnd(2) and msgrcv(2) move: a type, then the bytes of the protocol.
struct request_message { long mtype; struct spc_request request; };
struct reply_message { long mtype; struct spc_reply reply; };

static int find_queue(int project)
{
    key_t key = ftok(SPC_KEY_FILE, project);
    int id = key == -1 ? -1 : msgget(key, 0);
    if (id == -1)
        fail("open a message queue (is the server running?)");
    return id;
}

void ask_queues(void)
{
    int requests = find_queue(SPC_REQUEST_QUEUE), replies = find_queue(SPC_REPLY_QUEUE);
    struct request_message question = {SPC_TYPE_CONSULT, request};
    struct reply_message answer = {0};
    ssize_t size;
    if (request.kind == SPC_KIND_RESERVE)
        question.mtype = SPC_TYPE_RESERVE;
    // What waits under our type was meant for an earlier process with our PID.
    while (msgrcv(replies, &answer, SPC_REPLY_MAX, request.client, IPC_NOWAIT | MSG_NOERROR) >= 0)
        continue;
    while (msgsnd(requests, &question, SPC_REQUEST_SIZE, 0) == -1)
        if (!again())
            fail("send the request");
    sent = true;
    do {
        size = msgrcv(replies, &answer, SPC_REPLY_MAX, request.client, MSG_NOERROR);
        if (size == -1 && !again())
            fail("receive the reply");
        reply = answer.reply;
    } while (size < SPC_REPLY_SIZE || reply.count < 0 || reply.count > SPC_ROWS ||
             (size_t)size != SPC_REPLY_SIZE + (size_t)reply.count * sizeof reply.rows[0] ||
             !is_ours());
}
