/* A turn: whatever the sockets have, read and sorted. */

#include "front.h"

#include <sys/epoll.h>

/* A turn ends when it took so long, or saw so many sockets: others wait as well. */
#define LONGEST_TURN_S 0.002
#define AT_ONCE 32
#define MOST_A_TURN 256
/* But while most of them are refused it goes on: who is refused shall not wait for those who are let
   in, and what waits in sockets would have to be refused later, all the same. */
#define LONGEST_REFUSING_S 0.01

/* The client is gone; who computes for it shall know, and who counts requests. */
static int lose(Front *front, Connection *connection) {
    int failed = 0;
    const Head *head = &front->heads[connection->head];
    if (connection->state == RECEIVING && connection->end && head->serial == connection->serial) {
        failed = PyList_Append(front->left, head->told);
    } else if (connection->state == WAITING) {
        PyObject *handle = PyLong_FromUnsignedLongLong(handle_of(front, connection));
        failed = handle ? PyList_Append(front->gone, handle) : -1;
        Py_XDECREF(handle);
    }
    end(front, connection);
    return failed;
}

static int take_all(Front *front, Connection *connection) {
    for (;;) {
        int got = receive(front, connection);
        if (got < 0) return PyErr_Occurred() ? -1 : lose(front, connection);
        if (got == 0) return 0;
        int all = connection->size + 1 < connection->room; /* the socket had no more */
        if (read_requests(front, connection)) return -1;
        if (all || connection->fd < 0 || connection->state != RECEIVING) return 0;
    }
}

static int take(Front *front, Connection *connection) {
    return take_all(front, connection) || settle(front, connection) ? -1 : 0;
}

static int serve(Front *front, Connection *connection, uint32_t events) {
    if (events & (EPOLLERR | EPOLLHUP)) return lose(front, connection);
    if (connection->state == IDLE || connection->state == RECEIVING) return take(front, connection);
    if (events & EPOLLRDHUP) return lose(front, connection);
    if (connection->state == FLUSHING) return events & EPOLLOUT ? flush(front, connection) : 0;
    ask_for(front, connection, 0); /* the next request waits in the socket */
    return 0;
}

/* What came behind the requests that were answered since the last turn. */
static int serve_again(Front *front) {
    size_t n = front->n_again;
    front->n_again = 0; /* each that is read adds itself at most, in a place that was read already */
    for (size_t i = 0; i < n; i++) {
        Connection *connection = connection_of(front, front->again[i]);
        if (connection && connection->state == IDLE && read_requests(front, connection)) return -1;
    }
    return 0;
}

static Py_ssize_t refused_so_far(const Front *front) {
    Py_ssize_t refused = 0;
    for (int i = 0; i < front->n_heads; i++) refused += front->heads[i].n_refused;
    return refused;
}

static int serve_ready(Front *front) {
    double begun_s = now_s();
    struct epoll_event events[AT_ONCE];
    /* While requests are read others arrive: the larger a group, the less each of them costs. */
    for (Py_ssize_t let_in = 0; let_in < MOST_A_TURN;) {
        Py_ssize_t refused = refused_so_far(front);
        int n = epoll_wait(front->epoll, events, AT_ONCE, 0);
        for (int i = 0; i < n; i++) {
            Connection *connection = connection_of(front, events[i].data.u64);
            if (connection && serve(front, connection, events[i].events)) return -1;
        }
        refused = refused_so_far(front) - refused;
        let_in += n - refused;
        double longest_s = 2 * refused > n ? LONGEST_REFUSING_S : LONGEST_TURN_S;
        if (n == 0 || now_s() - begun_s > longest_s) break;
    }
    return 0;
}

int serve_sockets(Front *front) {
    clear_arena(front);
    if (serve_again(front) || serve_ready(front)) return -1;
    for (int i = 0; i < front->n_heads; i++)
        if (note_refused(front, &front->heads[i])) return -1;
    return 0;
}
