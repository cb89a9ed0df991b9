/* Sockets: taken, read, written, and let go. */

#include "front.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

/* Memory of its own that a connection has while it is not known how long its request is. */
#define FIRST_ROOM 16384
#define ARENA_SIZE (1 << 20)
/* As much of the arena may be received into at once: a request with some dozen images comes in one piece. */
#define MOST_BORROWED (1 << 18)

double now_s(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

int grow(void **memory, size_t *room, size_t wanted, size_t item) {
    if (wanted <= *room) return 0;
    size_t larger = wanted + wanted / 2;
    void *grown = realloc(*memory, larger * item);
    if (!grown) {
        PyErr_NoMemory();
        return -1;
    }
    *memory = grown;
    *room = larger;
    return 0;
}

uint64_t handle_of(const Front *front, const Connection *connection) {
    return (uint64_t)connection->generation << 32 | (uint64_t)(connection - front->connections);
}

Connection *connection_of(Front *front, uint64_t handle) {
    size_t slot = handle & UINT32_MAX;
    if (slot >= front->n_slots) return NULL;
    Connection *found = &front->connections[slot];
    return found->fd >= 0 && found->generation == handle >> 32 ? found : NULL;
}

/* A free slot, or -1 with an exception. */
static Py_ssize_t free_slot(Front *front) {
    if (!front->n_vacant) {
        size_t room = front->n_slots, more = room ? 2 * room : 64;
        Connection *larger = realloc(front->connections, more * sizeof *larger);
        if (larger) front->connections = larger;
        size_t *vacant = larger ? realloc(front->vacant, more * sizeof *vacant) : NULL;
        if (!vacant) {
            PyErr_NoMemory();
            return -1;
        }
        front->vacant = vacant;
        memset(larger + room, 0, (more - room) * sizeof *larger);
        for (size_t slot = more; slot-- > room;) {
            larger[slot].fd = -1;
            vacant[front->n_vacant++] = slot;
        }
        front->n_slots = more;
    }
    return (Py_ssize_t)front->vacant[--front->n_vacant];
}

int adopt(Front *front, int fd) {
    Py_ssize_t slot = free_slot(front);
    if (slot < 0) return -1;
    Connection *connection = &front->connections[slot];
    uint32_t generation = connection->generation + 1;
    *connection = (Connection){.fd = fd, .generation = generation, .fresh = 1, .since_s = now_s()};
    connection->asks = EPOLLIN;
    int at_once = 1; /* small answers do not wait for company; other sockets than TCP have no such wait */
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &at_once, sizeof at_once);
    struct epoll_event event = {.events = EPOLLIN | EPOLLRDHUP};
    event.data.u64 = handle_of(front, connection);
    if (epoll_ctl(front->epoll, EPOLL_CTL_ADD, fd, &event) == 0) return 0;
    PyErr_SetFromErrno(PyExc_OSError);
    connection->fd = -1;
    front->vacant[front->n_vacant++] = (size_t)slot;
    return -1;
}

/* Ask epoll for EPOLLIN, EPOLLOUT or nothing, besides the end of the connection. */
int ask_for(Front *front, Connection *connection, uint8_t events) {
    if (connection->asks == events) return 0;
    struct epoll_event event = {.events = events | EPOLLRDHUP};
    event.data.u64 = handle_of(front, connection);
    connection->asks = events;
    return epoll_ctl(front->epoll, EPOLL_CTL_MOD, connection->fd, &event);
}

void drop_data(Connection *connection) {
    if (!connection->borrowed) free(connection->data);
    connection->data = NULL;
    connection->room = 0;
    connection->borrowed = 0;
}

/* Let go of a slot, but not of its socket. */
void forget(Front *front, Connection *connection) {
    drop_data(connection);
    free(connection->rest);
    connection->rest = NULL;
    connection->fd = -1;
    front->vacant[front->n_vacant++] = (size_t)(connection - front->connections);
}

void end(Front *front, Connection *connection) {
    close(connection->fd);
    forget(front, connection);
    front->n_lost++;
}

/* Memory of its own. */
static int own(Connection *connection, size_t room) {
    char *data = realloc(connection->borrowed ? NULL : connection->data, room);
    if (!data) {
        PyErr_NoMemory();
        return -1;
    }
    if (connection->borrowed) memcpy(data, connection->data, connection->size);
    connection->data = data;
    connection->room = room;
    connection->borrowed = 0;
    return 0;
}

static int borrow(Front *front, Connection *connection) {
    if (!front->arena) front->arena = malloc(ARENA_SIZE);
    size_t left = ARENA_SIZE - front->arena_used;
    if (!front->arena || left < FIRST_ROOM) return 0;
    connection->data = front->arena + front->arena_used;
    connection->room = left < MOST_BORROWED ? left : MOST_BORROWED;
    return connection->borrowed = 1;
}

