/* The front as an object of Python; service/front/front.py is the door to this file. */

#include "front.h"

#include <string.h>
#include <sys/epoll.h>
#include <sys/random.h>
#include <unistd.h>

/* A turn ends when it took so long, or saw so many sockets: others wait as well. */
#define LONGEST_TURN_S 0.002
#define AT_ONCE 32
#define MOST_A_TURN 256

static PyObject *front_new(PyTypeObject *type, PyObject *arguments, PyObject *keywords) {
    (void)keywords;
    PyObject *learn;
    Py_ssize_t most_bytes;
    if (!PyArg_ParseTuple(arguments, "On", &learn, &most_bytes)) return NULL;
    Front *front = (Front *)type->tp_alloc(type, 0);
    if (!front) return NULL;
    front->learn = Py_NewRef(learn);
    front->most_bytes = most_bytes > 0 ? (size_t)most_bytes : 0;
    front->epoll = epoll_create1(EPOLL_CLOEXEC);
    if (front->epoll < 0 || getrandom(front->random, sizeof front->random, 0) < 0) {
        PyErr_SetFromErrno(PyExc_OSError);
        Py_CLEAR(front);
    }
    return (PyObject *)front;
}

static void clear_turn(Front *front) {
    clear_groups(front);
    Py_CLEAR(front->texts);
    Py_CLEAR(front->refused);
    Py_CLEAR(front->strangers);
    Py_CLEAR(front->gone);
    Py_CLEAR(front->left);
}

static void close_all(Front *front) {
    for (size_t slot = 0; slot < front->n_slots; slot++)
        if (front->connections[slot].fd >= 0) end(front, &front->connections[slot]);
    for (int i = 0; i < front->n_heads; i++) forget_head(&front->heads[i]);
    front->n_heads = 0;
    clear_turn(front);
    if (front->epoll >= 0) close(front->epoll);
    front->epoll = -1;
    Py_CLEAR(front->learn);
}

static void front_dealloc(PyObject *object) {
    Front *front = (Front *)object;
    PyTypeObject *type = Py_TYPE(object);
    close_all(front);
    free(front->connections);
    free(front->vacant);
    free(front->groups);
    free(front->again);
    free(front->numbers);
    free(front->lengths);
    free(front->answer);
    type->tp_free(object);
    Py_DECREF(type);
}

PyDoc_STRVAR(fileno_doc, "fileno()\n--\n\nThe descriptor that is readable when a turn is due.");

static PyObject *front_fileno(PyObject *object, PyObject *nothing) {
    (void)nothing;
    return PyLong_FromLong(((Front *)object)->epoll);
}

PyDoc_STRVAR(adopt_doc,
"adopt(fd)\n--\n\nOwn a connected socket that does not block. Raises OSError.");

static PyObject *front_adopt(PyObject *object, PyObject *argument) {
    int fd = (int)PyLong_AsLong(argument);
    if (fd < 0 && PyErr_Occurred()) return NULL;
    if (adopt((Front *)object, fd) < 0) return NULL;
    Py_RETURN_NONE;
}

PyDoc_STRVAR(teach_doc,
"teach(before, after, told, kind, name, bound, rooms)\n--\n\n"
"Know a head by its bytes before and after the digits of its content-length; returns its number.\n"
"A group has at most as many rows as ``rooms`` says for the bucket of their length.\n\n"
"Bodies of kind 0 begin with grids of ``bound`` times ``bound`` grey levels in a field ``name``,\n"
"those of kind 1 with lists of numbers up to ``bound``; those of kind 2 come as they are.");

static PyObject *front_teach(PyObject *object, PyObject *arguments) {
    Head head = {.room = PY_SSIZE_T_MAX};
    const char *before, *after, *name;
    Py_ssize_t n_before, n_after;
    int kind;
    PyObject *rooms;
    if (!PyArg_ParseTuple(arguments, "y#y#OisdO!", &before, &n_before, &after, &n_after, &head.told,
                          &kind, &name, &head.bound, &PyList_Type, &rooms))
        return NULL;
    for (Py_ssize_t i = 0; i < MOST_BUCKETS && i < PyList_GET_SIZE(rooms); i++)
        head.rooms[i] = (int32_t)PyLong_AsLong(PyList_GET_ITEM(rooms, i));
    if (PyErr_Occurred()) return NULL;
    if (kind < GRIDS || kind > TEXT || strlen(name) >= sizeof head.name) {
        PyErr_SetString(PyExc_ValueError, "a kind from 0 to 2 and a short name are needed");
        return NULL;
    }
    strcpy(head.name, name);
    head.kind = (Kind)kind;
    head.n_before = (size_t)n_before;
    head.n_after = (size_t)n_after;
    int number = teach((Front *)object, &head, before, after);
    return number < 0 ? NULL : PyLong_FromLong(number);
}

PyDoc_STRVAR(admit_doc,
"admit(head, room)\n--\n\nLet in ``room`` more requests with a head; the others are refused.");

