/* Groups: requests of one turn whose rows may share a pass, read into one buffer. */

#include "front.h"

#include <string.h>

#include "../json_numbers.h"

/* Rows of up to this length share a pass, and beyond it those up to the same power of two: as
   service/rows.py has it. */
#define SHORT_BITS 6
/* So many images have a buffer of their own that becomes that of their group: to copy them takes longer. */
#define MANY_GRIDS 8

static int bucket_of(ptrdiff_t length) {
    int bits = 0;
    for (ptrdiff_t rest = length - 1; rest > 0; rest >>= 1) bits++;
    return bits < SHORT_BITS ? SHORT_BITS : bits;
}

/* What was read of one body. */
typedef struct {
    Place behind; /* NULL if it is not plain */
    size_t n_floats;
    Py_ssize_t n_rows;
    Lists lists;
    int bucket;
    PyObject *numbers; /* a bytearray, or NULL while they are in the memory that all bodies share */
} Found;

static float *numbers_of(const Front *front, const Found *found) {
    return found->numbers ? (float *)PyByteArray_AS_STRING(found->numbers) : front->numbers;
}

static int find_grids(Front *front, const Head *head, Place text, Place end, Found *found) {
    ptrdiff_t side = (ptrdiff_t)head->bound;
    Place at = skip(first_field(text, head->name), '[');
    ptrdiff_t n_grids = at ? count_grids(at, end, side) : 0;
    if (n_grids < 1) return 0;
    found->n_floats = (size_t)(n_grids * side * side);
    size_t size = found->n_floats * sizeof(float);
    if (n_grids < MANY_GRIDS) {
        if (grow((void **)&front->numbers, &front->number_room, found->n_floats, sizeof(float))) return -1;
    } else if (!(found->numbers = PyByteArray_FromStringAndSize(NULL, (Py_ssize_t)size))) {
        return -1;
    }
    found->behind = read_grids(at, end, n_grids, side, numbers_of(front, found));
    found->n_rows = n_grids;
    return 0;
}

static int find_lists(Front *front, const Head *head, Place text, Place end, Found *found) {
    Place at = first_field(text, head->name);
    if (!at) return 0;
    size_t n_numbers = (size_t)count_of(',', at, end) + 1, n_lists = (size_t)most_lists(at, end);
    if (grow((void **)&front->numbers, &front->number_room, n_numbers, sizeof(float)) ||
        grow((void **)&front->lengths, &front->length_room, n_lists, sizeof(ptrdiff_t)))
        return -1;
    Lists *lists = &found->lists;
    *lists = (Lists){.numbers = front->numbers, .lengths = front->lengths};
    found->behind = read_lists(at, head->bound, lists);
    if (!found->behind) return 0;
    found->n_rows = lists->n_lists;
    found->bucket = bucket_of(lists->lengths[0]);
    if (found->bucket >= MOST_BUCKETS) found->bucket = -1;
    for (ptrdiff_t i = 0; i < lists->n_lists; i++) {
        found->n_floats += (size_t)lists->lengths[i];
        if (bucket_of(lists->lengths[i]) != found->bucket) found->bucket = -1;
    }
    if (lists->gaps) found->bucket = -1; /* it may turn out that nothing is known of a list */
    return 0;
}

static int is_tail(const Group *group, Place tail, size_t size) {
    return (size_t)PyBytes_GET_SIZE(group->tail) == size &&
           memcmp(PyBytes_AS_STRING(group->tail), tail, size) == 0;
}

/* The group that these rows may join; NULL if there is none. */
static Group *joinable(Front *front, int head, const Found *found, size_t n_tail) {
    if (found->bucket < 0) return NULL;
    for (size_t i = front->n_groups; i-- > 0;) {
        Group *group = &front->groups[i];
        if (group->head == head && group->told == front->heads[head].told &&
            group->bucket == found->bucket &&
            group->n_rows + found->n_rows <= group->most_rows &&
            is_tail(group, found->behind, n_tail))
            return group;
    }
    return NULL;
}

