/* service.passes._forecast: the forecaster's pass for Python. service/passes/forecast.py is its
   only caller; docs/decisions/0040-forecasts-in-c.md says why this is C. */

#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <stdlib.h>
#include <string.h>

#include "network.h"

#define CAPSULE "service.passes._forecast"

typedef struct {
    const char *name;
    size_t offset, size;
} Field;

#define FIELD(name) {#name, offsetof(Network, name), sizeof(((Network *)0)->name)}

static const Field FIELDS[] = {
    FIELD(mean_weights), FIELD(discounts), FIELD(per_mass), FIELD(line_mass), FIELD(line_age),
    FIELD(line_spread), FIELD(per_step), FIELD(bonus), FIELD(level_from), FIELD(slope_from),
    FIELD(check_of), FIELD(steps), FIELD(season_edges), FIELD(check_reach), FIELD(anchor_reach),
    FIELD(damped), FIELD(shares), FIELD(paths), FIELD(factors), FIELD(offsets), FIELD(gru_input),
    FIELD(gru_inside), FIELD(gru_input_bias), FIELD(gru_state), FIELD(gru_new_bias), FIELD(row_0),
    FIELD(row_0_bias), FIELD(row_3), FIELD(row_3_bias), FIELD(from_row), FIELD(from_row_bias),
    FIELD(from_tried), FIELD(spread), FIELD(spread_bias), FIELD(out), FIELD(out_bias),
    FIELD(growth), FIELD(widths), FIELD(identity), FIELD(own), FIELD(score), FIELD(score_bias),
    FIELD(by_anchor), FIELD(by_anchor_bias),
};

/* 4 with AVX512, 3 with AVX2, 0 with neither: then the pass must not run. */
static int processor(void) {
    __builtin_cpu_init();
    int v3 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") &&
             __builtin_cpu_supports("bmi") && __builtin_cpu_supports("bmi2");
    int v4 = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
             __builtin_cpu_supports("avx512cd") && __builtin_cpu_supports("avx512dq") &&
             __builtin_cpu_supports("avx512vl");
    return v3 && v4 ? 4 : v3 ? 3 : 0;
}

static void free_network(PyObject *capsule) { free(PyCapsule_GetPointer(capsule, CAPSULE)); }

/* Copy one field from its array; -1 and an exception if it is missing or of another size. */
static int fill(Network *network, const Field *field, PyObject *arrays) {
    PyObject *array = PyMapping_GetItemString(arrays, field->name);
    Py_buffer view;
    if (!array) return -1;
    int failed = PyObject_GetBuffer(array, &view, PyBUF_C_CONTIGUOUS);
    Py_DECREF(array);
    if (failed) return -1;
    if ((size_t)view.len == field->size)
        memcpy((char *)network + field->offset, view.buf, field->size);
    else
        failed = -1, PyErr_Format(PyExc_ValueError, "%s takes %zu bytes, not %zd", field->name,
                                  field->size, view.len);
    PyBuffer_Release(&view);
    return failed;
}

static PyObject *prepare(PyObject *module, PyObject *arrays) {
    Network *network = aligned_alloc(64, (sizeof *network + 63) / 64 * 64);
    if (!network) return PyErr_NoMemory();
    for (size_t i = 0; i < sizeof FIELDS / sizeof *FIELDS; i++)
        if (fill(network, FIELDS + i, arrays)) {
            free(network);
            return NULL;
        }
    PyObject *capsule = PyCapsule_New(network, CAPSULE, free_network);
    if (!capsule) free(network);
    return capsule;
}

/* Whether the arrays hold what a pass reads and writes. */
static int fits(const Py_buffer *views, const Batch *batch) {
    Py_ssize_t n = batch->n_rows;
    const Py_ssize_t sizes[] = {n * batch->n_steps * (Py_ssize_t)sizeof(float),
                                n * (Py_ssize_t)sizeof(int64_t),
                                n * HORIZON * (Py_ssize_t)sizeof(float),
                                n * HORIZON * LEVELS * (Py_ssize_t)sizeof(float),
                                n * (Py_ssize_t)sizeof(int64_t)};
    int same = batch->n_steps > 0;
    for (int i = 0; i < 5; i++) same = same && views[i].len == sizes[i];
    return same;
}

/* Run the pass without the interpreter's lock, in memory of its own. */
static PyObject *compute(const Network *network, const Batch *batch, int level) {
    size_t size = level == 4 ? forecast_memory_v4() : forecast_memory_v3();
    void *memory = aligned_alloc(64, (size + 63) / 64 * 64);
    if (!memory) return PyErr_NoMemory();
    Py_BEGIN_ALLOW_THREADS;
    (level == 4 ? forecast_v4 : forecast_v3)(network, batch, memory);
    free(memory);
    Py_END_ALLOW_THREADS;
    Py_RETURN_NONE;
}

/* forward(network, level, n_rows, n_steps, values, season_length, mean, quantiles, used) */
static PyObject *forward(PyObject *module, PyObject *args) {
    PyObject *capsule, *result = NULL;
    int level;
    Py_buffer views[5] = {};
    Batch batch;
    if (!PyArg_ParseTuple(args, "Oinny*y*w*w*w*", &capsule, &level, &batch.n_rows, &batch.n_steps,
                          &views[0], &views[1], &views[2], &views[3], &views[4]))
        return NULL;
    const Network *network = PyCapsule_GetPointer(capsule, CAPSULE);
    if (network && (level < 3 || level > processor())) {
        PyErr_SetString(PyExc_ValueError, "this processor has not the instructions of that level");
    } else if (network && !fits(views, &batch)) {
        PyErr_SetString(PyExc_ValueError, "the arrays are not of the sizes that a pass needs");
    } else if (network) {
        batch.values = views[0].buf, batch.season_length = views[1].buf;
        batch.mean = views[2].buf, batch.quantiles = views[3].buf, batch.used = views[4].buf;
        result = compute(network, &batch, level);
    }
    for (int i = 0; i < 5; i++) PyBuffer_Release(&views[i]);
    return result;
}

static PyObject *best_level(PyObject *module, PyObject *unused) {
    return PyLong_FromLong(processor());
}

static PyMethodDef METHODS_OF_MODULE[] = {
    {"level", best_level, METH_NOARGS, "The best level that the processor can compute at, or 0."},
    {"prepare", prepare, METH_O, "Hold the arrays of a network as the pass reads them."},
    {"forward", forward, METH_VARARGS, "Forecast a batch into arrays that the caller made."},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef MODULE = {
    PyModuleDef_HEAD_INIT, "_forecast", NULL, -1, METHODS_OF_MODULE, NULL, NULL, NULL, NULL};

PyMODINIT_FUNC PyInit__forecast(void) { return PyModule_Create(&MODULE); }
