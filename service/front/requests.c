/* Requests: recognised by their head, received to their end, let in or refused. */

#define _GNU_SOURCE /* memmem */
#include "front.h"

#include <string.h>

/* A longer head, or one of so many unknown ones on a connection, is for the parser. */
#define LONGEST_HEAD 16384
#define MOST_LESSONS 8
#define MOST_DIGITS 9

typedef enum { OTHER, PARTLY, KNOWN } Match;

void forget_head(Head *head) {
    free(head->before);
    Py_CLEAR(head->told);
    Py_CLEAR(head->refusal);
    head->before = NULL;
}

/* Tell how many were refused since this was told last. */
int note_refused(Front *front, Head *head) {
    if (!head->n_refused) return 0;
    PyObject *pair = Py_BuildValue("On", head->told, head->n_refused);
    int failed = pair ? PyList_Append(front->refused, pair) : -1;
    Py_XDECREF(pair);
    head->n_refused = 0;
    return failed;
}

/* Remember a head, in the place of the oldest one if there are many; returns its number or -1. */
int teach(Front *front, const Head *head, const char *before, const char *after) {
    char *bytes = malloc(head->n_before + head->n_after);
    if (!bytes) {
        PyErr_NoMemory();
        return -1;
    }
    int number = front->next_head;
    Head *place = &front->heads[number];
    if (note_refused(front, place)) {
        free(bytes);
        return -1;
    }
    forget_head(place);
    *place = *head;
    place->before = memcpy(bytes, before, head->n_before);
    place->after = memcpy(bytes + head->n_before, after, head->n_after);
    place->serial = ++front->n_learned;
    Py_INCREF(place->told);
    front->next_head = (number + 1) % MOST_HEADS;
    if (front->n_heads <= number) front->n_heads = number + 1;
    return number;
}

static Match match(const Head *head, const char *data, size_t size, size_t *body, size_t *length) {
    size_t common = size < head->n_before ? size : head->n_before;
    if (memcmp(data, head->before, common) != 0) return OTHER;
    size_t at = head->n_before, digits = 0, number = 0;
    for (; at + digits < size && digits <= MOST_DIGITS; digits++) {
        unsigned digit = (unsigned char)data[at + digits] - (unsigned)'0';
        if (digit > 9) break;
        number = 10 * number + digit;
    }
    if (digits > MOST_DIGITS) return OTHER;
    at += digits;
    if (at >= size) return PARTLY;
    common = size - at < head->n_after ? size - at : head->n_after;
    if (!digits || memcmp(data + at, head->after, common) != 0) return OTHER;
    if (common < head->n_after) return PARTLY;
    *body = at + head->n_after;
    *length = number;
    return KNOWN;
}

/* Find the head of the request that begins in the data of a connection. */
static Match recognise(Front *front, Connection *connection) {
    Match best = OTHER;
    size_t body = 0, length = 0;
    for (int i = 0; i < front->n_heads; i++) {
        int number = (connection->head + i) % front->n_heads; /* the one of before comes first */
        Match found = match(&front->heads[number], connection->data, connection->size, &body, &length);
        if (found == KNOWN) {
            connection->head = number;
            connection->serial = front->heads[number].serial;
            connection->body = body;
            connection->end = body + length;
            return length > 0 && length <= front->most_bytes ? KNOWN : OTHER;
        }
        if (found == PARTLY) best = PARTLY;
    }
    return best;
}

/* Whether Python learned the head that the data begins with, so that it is known now. It may teach
   meanwhile, but not adopt: connections would move in memory. */
static int is_learned(Front *front, const Connection *connection, size_t size) {
    PyObject *found = PyObject_CallFunction(front->learn, "y#", connection->data, (Py_ssize_t)size);
    if (!found) PyErr_WriteUnraisable(front->learn);
    int learned = found == Py_True;
    Py_XDECREF(found);
    return learned;
}

/* 1: the head is known now; 0: more of it must come; -1: the parser shall read this. */
static int begin(Front *front, Connection *connection) {
    Match found = recognise(front, connection);
    if (found != OTHER) return found == KNOWN;
    if (connection->end) return -1; /* too long */
    const char *data = connection->data;
    size_t common = connection->size < 5 ? connection->size : 5;
    if (memcmp(data, "POST ", common) != 0 || connection->lessons >= MOST_LESSONS) return -1;
    const char *blank = memmem(data, connection->size, "\r\n\r\n", 4);
    if (!blank) return connection->size > LONGEST_HEAD ? -1 : 0;
    connection->lessons++;
    if (!is_learned(front, connection, (size_t)(blank + 4 - data))) return -1;
    return recognise(front, connection) == KNOWN ? 1 : -1;
}

static int append(PyObject *list, PyObject *item) {
    int failed = item ? PyList_Append(list, item) : -1;
    Py_XDECREF(item);
    return failed;
}

/* The whole request is there: into a group, or refused. */
static int complete(Front *front, Connection *connection) {
    Head *head = &front->heads[connection->head];
    if (head->serial != connection->serial) return release(front, connection, front->strangers);
    uint64_t handle = handle_of(front, connection);
    connection->state = WAITING;
    if (head->room <= 0 && head->refusal) {
        head->n_refused++;
        return refuse(front, connection, head->refusal);
    }
    head->room--;
    char *body = connection->data + connection->body, behind = connection->data[connection->end];
    size_t size = connection->end - connection->body;
    connection->data[connection->end] = 0; /* where readers of numbers stop */
    int added = head->kind == TEXT ? 0 : add_to_group(front, connection->head, handle, body, size);
    connection->data[connection->end] = behind;
    if (added) return added < 0 ? -1 : 0;
    return append(front->texts, Py_BuildValue("OKy#", head->told, (unsigned long long)handle, body,
                                              (Py_ssize_t)size));
}

/* Go on with what was received. 0, or -1 with an exception. */
int read_requests(Front *front, Connection *connection) {
    if (!connection->size) return 0;
    connection->fresh = 0;
    if (!connection->end) {
        int begun = begin(front, connection);
        if (begun < 0) return release(front, connection, front->strangers);
    }
    if (connection->end && connection->size >= connection->end) return complete(front, connection);
    if (connection->state == IDLE) {
        connection->state = RECEIVING;
        connection->since_s = now_s();
    }
    return 0;
}