static PyObject *front_admit(PyObject *object, PyObject *arguments) {
    Front *front = (Front *)object;
    int number;
    Py_ssize_t room;
    if (!PyArg_ParseTuple(arguments, "in", &number, &room)) return NULL;
    if (number < 0 || number >= front->n_heads) {
        PyErr_SetString(PyExc_IndexError, "no such head");
        return NULL;
    }
    front->heads[number].room = room;
    Py_RETURN_NONE;
}

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

static int take(Front *front, Connection *connection) {
    for (;;) {
        int got = receive(front, connection);
        if (got < 0) return PyErr_Occurred() ? -1 : lose(front, connection);
        if (got == 0) return 0;
        int all = connection->size + 1 < connection->room; /* the socket had no more */
        if (read_requests(front, connection)) return -1;
        if (all || connection->fd < 0 || connection->state != RECEIVING) return 0;
    }
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
    front->n_again = 0; /* reading answers nothing, so nothing is added meanwhile */
    for (size_t i = 0; i < n; i++) {
        Connection *connection = connection_of(front, front->again[i]);
        if (connection && connection->state == IDLE && read_requests(front, connection)) return -1;
    }
    return 0;
}

static int serve_ready(Front *front) {
    double end_s = now_s() + LONGEST_TURN_S;
    struct epoll_event events[AT_ONCE];
    for (int seen = 0; seen < MOST_A_TURN; seen += AT_ONCE) {
        int n = epoll_wait(front->epoll, events, AT_ONCE, 0);
        for (int i = 0; i < n; i++) {
            Connection *connection = connection_of(front, events[i].data.u64);
            if (connection && serve(front, connection, events[i].events)) return -1;
        }
        if (n < AT_ONCE || now_s() > end_s) break;
    }
    return 0;
}

static int begin_turn(Front *front) {
    clear_turn(front);
    front->texts = PyList_New(0);
    front->refused = PyList_New(0);
    front->strangers = PyList_New(0);
    front->gone = PyList_New(0);
    front->left = PyList_New(0);
    int all = front->texts && front->refused && front->strangers && front->gone && front->left;
    return all ? 0 : -1;
}

PyDoc_STRVAR(turn_doc,
"turn()\n--\n\n"
"Read what there is. Returns (groups, texts, refused, strangers, gone, left, lost):\n\n"
"groups: (told, text behind the numbers, float32 as a bytearray, lengths, rows of each, handles,\n"
"    whether any number is missing)\n"
"texts: (told, handle, body), bodies that somebody else must read\n"
"refused: (told, handle), beyond what was admitted\n"
"strangers: (fd, bytes), sockets that are the caller's again, and what came on them\n"
"gone: handles of those who waited for an answer\n"
"left: what was told of the heads of those who left before their body was there\n"
"lost: how many connections ended since this was asked last");

static PyObject *front_turn(PyObject *object, PyObject *nothing) {
    (void)nothing;
    Front *front = (Front *)object;
    if (begin_turn(front) || serve_again(front) || serve_ready(front)) return NULL;
    PyObject *groups = take_groups(front);
    if (!groups) return NULL;
    PyObject *turn = Py_BuildValue("NOOOOOn", groups, front->texts, front->refused, front->strangers,
                                   front->gone, front->left, front->n_lost);
    front->n_lost = 0;
    clear_turn(front);
    return turn;
}

PyDoc_STRVAR(answer_doc,
"answer(handles, counts, ids, items, before, after, opening, closing)\n--\n\n"
"Answer those who still wait; returns how many.\n\n"
"``items`` is a JSON list: everybody gets as many of it as ``counts`` says, a lone one all, between\n"
"opening and closing. The head is ``before``, an id (bytes of ``ids``, random if that is None), ``after``, and\n"
"the length.");

static PyObject *front_answer(PyObject *object, PyObject *arguments) {
    return answer_group((Front *)object, arguments);
}

PyDoc_STRVAR(send_doc,
"send(handle, response)\n--\n\nAnswer with a whole response; False if nobody waits for it.");

static PyObject *front_send(PyObject *object, PyObject *arguments) {
    Front *front = (Front *)object;
    unsigned long long handle;
    Py_buffer response;
    if (!PyArg_ParseTuple(arguments, "Ky*", &handle, &response)) return NULL;
    Connection *to = connection_of(front, handle);
    int waits = to && to->state == WAITING;
    int failed = waits && send_all(front, to, response.buf, (size_t)response.len);
    PyBuffer_Release(&response);
    return failed && PyErr_Occurred() ? NULL : PyBool_FromLong(waits);
}

PyDoc_STRVAR(release_doc,
"release(handle)\n--\n\n"
"The socket of one who waits and all that came on it, as in ``strangers``; None if nobody does.");

static PyObject *front_release(PyObject *object, PyObject *argument) {
    Front *front = (Front *)object;
    unsigned long long handle = PyLong_AsUnsignedLongLong(argument);
    if (PyErr_Occurred()) return NULL;
    Connection *connection = connection_of(front, handle);
    if (!connection || connection->state != WAITING) Py_RETURN_NONE;
    PyObject *list = PyList_New(0), *pair = NULL;
    if (list && release(front, connection, list) == 0) pair = Py_NewRef(PyList_GET_ITEM(list, 0));
    Py_XDECREF(list);
    return pair;
}

