// Embedding tables that own their rows: the C functions of this library, which easyrec/train/embedding_store calls.
// The ops are in lookup.cc and update.cc; README.md says how all of it works.
//
// A store holds the tables of one training. A row takes memory once it was looked up in training; until then its value
// is a function of (seed, table, row). Functions that can fail return a negative number (or 0 for a store) and put one
// line into `message`, at most `size` bytes with the final 0. A store may be used from any thread.
#ifndef EASYREC_EMBEDDING_STORE_H_
#define EASYREC_EMBEDDING_STORE_H_

#include <cstddef>
#include <cstdint>

#define EASYREC_EXPORT __attribute__((visibility("default")))

extern "C" {

/**
 * A new store. `rule` is the kind of an optimizer's RowRule ("adam", "adagrad", ...), `parameters` its numbers in the
 * order that rules.h documents; `slots` slots a row, slot i starts from `initial[i]` and is as wide as the row, or one
 * number where `per_row[i]` is not 0. `threads`: what one op uses at most. Returns its number, from 1; 0 on failure.
 */
EASYREC_EXPORT int64_t easyrec_store_new(const char* rule, const double* parameters, int parameter_count, int slots,
                                         const float* initial, const uint8_t* per_row, int threads, char* message,
                                         size_t size);
EASYREC_EXPORT void easyrec_store_free(int64_t store);

/**
 * Adds a table [rows, dim]; returns its index, from 0. `kind`: 0 truncated normal (a: mean, b: deviation), 1 normal
 * (the same), 2 constant (`values` in row-major order, the last one repeats). The seeds are those of TensorFlow's
 * stateless random ops: [seed, hash of the name].
 */
EASYREC_EXPORT int easyrec_store_add_table(int64_t store, const char* name, int64_t rows, int64_t dim, int kind, double a,
                                           double b, const float* values, int value_count, int64_t seed0, int64_t seed1,
                                           char* message, size_t size);

/**
 * Adds a table that has a row for every key from 0 to 2^63 - 2 that training has looked up `filter_freq` times (0 and 1:
 * at once); others are 0 and do not learn. Keys that training has not looked up for more than `steps_to_live` steps (0:
 * for ever) are forgotten when the store is saved. The rest is as with easyrec_store_add_table.
 */
EASYREC_EXPORT int easyrec_store_add_unbounded_table(int64_t store, const char* name, int filter_freq, int steps_to_live,
                                                     int64_t dim, int kind, double a, double b, const float* values,
                                                     int value_count, int64_t seed0, int64_t seed1, char* message,
                                                     size_t size);

/** Says how many steps were done before; those that follow are counted from there. Default: 0. */
EASYREC_EXPORT int easyrec_store_set_step(int64_t store, int step);

/** Steps the rows of this table move at (0 or 1): 0 for a table that no loss depends on. Default: 1. */
EASYREC_EXPORT int easyrec_store_set_trained(int64_t store, int table, int trained);

/**
 * Reads rows [first, first + count) as a full variable holds them: component 0 the weights, 1 + i slot i. Rows are as
 * after `easyrec_store_settle`, which must have been called since the last step.
 */
EASYREC_EXPORT int easyrec_store_read(int64_t store, int table, int component, int64_t first, int64_t count, float* target,
                                      char* message, size_t size);

/**
 * Sets rows [first, first + count): `components[0]` the weights, `components[1 + i]` slot i; null leaves that one at its
 * start. Rows that equal their start in all components take no memory.
 */
EASYREC_EXPORT int easyrec_store_write(int64_t store, int table, int64_t first, int64_t count,
                                       const float* const* components, char* message, size_t size);

/** Forgets all rows and steps: every table is at its start. */
EASYREC_EXPORT int easyrec_store_reset(int64_t store);

/** Brings all rows up to date with the steps done; the clock starts again at 0. */
EASYREC_EXPORT int easyrec_store_settle(int64_t store, char* message, size_t size);

/** Of a table: [rows in memory, bytes, keys of an unbounded table that have no row yet]. */
EASYREC_EXPORT int easyrec_store_stats(int64_t store, int table, double* stats);

}  // extern "C"

#endif  // EASYREC_EMBEDDING_STORE_H_