/* Room for the whole request if its end is known; else for more than there is. */
static size_t wanted_room(const Connection *connection) {
    size_t wanted = connection->end > connection->size ? connection->end + 1 : connection->size + 2;
    return wanted < FIRST_ROOM ? FIRST_ROOM : wanted;
}

static int make_room(Front *front, Connection *connection) {
    if (!connection->data && borrow(front, connection)) return 0;
    size_t wanted = wanted_room(connection);
    if (wanted <= connection->room) return 0;
    if (!connection->end && wanted < 2 * connection->room) wanted = 2 * connection->room;
    return own(connection, wanted);
}

/* A whole request stays in the arena until the next turn; a part of one, or more than one, must not.
   0, or -1 with an exception. */
int settle(Front *front, Connection *connection) {
    if (!connection->borrowed) return 0;
    if (!connection->size) {
        drop_data(connection);
        return 0;
    }
    if (connection->state != WAITING || connection->size != connection->end)
        return own(connection, wanted_room(connection));
    size_t n = front->n_borrowers + 1;
    if (grow((void **)&front->borrowers, &front->borrower_room, n, sizeof(uint64_t))) return -1;
    front->borrowers[front->n_borrowers++] = handle_of(front, connection);
    front->arena_used += connection->size + 1; /* readers put a zero behind it */
    return 0;
}

/* What lies in the arena is not needed any more. */
void clear_arena(Front *front) {
    for (size_t i = 0; i < front->n_borrowers; i++) {
        Connection *connection = connection_of(front, front->borrowers[i]);
        if (connection && connection->borrowed) drop_data(connection);
    }
    front->n_borrowers = front->arena_used = 0;
}

/* Receive what there is, up to the end of a request. 1: something came; 0: nothing yet; -1: the
   connection is at its end, or there is an exception. */
int receive(Front *front, Connection *connection) {
    if (make_room(front, connection) < 0) return -1;
    size_t most = connection->room - connection->size - 1;
    ssize_t got = recv(connection->fd, connection->data + connection->size, most, 0);
    if (got <= 0) return got < 0 && (errno == EAGAIN || errno == EINTR) ? 0 : -1;
    connection->size += (size_t)got;
    return 1;
}

/* The request at hand is answered: what came after it moves to the front. */
static int finish(Front *front, Connection *connection) {
    if (connection->ending) {
        end(front, connection);
        return 0;
    }
    connection->size -= connection->end;
    if (connection->size) {
        memmove(connection->data, connection->data + connection->end, connection->size);
        if (grow((void **)&front->again, &front->again_room, front->n_again + 1, sizeof(uint64_t)))
            return -1;
        front->again[front->n_again++] = handle_of(front, connection);
    }
    connection->body = connection->end = 0;
    connection->state = IDLE;
    connection->since_s = now_s();
    ask_for(front, connection, EPOLLIN);
    return 0;
}

/* Keep what the socket did not take, until it takes more. */
static int keep_rest(Front *front, Connection *connection, const char *bytes, size_t size) {
    connection->rest = malloc(size);
    if (!connection->rest) {
        PyErr_NoMemory();
        return -1;
    }
    memcpy(connection->rest, bytes, size);
    connection->n_rest = size;
    connection->sent = 0;
    connection->state = FLUSHING;
    connection->since_s = now_s();
    ask_for(front, connection, EPOLLOUT);
    return 0;
}

/* Send the whole answer to the request at hand. */
int send_all(Front *front, Connection *connection, const char *bytes, size_t size) {
    ssize_t sent = send(connection->fd, bytes, size, MSG_NOSIGNAL);
    if (sent < 0 && errno != EAGAIN && errno != EINTR) {
        end(front, connection);
        return 0;
    }
    size_t done = sent < 0 ? 0 : (size_t)sent;
    return done < size ? keep_rest(front, connection, bytes + done, size - done)
                       : finish(front, connection);
}

/* More of an answer that was too long for the socket. */
int flush(Front *front, Connection *connection) {
    size_t left = connection->n_rest - connection->sent;
    ssize_t sent = send(connection->fd, connection->rest + connection->sent, left, MSG_NOSIGNAL);
    if (sent < 0) {
        if (errno != EAGAIN && errno != EINTR) end(front, connection);
        return 0;
    }
    connection->sent += (size_t)sent;
    connection->since_s = now_s();
    if ((size_t)sent < left) return 0;
    free(connection->rest);
    connection->rest = NULL;
    return finish(front, connection);
}

/* Give the socket and all that came on it to somebody else. */
int release(Front *front, Connection *connection, PyObject *strangers) {
    epoll_ctl(front->epoll, EPOLL_CTL_DEL, connection->fd, NULL);
    PyObject *pair = Py_BuildValue("iy#", connection->fd, connection->data ? connection->data : "",
                                   (Py_ssize_t)connection->size);
    int failed = pair ? PyList_Append(strangers, pair) : -1;
    Py_XDECREF(pair);
    if (failed) end(front, connection);
    else forget(front, connection);
    return failed;
}
