/* Payloads from a column of another library, through Arrow's PyCapsule interface. */
#ifndef DEAGG_ARROW_IMPORT_H
#define DEAGG_ARROW_IMPORT_H

#include "base/compat.h"
#include "kpl/column_builder.h"

/* Appends the rows of all payloads in `column` if it has __arrow_c_stream__ or __arrow_c_array__.
 * 1; 0 if it has neither; or -1 with TypeError for a column of another type than binary, large
 * binary or binary view, MemoryError, OSError for a failure of the column's producer, or what
 * `column` raises. */
int
deagg_arrow_append(PyObject *column, kpl_column_builder *builder);

/* kpl_column_builder_append, without the GIL if that pays; the payloads cannot change. 0, or -1
 * with MemoryError. */
int
deagg_arrow_append_payloads(kpl_column_builder *builder, const kpl_bytes *payloads, size_t count);

#endif