static Group *new_group(Front *front, int number, const Found *found, size_t n_tail) {
    if (grow((void **)&front->groups, &front->group_room, front->n_groups + 1, sizeof(Group)))
        return NULL;
    const Head *head = &front->heads[number];
    Group *group = &front->groups[front->n_groups];
    *group = (Group){.head = number, .bucket = found->bucket};
    group->most_rows = found->bucket < 0 ? 0 : head->rooms[found->bucket];
    group->told = Py_NewRef(head->told);
    group->tail = PyBytes_FromStringAndSize(found->behind, (Py_ssize_t)n_tail);
    group->numbers = found->numbers ? Py_NewRef(found->numbers) : PyByteArray_FromStringAndSize(NULL, 0);
    group->lengths = PyList_New(0);
    group->counts = PyList_New(0);
    group->handles = PyList_New(0);
    front->n_groups++; /* clear_groups lets go of it, whatever is missing */
    int whole = group->tail && group->numbers && group->lengths && group->counts && group->handles;
    return whole ? group : NULL;
}

static int add_number(PyObject *list, unsigned long long number) {
    PyObject *object = PyLong_FromUnsignedLongLong(number);
    int failed = object ? PyList_Append(list, object) : -1;
    Py_XDECREF(object);
    return failed;
}

/* Twice as much room whenever there is none: take_groups takes back what is not needed. */
static int make_room(Group *group, size_t size) {
    size_t room = (size_t)PyByteArray_GET_SIZE(group->numbers);
    if (size <= room) return 0;
    return PyByteArray_Resize(group->numbers, (Py_ssize_t)(size > 2 * room ? size : 2 * room));
}

static int join(Front *front, Group *group, const Found *found, uint64_t handle) {
    size_t before = (size_t)group->n_floats * sizeof(float), more = found->n_floats * sizeof(float);
    if (make_room(group, before + more) < 0) return -1;
    if (group->numbers != found->numbers)
        memcpy(PyByteArray_AS_STRING(group->numbers) + before, numbers_of(front, found), more);
    group->n_floats += (Py_ssize_t)found->n_floats;
    group->n_rows += found->n_rows;
    group->gaps |= found->lists.gaps;
    for (ptrdiff_t i = 0; i < found->lists.n_lists; i++)
        if (add_number(group->lengths, (unsigned long long)found->lists.lengths[i])) return -1;
    if (add_number(group->counts, (unsigned long long)found->n_rows)) return -1;
    return add_number(group->handles, handle);
}

static int find(Front *front, const Head *head, Place text, Place end, Found *found) {
    return head->kind == GRIDS ? find_grids(front, head, text, end, found)
                               : find_lists(front, head, text, end, found);
}

/* Read a body, which a zero follows, and add its rows to a group. 1: it was plain; 0: it was not, so
   that somebody else must read it; -1: an exception. */
int add_to_group(Front *front, int number, uint64_t handle, char *body, size_t size) {
    Found found = {0};
    Place end = body + size;
    int added = find(front, &front->heads[number], body, end, &found);
    if (!added && found.behind) {
        size_t n_tail = (size_t)(end - found.behind);
        Group *group = joinable(front, number, &found, n_tail);
        if (!group) group = new_group(front, number, &found, n_tail);
        added = group && join(front, group, &found, handle) == 0 ? 1 : -1;
    }
    Py_XDECREF(found.numbers);
    return added;
}

void clear_groups(Front *front) {
    for (size_t i = 0; i < front->n_groups; i++) {
        Group *group = &front->groups[i];
        Py_XDECREF(group->told);
        Py_XDECREF(group->tail);
        Py_XDECREF(group->numbers);
        Py_XDECREF(group->lengths);
        Py_XDECREF(group->counts);
        Py_XDECREF(group->handles);
    }
    front->n_groups = 0;
}

static PyObject *as_tuple(const Group *group) {
    Py_ssize_t size = group->n_floats * (Py_ssize_t)sizeof(float);
    if (PyByteArray_Resize(group->numbers, size) < 0) return NULL;
    return Py_BuildValue("OOOOOOO", group->told, group->tail, group->numbers, group->lengths,
                         group->counts, group->handles, group->gaps ? Py_True : Py_False);
}

/* The groups of this turn as tuples; they are Python's from here on. */
PyObject *take_groups(Front *front) {
    PyObject *taken = PyList_New(0);
    for (size_t i = 0; taken && i < front->n_groups; i++) {
        PyObject *item = as_tuple(&front->groups[i]);
        int failed = item ? PyList_Append(taken, item) : -1;
        Py_XDECREF(item);
        if (failed) Py_CLEAR(taken);
    }
    clear_groups(front);
    return taken;
}
