/* Readers of digits as objects of Python; service/passes/digits.py is the door to this file.

   docs/decisions/0042-digits-in-c.md says why this is C. */

#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include "reader.h"

#ifndef __x86_64__
#error "written for the instructions of x86-64; elsewhere the graph computes"
#endif

typedef struct {
    PyObject_HEAD
    Reader *reader;
    size_t n_classes;
    int n_views;
} ReaderObject;

/* By how many rows each view of an image is moved down; with one view only the first counts. */
static const int MOVES[] = {0, -1, 1};
enum { MOST_VIEWS = sizeof MOVES / sizeof MOVES[0] };

static size_t size_of(size_t n_classes) {
    size_t pitch = (n_classes + BLOCK - 1) / BLOCK * BLOCK;
    return sizeof(Reader) + (1 + FEATURES) * pitch * sizeof(float);
}

static int is_able(void) {
    __builtin_cpu_init();
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
           __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq") &&
           __builtin_cpu_supports("avx512vnni");
}

PyDoc_STRVAR(able_doc, "able()\n--\n\nWhether the processor has the instructions of the pass.");

static PyObject *able(PyObject *module, PyObject *nothing) {
    (void)module, (void)nothing;
    return PyBool_FromLong(is_able());
}

/* Older compilers cannot ask; then a few images in a thousand are off by what a level makes. */
PyDoc_STRVAR(has_tiles_doc,
"has_tiles()\n--\n\nWhether the processor multiplies bytes in tiles (AMX).");

static PyObject *has_tiles(PyObject *module, PyObject *nothing) {
    (void)module, (void)nothing;
#if defined(__clang__) || __GNUC__ < 11
    Py_RETURN_FALSE;
#else
    __builtin_cpu_init();
    return PyBool_FromLong(__builtin_cpu_supports("amx-int8"));
#endif
}

static PyObject *reader_new(PyTypeObject *type, PyObject *arguments, PyObject *keywords) {
    (void)keywords;
    Py_buffer weights;
    Py_ssize_t n_classes;
    int n_views;
    if (!PyArg_ParseTuple(arguments, "y*ni", &weights, &n_classes, &n_views)) return NULL;
    ReaderObject *self = NULL;
    if (!is_able()) {
        PyErr_SetString(PyExc_RuntimeError, "the processor lacks instructions of the pass");
    } else if (n_classes < 1 || n_classes > 65536 ||
               (size_t)weights.len != size_of((size_t)n_classes)) {
        PyErr_SetString(PyExc_ValueError, "the weights are not as many as the classes need");
    } else if (n_views != 1 && n_views != MOST_VIEWS) {
        PyErr_SetString(PyExc_ValueError, "an image has one view or three");
    } else if ((self = (ReaderObject *)type->tp_alloc(type, 0))) {
        self->n_classes = (size_t)n_classes;
        self->n_views = n_views;
        void *memory = NULL;
        if (posix_memalign(&memory, 64, (size_t)weights.len)) {
            Py_CLEAR(self);
            PyErr_NoMemory();
        } else {
            self->reader = memcpy(memory, weights.buf, (size_t)weights.len);
        }
    }
    PyBuffer_Release(&weights);
    return (PyObject *)self;
}

static void reader_dealloc(PyObject *object) {
    PyTypeObject *type = Py_TYPE(object);
    free(((ReaderObject *)object)->reader);
    type->tp_free(object);
    Py_DECREF(type);
}

static void read_view(const ReaderObject *self, const float *image, int moved, float *chances) {
    Responses responses;
    first_layer(self->reader, image, moved, &responses);
    other_layers(self->reader, &responses);
    sweeps(self->reader, &responses);
    head(self->reader, &responses, self->n_classes, chances);
}

/* Every image on its own: what it is answered does not depend on the others. ``of_view`` has room
   for the chances of a view. */
static void read_all(const ReaderObject *self, const float *images, float *chances, size_t count,
                     float *of_view) {
    for (; count--; images += SIDE * SIDE, chances += self->n_classes) {
        read_view(self, images, MOVES[0], chances);
        for (int view = 1; view < self->n_views; view++) {
            read_view(self, images, MOVES[view], of_view);
            for (size_t i = 0; i < self->n_classes; i++) chances[i] += of_view[i];
        }
        for (size_t i = 0; i < self->n_classes; i++) chances[i] /= (float)self->n_views;
    }
}

PyDoc_STRVAR(read_doc,
"read(images, probabilities)\n--\n\n"
"Fill the float32 array of probabilities (B, C) for float32 images (B, 28, 28); lets other threads\n"
"run meanwhile. With three views they are the mean over the image and the same moved up and down by\n"
"a row. Raises ValueError where their sizes do not belong together.");

static PyObject *reader_read(PyObject *object, PyObject *arguments) {
    ReaderObject *self = (ReaderObject *)object;
    Py_buffer images, chances;
    if (!PyArg_ParseTuple(arguments, "y*w*", &images, &chances)) return NULL;
    size_t image_bytes = SIDE * SIDE * sizeof(float), count = (size_t)images.len / image_bytes;
    int fits = (size_t)images.len == count * image_bytes &&
               (size_t)chances.len == count * self->n_classes * sizeof(float);
    float *of_view = PyMem_Malloc(self->n_classes * sizeof(float));
    if (!fits) {
        PyErr_SetString(PyExc_ValueError, "as many rows of probabilities as images are needed");
    } else if (!of_view) {
        PyErr_NoMemory();
    } else {
        Py_BEGIN_ALLOW_THREADS
        read_all(self, images.buf, chances.buf, count, of_view);
        Py_END_ALLOW_THREADS
    }
    PyMem_Free(of_view);
    PyBuffer_Release(&images);
    PyBuffer_Release(&chances);
    if (PyErr_Occurred()) return NULL;
    Py_RETURN_NONE;
}

static PyMethodDef READER_METHODS[] = {
    {"read", reader_read, METH_VARARGS, read_doc},
    {NULL, NULL, 0, NULL},
};

static PyType_Slot READER_SLOTS[] = {
    {Py_tp_doc, "Reader(weights, n_classes, n_views)\n--\n\n"
                "The pass of a digit reader; holds a copy of its weights."},
    {Py_tp_new, reader_new},
    {Py_tp_dealloc, reader_dealloc},
    {Py_tp_methods, READER_METHODS},
    {0, NULL},
};

static PyType_Spec READER = {
    "service.passes._digits.Reader", sizeof(ReaderObject), 0, Py_TPFLAGS_DEFAULT, READER_SLOTS,
};

static int add_reader(PyObject *module) {
    PyObject *type = PyType_FromSpec(&READER);
    return type ? PyModule_AddObject(module, "Reader", type) : -1;
}

static PyMethodDef METHODS[] = {
    {"able", able, METH_NOARGS, able_doc},
    {"has_tiles", has_tiles, METH_NOARGS, has_tiles_doc},
    {NULL, NULL, 0, NULL},
};

static PyModuleDef_Slot SLOTS[] = {{Py_mod_exec, add_reader}, {0, NULL}};

static struct PyModuleDef MODULE = {
    PyModuleDef_HEAD_INIT, "service.passes._digits", "The pass of a digit reader in int8.", 0,
    METHODS, SLOTS, NULL, NULL, NULL,
};

PyMODINIT_FUNC PyInit__digits(void) { return PyModuleDef_Init(&MODULE); }
