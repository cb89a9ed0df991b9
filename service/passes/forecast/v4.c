/* The pass for processors with AVX512. */

#pragma GCC target("arch=x86-64-v4,prefer-vector-width=512")

#include "forward.h"

size_t forecast_memory_v4(void) { return sizeof(Row); }

void forecast_v4(const Network *network, const Batch *batch, void *memory) {
    for (ptrdiff_t row = 0; row < batch->n_rows; row++) forecast_row(network, memory, batch, row);
}