PyDoc_STRVAR(sweep_doc,
"sweep(first_s, kept_s, slow_s)\n--\n\n"
"Close who said nothing for ``first_s`` after connecting or ``kept_s`` after an answer, or took\n"
"nothing of an answer for ``first_s``; returns those as ``strangers`` whose request takes longer\n"
"than ``slow_s`` to arrive.");

static PyObject *front_sweep(PyObject *object, PyObject *arguments) {
    Front *front = (Front *)object;
    double first_s, kept_s, slow_s, now = now_s();
    if (!PyArg_ParseTuple(arguments, "ddd", &first_s, &kept_s, &slow_s)) return NULL;
    PyObject *strangers = PyList_New(0);
    for (size_t slot = 0; strangers && slot < front->n_slots; slot++) {
        Connection *connection = &front->connections[slot];
        if (connection->fd < 0) continue;
        double since_s = now - connection->since_s;
        if (connection->state == RECEIVING && since_s > slow_s) {
            if (release(front, connection, strangers)) Py_CLEAR(strangers);
        } else if (connection->state == FLUSHING && since_s > first_s) {
            end(front, connection);
        } else if (connection->state == IDLE) {
            if (since_s > (connection->fresh ? first_s : kept_s)) {
                end(front, connection);
            } else if (since_s > slow_s && !connection->size) { /* needs no memory meanwhile */
                free(connection->data);
                connection->data = NULL;
                connection->room = 0;
            }
        }
    }
    return strangers;
}

PyDoc_STRVAR(stop_doc,
"stop()\n--\n\n"
"Close all connections that do not wait for an answer, and the others after it; returns how many\n"
"those are.");

static PyObject *front_stop(PyObject *object, PyObject *nothing) {
    (void)nothing;
    Front *front = (Front *)object;
    Py_ssize_t waiting = 0;
    for (size_t slot = 0; slot < front->n_slots; slot++) {
        Connection *connection = &front->connections[slot];
        if (connection->fd < 0) continue;
        connection->ending = 1;
        if (connection->state == WAITING || connection->state == FLUSHING) waiting++;
        else end(front, connection);
    }
    return PyLong_FromSsize_t(waiting);
}

PyDoc_STRVAR(close_doc,
"close()\n--\n\nClose all connections, whoever waits, and let go of what was told. No turn after it.");

static PyObject *front_close(PyObject *object, PyObject *nothing) {
    (void)nothing;
    close_all((Front *)object);
    Py_RETURN_NONE;
}

PyDoc_STRVAR(due_doc,
"due()\n--\n\nWhether a turn is due that no socket will announce.");

static PyObject *front_due(PyObject *object, PyObject *nothing) {
    (void)nothing;
    Front *front = (Front *)object;
    return PyBool_FromLong(front->n_again > 0 || front->n_lost > 0);
}

static PyMethodDef FRONT_METHODS[] = {
    {"fileno", front_fileno, METH_NOARGS, fileno_doc},
    {"adopt", front_adopt, METH_O, adopt_doc},
    {"teach", front_teach, METH_VARARGS, teach_doc},
    {"admit", front_admit, METH_VARARGS, admit_doc},
    {"turn", front_turn, METH_NOARGS, turn_doc},
    {"due", front_due, METH_NOARGS, due_doc},
    {"answer", front_answer, METH_VARARGS, answer_doc},
    {"send", front_send, METH_VARARGS, send_doc},
    {"release", front_release, METH_O, release_doc},
    {"sweep", front_sweep, METH_VARARGS, sweep_doc},
    {"stop", front_stop, METH_NOARGS, stop_doc},
    {"close", front_close, METH_NOARGS, close_doc},
    {NULL, NULL, 0, NULL},
};

static PyType_Slot FRONT_SLOTS[] = {
    {Py_tp_doc, "Front(learn, most_bytes)\n--\n\nSockets whose plain requests need no parser."},
    {Py_tp_new, front_new},
    {Py_tp_dealloc, front_dealloc},
    {Py_tp_methods, FRONT_METHODS},
    {0, NULL},
};

static PyType_Spec FRONT = {
    "service.front._front.Front", sizeof(Front), 0, Py_TPFLAGS_DEFAULT, FRONT_SLOTS,
};

static int add_front(PyObject *module) {
    PyObject *type = PyType_FromSpec(&FRONT);
    return type ? PyModule_AddObject(module, "Front", type) : -1;
}

static PyModuleDef_Slot SLOTS[] = {{Py_mod_exec, add_front}, {0, NULL}};

static struct PyModuleDef MODULE = {
    PyModuleDef_HEAD_INIT, "service.front._front", "Sockets, read and written in C.", 0, NULL, SLOTS,
    NULL, NULL, NULL,
};

PyMODINIT_FUNC PyInit__front(void) { return PyModuleDef_Init(&MODULE); }
