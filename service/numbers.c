/* Numbers of a JSON text as float32, without an object for any of them.

   service/fast_numbers.py is the door to this file, and says when it is used. Nothing here refuses
   a body: what is not recognised to the last character is answered with None, and another reader
   decides. docs/decisions/0035-numbers-in-c.md says why this is C. */

#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <math.h>
#include <stdint.h>
#include <string.h>

/* 10 to these powers has no rounding error in a double. */
#define MOST_EXPONENT 22
/* As many digits fit 64 bits. */
#define MOST_DIGITS 19
/* Up to here every whole number is a double. */
#define LARGEST_EXACT (1ULL << 53)

static const double POWERS[MOST_EXPONENT + 1] = {
    1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
    1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};

/* A text is read by a pointer into a bytes object, whose last character is followed by a zero. A
   zero is no part of JSON, so no reader goes beyond it, and none has to look for the end. */
typedef const char *Place;

static inline Place skip_blanks(Place at) {
    while (*at == ' ' || *at == '\n' || *at == '\r' || *at == '\t') at++;
    return at;
}

/* Behind the character and the blanks after it; NULL if another one is there. */
static inline Place skip(Place at, char expected) {
    return at && *at == expected ? skip_blanks(at + 1) : NULL;
}

static inline int is_digit(char character) { return (unsigned char)(character - '0') < 10; }

/* Whether a value that may be off by two steps of a double has the float32 of the true one: not if
   a point halfway between two float32 is as near. */
static int rounds_alike(double value) {
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    uint64_t half = 1ULL << 28, rest = bits & (2 * half - 1);
    return rest + 4 < half || rest > half + 4;
}

/* The exponent behind a number, added to the one that its decimal places make. */
static Place read_exponent(Place at, int *exponent) {
    if ((*at | 32) != 'e') return at;
    at++;
    int negative = *at == '-', given = 0;
    if (*at == '-' || *at == '+') at++;
    if (!is_digit(*at)) return NULL;
    for (; is_digit(*at); at++) {
        given = 10 * given + (*at - '0');
        if (given > 99) return NULL;
    }
    *exponent += negative ? -given : given;
    return at;
}

/* A number of at most 19 digits and of a size between -largest and largest, as the float32 that is
   nearest to the double that is nearest to it. Returns the place behind it, or NULL. */
static Place read_number(Place at, double largest, float *number) {
    int negative = *at == '-', exponent = 0;
    Place first = at += negative;
    uint64_t digits = 0;
    for (; is_digit(*at); at++) digits = 10 * digits + (uint64_t)(*at - '0');
    Py_ssize_t n_digits = at - first;
    if (n_digits == 0 || (n_digits > 1 && *first == '0')) return NULL;
    if (*at == '.') {
        Place point = ++at;
        for (; is_digit(*at); at++) digits = 10 * digits + (uint64_t)(*at - '0');
        if (at == point) return NULL;
        n_digits += at - point;
        exponent = (int)(point - at);
    }
    if (n_digits > MOST_DIGITS || (at = read_exponent(at, &exponent)) == NULL) return NULL;
    if (exponent < -MOST_EXPONENT || exponent > MOST_EXPONENT) return NULL;
    double value = (double)digits;
    value = exponent < 0 ? value / POWERS[-exponent] : value * POWERS[exponent];
    if (value > largest || (negative && digits == 0)) return NULL; /* -0 has a float and an integer */
    if (digits > LARGEST_EXACT && (!rounds_alike(value) || value > 0.999 * largest)) return NULL;
    *number = (float)(negative ? -value : value);
    return at;
}

/* A grey level: nearly always a whole number of up to three digits. */
static inline Place read_grey(Place at, float *grey) {
    if (!is_digit(*at)) return NULL; /* none is negative */
    int level = *at - '0';
    Place next = at + 1;
    if (level && is_digit(*next)) {
        level = 10 * level + (*next++ - '0');
        if (is_digit(*next)) level = 10 * level + (*next++ - '0');
    }
    if (*next == '.' || (*next | 32) == 'e' || is_digit(*next)) return read_number(at, 255.0, grey);
    if (level > 255) return NULL;
    *grey = (float)level;
    return next;
}

/* A list of exactly ``length`` grey levels. */
static Place read_greys(Place at, Py_ssize_t length, float *greys) {
    at = skip(at, '[');
    for (Py_ssize_t i = 0; at && i < length; i++) {
        if (i && !(at = skip(at, ','))) return NULL;
        if ((at = read_grey(at, greys + i))) at = skip_blanks(at);
    }
    return skip(at, ']');
}

/* A grid of ``side`` lists of ``side`` grey levels. */
static Place read_grid(Place at, Py_ssize_t side, float *greys) {
    at = skip(at, '[');
    for (Py_ssize_t i = 0; at && i < side; i++) {
        if (i && !(at = skip(at, ','))) return NULL;
        at = read_greys(at, side, greys + i * side);
    }
    return skip(at, ']');
}

/* The place of the value of the first field of an object, if that is called ``name``. */
static Place first_field(Place at, const char *name) {
    size_t length = strlen(name);
    at = skip(skip_blanks(at), '{');
    if (!at || *at != '"' || strncmp(at + 1, name, length) != 0) return NULL;
    return skip(skip(at + 1 + length, '"'), ':');
}

static Py_ssize_t count(PyObject *body, Place from, char character) {
    Place end = PyBytes_AS_STRING(body) + PyBytes_GET_SIZE(body);
    Py_ssize_t found = 0;
    for (; from < end; from++) found += *from == character;
    return found;
}

