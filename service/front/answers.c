/* Answers: one JSON list of items, cut into the answers of those who asked for them. */

#include "front.h"

#include <string.h>

#define ID_DIGITS 16
#define MOST_DIGITS 20

typedef struct {
    const char *at;
    Py_ssize_t size;
} Text;

#define TEXT_OF(literal) {literal, sizeof(literal) - 1}
static const Text LENGTH = TEXT_OF("content-length: ");
static const Text GOING_ON = TEXT_OF("\r\n\r\n"), ENDING = TEXT_OF("\r\nconnection: close\r\n\r\n");

/* xoroshiro128+ of Blackman and Vigna, 2018: ids need to differ, not to be secret. */
static uint64_t next_random(uint64_t state[2]) {
    uint64_t a = state[0], b = state[1], result = a + b;
    b ^= a;
    state[0] = (a << 24 | a >> 40) ^ b ^ (b << 16);
    state[1] = b << 37 | b >> 27;
    return result;
}

/* The comma behind an item of a list, or the bracket; strings may hold either. */
static const char *behind_item(const char *at, const char *end) {
    int depth = 0, quoted = 0;
    for (; at < end; at++) {
        if (quoted) {
            if (*at == '\\') at++;
            else if (*at == '"') quoted = 0;
        } else if (*at == '"') {
            quoted = 1;
        } else if (*at == '{' || *at == '[') {
            depth++;
        } else if (*at == '}' || *at == ']') {
            depth--;
        } else if (*at == ',' && depth == 0) {
            break;
        }
    }
    return at;
}

static char *put(char *at, Text text) { return (char *)memcpy(at, text.at, (size_t)text.size) + text.size; }

/* An id for who gave none. Without printf, which takes as long as half of a system call. */
static Text new_id(Front *front, char digits[ID_DIGITS]) {
    uint64_t number = next_random(front->random);
    for (int i = ID_DIGITS; i-- > 0; number >>= 4) digits[i] = "0123456789abcdef"[number & 15];
    return (Text){digits, ID_DIGITS};
}

static char *put_number(char *at, Py_ssize_t number) {
    char digits[MOST_DIGITS], *first = digits + MOST_DIGITS;
    do *--first = (char)('0' + number % 10);
    while (number /= 10);
    return put(at, (Text){first, digits + MOST_DIGITS - first});
}

/* What all answers to a group share: the head before and behind the id, the body around the items. */
typedef struct {
    Text before, after, opening, closing;
} Frame;

static int send_one(Front *front, Connection *to, const Frame *frame, Text id, Text items) {
    Py_ssize_t body = frame->opening.size + items.size + frame->closing.size;
    Text behind = to->ending ? ENDING : GOING_ON;
    Py_ssize_t most = frame->before.size + id.size + frame->after.size + LENGTH.size + MOST_DIGITS +
                      behind.size + body;
    if (grow((void **)&front->answer, &front->answer_room, (size_t)most, 1)) return -1;
    char *at = put(put(put(front->answer, frame->before), id), frame->after);
    at = put(put_number(put(at, LENGTH), body), behind);
    at = put(put(put(at, frame->opening), items), frame->closing);
    return send_all(front, to, front->answer, (size_t)(at - front->answer));
}

static int text_of(PyObject *ids, Py_ssize_t i, Text *id) {
    PyObject *given = PyList_GetItem(ids, i);
    return given ? PyBytes_AsStringAndSize(given, (char **)&id->at, &id->size) : -1;
}

/* The next ``count`` items; ``at`` moves behind them and their comma. */
static Text take_items(const char **at, const char *end, Py_ssize_t count) {
    if (count < 1) return (Text){*at, 0};
    const char *first = *at, *behind = first;
    for (Py_ssize_t i = 0; i < count; i++) behind = behind_item(i ? behind + 1 : behind, end);
    *at = behind < end ? behind + 1 : end;
    return (Text){first, behind - first};
}

/* Send everybody who still waits what belongs to them; returns to how many. */
PyObject *answer_group(Front *front, PyObject *arguments) {
    PyObject *handles, *counts, *ids;
    Text items;
    Frame frame;
    if (!PyArg_ParseTuple(arguments, "O!O!Oy#y#y#y#y#", &PyList_Type, &handles, &PyList_Type, &counts,
                          &ids, &items.at, &items.size, &frame.before.at, &frame.before.size,
                          &frame.after.at, &frame.after.size, &frame.opening.at,
                          &frame.opening.size, &frame.closing.at, &frame.closing.size))
        return NULL;
    Py_ssize_t n_sent = 0, n = PyList_GET_SIZE(handles);
    if (items.size < 2 || PyList_GET_SIZE(counts) != n) {
        PyErr_SetString(PyExc_ValueError, "a list of items and as many counts as handles are needed");
        return NULL;
    }
    const char *at = items.at + 1, *end = items.at + items.size - 1;
    for (Py_ssize_t i = 0; i < n; i++) {
        uint64_t handle = PyLong_AsUnsignedLongLong(PyList_GET_ITEM(handles, i));
        Py_ssize_t count = PyLong_AsSsize_t(PyList_GET_ITEM(counts, i));
        Text own = n == 1 ? (Text){at, end - at} : take_items(&at, end, count);
        Connection *to = connection_of(front, handle);
        char digits[ID_DIGITS];
        Text id;
        if (PyErr_Occurred()) return NULL;
        if (!to || to->state != WAITING) continue;
        if (ids == Py_None) id = new_id(front, digits);
        else if (text_of(ids, i, &id)) return NULL;
        if (send_one(front, to, &frame, id, own)) return NULL;
        n_sent++;
    }
    return PyLong_FromSsize_t(n_sent);
}

/* Answer with the pieces of a refusal and an id between them. */
int refuse(Front *front, Connection *connection, PyObject *refusal) {
    char digits[ID_DIGITS];
    Text id = new_id(front, digits), piece;
    size_t size = 0;
    for (Py_ssize_t i = 0; i < PyList_GET_SIZE(refusal); i++) {
        if (text_of(refusal, i, &piece)) return -1;
        size_t wanted = size + (size_t)(piece.size + id.size);
        if (grow((void **)&front->answer, &front->answer_room, wanted, 1)) return -1;
        char *at = front->answer + size, *behind = put(i ? put(at, id) : at, piece);
        size = (size_t)(behind - front->answer);
    }
    return send_all(front, connection, front->answer, size);
}
