/* Sockets, heads and groups of the front. docs/decisions/0044-a-front-in-c.md says why this is C.

   A connection waits for a request, receives it, or waits for the answer to it. One request at a time:
   what comes after it stays in the socket. Whatever is not plain leaves with its socket for uvicorn. */

#ifndef FRONT_H
#define FRONT_H

#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <stddef.h>
#include <stdint.h>

/* What Python and C hand to each other: a change of it is another number, here and in sockets.py. */
#define INTERFACE 1

#define MOST_HEADS 16
#define MOST_BUCKETS 16 /* longer lists than 2 to this power share a pass with nobody */

typedef enum { GRIDS, LISTS, TEXT } Kind;

/* A head that was learned: its bytes before and after the digits of its content-length. */
typedef struct {
    char *before, *after; /* one allocation */
    size_t n_before, n_after;
    uint32_t serial; /* another one for every head that is learned */
    Kind kind;
    char name[16];           /* of the first field of its bodies */
    double bound;            /* side of a grid, or the largest number of a list */
    int32_t rooms[MOST_BUCKETS]; /* rows of a pass, by the bucket of their length */
    Py_ssize_t room;         /* requests that are let in before Python is asked again */
    PyObject *refusal;       /* the answer to others: bytes between which an id belongs, or NULL */
    Py_ssize_t n_refused;    /* in this turn */
    PyObject *told;          /* what Python knows of it */
} Head;

typedef enum { IDLE, RECEIVING, WAITING, FLUSHING } State;

typedef struct {
    int fd; /* -1: the slot is free */
    uint32_t generation;
    State state;
    uint8_t asks;       /* the events that epoll is asked for: EPOLLIN, EPOLLOUT or none */
    uint8_t fresh;      /* nothing was received yet */
    uint8_t lessons;    /* heads that were looked at because none was known */
    uint8_t ending;     /* closed after the answer at hand */
    uint8_t borrowed;   /* the data lies in the arena, until the next turn */
    int head;           /* of the request that is received */
    uint32_t serial;
    char *data;         /* received, with room for a zero behind it */
    size_t size, room;
    size_t body, end;   /* of the request in data; end is 0 while unknown */
    char *rest;         /* of an answer that the socket did not take at once */
    size_t n_rest, sent;
    double since_s;     /* idle or receiving, or when it last took some of an answer */
} Connection;

/* Requests of one turn that are read and asked alike: rows for one pass. */
typedef struct {
    int head;
    PyObject *told, *tail, *numbers, *lengths, *counts, *handles;
    Py_ssize_t n_floats, n_rows, most_rows;
    int bucket; /* of the lengths of all lists; -1: shared with nobody */
    int gaps;
} Group;

typedef struct {
    PyObject_HEAD
    int epoll;
    Connection *connections;
    size_t n_slots, *vacant, n_vacant;
    Head heads[MOST_HEADS];
    int n_heads, next_head;
    uint32_t n_learned;
    PyObject *learn;
    size_t most_bytes;
    /* What a turn brings. */
    Group *groups;
    size_t n_groups, group_room;
    PyObject *texts, *refused, *strangers, *gone, *left;
    Py_ssize_t n_lost;
    /* Connections with a part of the next request behind the one that was answered. */
    uint64_t *again;
    size_t n_again, again_room;
    /* Where requests are received that come in one piece: a hundred of them in the cache, instead of
       each in a place of its own. It begins anew with every turn; who lies in it until then: */
    char *arena;
    size_t arena_used;
    uint64_t *borrowers;
    size_t n_borrowers, borrower_room;
    /* Memory that is used again and again. */
    float *numbers;
    size_t number_room;
    ptrdiff_t *lengths;
    size_t length_room;
    char *answer;
    size_t answer_room;
    uint64_t random[2];
} Front;

double now_s(void);
/* 0, or -1 with an exception. */
int grow(void **memory, size_t *room, size_t wanted, size_t item);

/* connections.c */
Connection *connection_of(Front *front, uint64_t handle);
uint64_t handle_of(const Front *front, const Connection *connection);
int adopt(Front *front, int fd);
int ask_for(Front *front, Connection *connection, uint8_t events);
void forget(Front *front, Connection *connection);
void end(Front *front, Connection *connection);
int receive(Front *front, Connection *connection);
int settle(Front *front, Connection *connection);
void drop_data(Connection *connection);
void clear_arena(Front *front);
int send_all(Front *front, Connection *connection, const char *bytes, size_t size);
int flush(Front *front, Connection *connection);
int release(Front *front, Connection *connection, PyObject *strangers);

/* requests.c */
int teach(Front *front, const Head *head, const char *before, const char *after);
int read_requests(Front *front, Connection *connection);
int note_refused(Front *front, Head *head);
void forget_head(Head *head);

/* groups.c */
int add_to_group(Front *front, int head, uint64_t handle, char *body, size_t size);
PyObject *take_groups(Front *front);
void clear_groups(Front *front);

/* turns.c */
int serve_sockets(Front *front);

/* answers.c */
PyObject *answer_group(Front *front, PyObject *arguments);
int refuse(Front *front, Connection *connection, PyObject *refusal);

#endif
