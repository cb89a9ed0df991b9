/* Numbers of a JSON text as float32, and a question about such, as functions of Python.

   service/compiled_json.py is the door to the readers, and says when they are used; service/finite.py is
   the door to the question. What is not recognised to the last character is answered with None, and
   another reader decides. */

#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include "json_numbers.h"

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
    Place text = PyBytes_AS_STRING(body), at = skip(first_field(text, name), '[');
    if (!at || side < 1) Py_RETURN_NONE;
    Place end = text + PyBytes_GET_SIZE(body);
    Py_ssize_t n_grids = count_grids(at, end, side);
    if (n_grids < 1) Py_RETURN_NONE;
    float *greys = NULL;
    PyObject *array = new_array(n_grids * side * side, &greys);
    if (!array) return NULL;
    return answer(body, array, read_grids(at, end, n_grids, side, greys));
}

/* The lengths as a list of whole numbers. */
static PyObject *as_list(const ptrdiff_t *lengths, ptrdiff_t n_lists) {
    PyObject *list = PyList_New(n_lists);
    for (ptrdiff_t i = 0; list && i < n_lists; i++) {
        PyObject *length = PyLong_FromSsize_t(lengths[i]);
        if (!length) Py_CLEAR(list);
        else PyList_SET_ITEM(list, i, length);
    }
    return list;
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
    Place text = PyBytes_AS_STRING(body), end = text + PyBytes_GET_SIZE(body);
    Place at = first_field(text, name);
    if (!at) Py_RETURN_NONE;
    Lists found = {0};
    PyObject *array = new_array(count_of(',', at, end) + 1, &found.numbers);
    found.lengths = PyMem_Calloc((size_t)most_lists(at, end), sizeof *found.lengths);
    if (!array || !found.lengths) {
        PyMem_Free(found.lengths);
        Py_XDECREF(array);
        return PyErr_NoMemory();
    }
    at = read_lists(at, largest, &found);
    ptrdiff_t n_numbers = 0;
    for (ptrdiff_t i = 0; i < found.n_lists; i++) n_numbers += found.lengths[i];
    if (at && PyByteArray_Resize(array, n_numbers * (Py_ssize_t)sizeof(float)) < 0) at = NULL;
    PyObject *lengths = at ? as_list(found.lengths, found.n_lists) : Py_NewRef(Py_None);
    PyMem_Free(found.lengths);
    return answer(body, Py_BuildValue("NNi", array, lengths, found.gaps), at);
}

PyDoc_STRVAR(finite_doc,
"finite(array)\n--\n\n"
"Whether a float32 array without gaps holds neither NaN nor infinity; None for any other object.");

static PyObject *finite_all(PyObject *module, PyObject *array) {
    Py_buffer view;
    if (PyObject_GetBuffer(array, &view, PyBUF_FORMAT | PyBUF_C_CONTIGUOUS) < 0) {
        PyErr_Clear();
        Py_RETURN_NONE;
    }
    int known = view.format && strcmp(view.format, "f") == 0;
    const uint32_t exponent = 0x7f800000, *bits = view.buf;
    uint32_t odd = 0;
    for (Py_ssize_t i = 0; known && i < view.len / (Py_ssize_t)sizeof *bits; i++)
        odd |= (bits[i] & exponent) == exponent;
    PyBuffer_Release(&view);
    return known ? PyBool_FromLong(!odd) : Py_NewRef(Py_None);
}

static PyMethodDef METHODS[] = {
    {"finite", finite_all, METH_O, finite_doc},
    {"grids", grids, METH_VARARGS, grids_doc},
    {"lists", lists, METH_VARARGS, lists_doc},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef MODULE = {
    PyModuleDef_HEAD_INIT, "service.numbers", "Numbers of a JSON text as float32.", 0, METHODS,
    NULL, NULL, NULL, NULL,
};

PyMODINIT_FUNC PyInit_numbers(void) { return PyModuleDef_Init(&MODULE); }
