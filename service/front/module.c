/* The front as an object of Python; service/front/front.py is the door to this file. */

#include "front.h"

#include <string.h>
#include <sys/epoll.h>
#include <sys/random.h>
#include <unistd.h>

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
    free(front->arena);
    free(front->borrowers);
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

static int is_refusal(PyObject *given) {
    if (given == Py_None) return 1;
    if (!PyList_Check(given)) return 0;
    for (Py_ssize_t i = 0; i < PyList_GET_SIZE(given); i++)
        if (!PyBytes_Check(PyList_GET_ITEM(given, i))) return 0;
    return 1;
}

PyDoc_STRVAR(admit_doc,
"admit(head, room, refusal)\n--\n\n"
"Let in ``room`` more requests with a head; others are answered with ``refusal``, a list of bytes\n"
"with an id between them. None: all are let in.");

static PyObject *front_admit(PyObject *object, PyObject *arguments) {
    Front *front = (Front *)object;
    int number;
    Py_ssize_t room;
    PyObject *refusal = NULL;
    if (!PyArg_ParseTuple(arguments, "inO", &number, &room, &refusal)) return NULL;
    if (number < 0 || number >= front->n_heads) {
        PyErr_SetString(PyExc_IndexError, "no such head");
        return NULL;
    }
    if (!is_refusal(refusal)) {
        PyErr_SetString(PyExc_TypeError, "a refusal is a list of bytes, or None");
        return NULL;
    }
    front->heads[number].room = room;
    Py_XSETREF(front->heads[number].refusal, refusal == Py_None ? NULL : Py_NewRef(refusal));
    Py_RETURN_NONE;
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
"refused: (told, how many), beyond what was admitted\n"
"strangers: (fd, bytes), sockets that are the caller's again, and what came on them\n"
"gone: handles of those who waited for an answer\n"
"left: what was told of the heads of those who left before their body was there\n"
"lost: how many connections ended since this was asked last");

static PyObject *front_turn(PyObject *object, PyObject *nothing) {
    (void)nothing;
    Front *front = (Front *)object;
    if (begin_turn(front) || serve_sockets(front)) return NULL;
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
"The socket of one who waits and all that came on it, as in ``strangers``; None if nobody does, or if\n"
"it came in an earlier turn.");

static PyObject *front_release(PyObject *object, PyObject *argument) {
    Front *front = (Front *)object;
    unsigned long long handle = PyLong_AsUnsignedLongLong(argument);
    if (PyErr_Occurred()) return NULL;
    Connection *connection = connection_of(front, handle);
    if (!connection || connection->state != WAITING || !connection->data) Py_RETURN_NONE;
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
                drop_data(connection);
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
    if (PyModule_AddIntMacro(module, INTERFACE)) return -1;
    PyObject *type = PyType_FromSpec(&FRONT);
    return type ? PyModule_AddObject(module, "Front", type) : -1;
}

static PyModuleDef_Slot SLOTS[] = {{Py_mod_exec, add_front}, {0, NULL}};

static struct PyModuleDef MODULE = {
    PyModuleDef_HEAD_INIT, "service.front._front", "Sockets, read and written in C.", 0, NULL, SLOTS,
    NULL, NULL, NULL,
};

PyMODINIT_FUNC PyInit__front(void) { return PyModuleDef_Init(&MODULE); }