/* An array for as many float32, and where they go. */
static PyObject *new_array(Py_ssize_t size, float **numbers) {
    PyObject *array = PyByteArray_FromStringAndSize(NULL, size * (Py_ssize_t)sizeof(float));
    if (array) *numbers = (float *)PyByteArray_AS_STRING(array);
    return array;
}

/* ``made`` with the offset behind it; None if there is no such place, unless memory ran out. */
static PyObject *answer(PyObject *body, PyObject *made, Place behind) {
    if (behind && !PyErr_Occurred()) {
        return Py_BuildValue("Nn", made, (Py_ssize_t)(behind - PyBytes_AS_STRING(body)));
    }
    Py_XDECREF(made);
    if (PyErr_Occurred()) return NULL;
    Py_RETURN_NONE;
}

PyDoc_STRVAR(grids_doc,
"grids(body, name, side)\n--\n\n"
"The list of square grids of grey levels, 0 to 255, in the first field of an object.\n\n"
"Returns (float32 as a bytearray, offset behind the list and blanks), or None.");

static PyObject *grids(PyObject *module, PyObject *arguments) {
    PyObject *body;
    const char *name;
    Py_ssize_t side;
    if (!PyArg_ParseTuple(arguments, "Ssn", &body, &name, &side)) return NULL;
    Place at = skip(first_field(PyBytes_AS_STRING(body), name), '[');
    if (!at || side < 1) Py_RETURN_NONE;
    Py_ssize_t n_grids = count(body, at, '[') / (side + 1);
    /* A level and what follows it take two characters: no more memory than the body has earned. */
    if (n_grids < 1 || n_grids > PyBytes_GET_SIZE(body) / (2 * side * side)) Py_RETURN_NONE;
    float *greys = NULL;
    PyObject *array = new_array(n_grids * side * side, &greys);
    if (!array) return NULL;
    for (Py_ssize_t i = 0; at && i < n_grids; i++) {
        if (i && !(at = skip(at, ','))) break;
        at = read_grid(at, side, greys + i * side * side);
    }
    return answer(body, array, skip(at, ']'));
}

/* A list of numbers and nulls, one at least; ``numbers`` goes on behind them. */
static Place read_list(Place at, double largest, float **numbers, int *gaps) {
    at = skip(at, '[');
    for (int first = 1; at; first = 0) {
        if (!first && *at == ']') return skip(at, ']');
        if (!first && !(at = skip(at, ','))) return NULL;
        if (strncmp(at, "null", 4) == 0) {
            *(*numbers)++ = NAN;
            *gaps = 1;
            at = skip_blanks(at + 4);
        } else if ((at = read_number(at, largest, (*numbers)++))) {
            at = skip_blanks(at);
        }
    }
    return NULL;
}

/* As read_list, and its length goes into ``lengths``; -1: an exception is set. */
static int add_list(Place *at, double largest, float **numbers, int *gaps, PyObject *lengths) {
    float *before = *numbers;
    *at = read_list(*at, largest, numbers, gaps);
    PyObject *length = PyLong_FromSsize_t(*numbers - before);
    int failed = length ? PyList_Append(lengths, length) : -1;
    Py_XDECREF(length);
    return failed;
}

/* Lists one after the other, or one that is not in a list. */
static Place read_lists(Place at, double largest, float **numbers, int *gaps, PyObject *lengths) {
    if (*at != '[') return NULL;
    Place inside = skip_blanks(at + 1);
    if (*inside != '[') {
        return add_list(&at, largest, numbers, gaps, lengths) < 0 ? NULL : at;
    }
    for (at = inside; at; at = skip(at, ',')) {
        if (add_list(&at, largest, numbers, gaps, lengths) < 0) return NULL;
        if (at && *at == ']') return skip(at, ']');
    }
    return NULL;
}

PyDoc_STRVAR(lists_doc,
"lists(body, name, largest)\n--\n\n"
"The lists of numbers in the first field of an object, or the bare one; null is NaN.\n\n"
"Returns ((float32 as a bytearray, lengths, whether any is null), offset behind them and blanks),\n"
"or None, also for a number beyond -largest to largest.");

static PyObject *lists(PyObject *module, PyObject *arguments) {
    PyObject *body;
    const char *name;
    double largest;
    if (!PyArg_ParseTuple(arguments, "Ssd", &body, &name, &largest)) return NULL;
    Place at = first_field(PyBytes_AS_STRING(body), name);
    if (!at) Py_RETURN_NONE;
    int gaps = 0;
    float *numbers = NULL, *end;
    PyObject *lengths = PyList_New(0);
    /* Behind every number but the last one there is a comma. */
    PyObject *array = lengths ? new_array(count(body, at, ',') + 1, &numbers) : NULL;
    if (!array) {
        Py_XDECREF(lengths);
        return NULL;
    }
    end = numbers;
    at = read_lists(at, largest, &end, &gaps, lengths);
    if (at && PyByteArray_Resize(array, (end - numbers) * (Py_ssize_t)sizeof(float)) < 0) at = NULL;
    return answer(body, Py_BuildValue("NNi", array, lengths, gaps), at);
}

static PyMethodDef METHODS[] = {
    {"grids", grids, METH_VARARGS, grids_doc},
    {"lists", lists, METH_VARARGS, lists_doc},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef MODULE = {
    PyModuleDef_HEAD_INIT, "service.numbers", "Numbers of a JSON text as float32.", 0, METHODS,
    NULL, NULL, NULL, NULL,
};

PyMODINIT_FUNC PyInit_numbers(void) { return PyModuleDef_Init(&MODULE); }
