// Tables of a store in the data files of checkpoints: the C functions, which easyrec/train/embedding_store calls. What is
// where in a file, and in which checkpoint it is, is decided there. Messages are as in embedding_store.h.
#ifndef EASYREC_CHECKPOINT_H_
#define EASYREC_CHECKPOINT_H_

#include <cstddef>
#include <cstdint>

#include "embedding_store.h"

extern "C" {

/**
 * Begins to write tables into the file at `path`, as they are now, and goes on with that on a thread of its own while
 * the store is used: a store may be saved once at a time. `tensors` are `count` times [table, component, offset in the
 * file], those of a table together. A component is written as easyrec_store_read gives it; where `compact` is not 0, only
 * those rows are written that are not at their start, ascending, and component -1 is their numbers (int64); as many
 * bytes as all rows in memory need must be free for them. `earlier` may be null, or the file of an earlier save of this
 * store: `earlier_weights` are then, for each table, [offset, masked CRC] of its weights in that file, which save
 * computing the rows that are still at their start; an offset below 0 stands for none. `lists` may be null, or the path of
 * a file that receives a list of the rows that are not at their start (row_list.h), of each table whose rows are all
 * written. Of an unbounded table, rows and keys that have outlived their time are taken out first, and all that is left is
 * written, keys ascending: components are those of its rows, after a row of zeros, -1 their keys (that of the first is
 * -1), -2 how often each was looked up, -3 in which step last; -4, -5 and -6 the same of keys that have no row. Returns
 * null on failure.
 */
EASYREC_EXPORT void* easyrec_store_save(int64_t store, const char* path, const int64_t* tensors, int count, int compact,
                                        const char* earlier, const int64_t* earlier_weights, const char* lists,
                                        char* message, size_t size);
/** Waits until a save has ended, for `milliseconds` at most; 1 when it has, 0 when not. */
EASYREC_EXPORT int easyrec_store_save_wait(void* save, int milliseconds);
/**
 * Ends a save, which fails if it has not ended by then: `results` are `count` times [masked CRC-32C of the bytes written,
 * rows, masked CRC-32C of the bytes of listed rows], `lists`, for each table of the store, [bytes, masked CRC-32C] of its
 * list; they are in the file in the order of the tables in `tensors`.
 */
EASYREC_EXPORT int easyrec_store_save_end(void* save, int64_t* results, int64_t* lists, char* message, size_t size);

/**
 * Sets a table to what files hold. `parts` are `count` times [component, first row, rows, number of its file in `paths`,
 * offset, masked CRC]: parts of a component ascending and without gaps; components without parts are at their start.
 */
EASYREC_EXPORT int easyrec_store_load(int64_t store, int table, const char* const* paths, int path_count,
                                      const int64_t* parts, int count, char* message, size_t size);
/**
 * Sets those rows of a table to what the file at `path` holds of all of its rows that a list has: `list` are [offset,
 * bytes, masked CRC] of it in the file at `list_path`; `tensors` are `count` times [component, offset, masked CRC of
 * the listed rows]. Components that are not there are at their start, and so are all other rows, if the table is. Returns
 * 1, with nothing changed, where the list is not as it was written.
 */
EASYREC_EXPORT int easyrec_store_load_listed(int64_t store, int table, const char* path, const char* list_path,
                                             const int64_t* list, const int64_t* tensors, int count, char* message,
                                             size_t size);
/**
 * Sets rows of a table to what a compact save holds. `tensors` are `count` times [component, offset, masked CRC] in the
 * file at `path`, -1 among the components; each is of `rows` rows. Components that are not there are at their start. Of an
 * unbounded table they are as a save writes them, rows by one call, keys without a row by another; easyrec_store_set_step
 * comes before.
 */
EASYREC_EXPORT int easyrec_store_load_rows(int64_t store, int table, const char* path, int64_t rows,
                                           const int64_t* tensors, int count, char* message, size_t size);

}  // extern "C"

#endif  // EASYREC_CHECKPOINT_H_
