// Sets a table to what the data files of a checkpoint hold, some megabytes at a time.
#ifndef EASYREC_TABLE_LOAD_H_
#define EASYREC_TABLE_LOAD_H_

#include <cstdint>
#include <string>
#include <vector>

#include "store.h"
#include "tensor_file.h"

namespace easyrec::embedding {

/** Some rows of a component in a file. */
struct StoredPart {
  int component;
  int64_t first;
  int64_t rows;
  int64_t file;
  int64_t offset;
  /** Masked. */
  uint32_t crc;
};

/** A component in the file of a compact save, or the numbers of its rows. */
struct StoredRows {
  int component;
  int64_t offset;
  /** Masked. */
  uint32_t crc;
};

/** A list of rows of a table in a file, as row_list.h has it. */
struct StoredList {
  std::string path;
  int64_t offset;
  int64_t bytes;
  /** Masked. */
  uint32_t crc;
};

/** Sets all rows; throws where a part is not as it was written, or parts leave rows out. */
void LoadAll(Store& store, int table, const std::vector<std::string>& paths, const std::vector<StoredPart>& parts);

/**
 * Sets the rows of a list to what the file at `path` holds, where all rows of the table are; the CRCs of tensors are those
 * of the listed rows. False, with nothing changed, where the list is not as it was written.
 */
bool LoadListed(Store& store, int table, const std::string& path, const StoredList& list,
                const std::vector<StoredRows>& tensors);

/** Sets `rows` rows, whose numbers are among the tensors; of an unbounded table the first one is the row of no key. */
void LoadTouched(Store& store, int table, const std::string& path, int64_t rows,
                 const std::vector<StoredRows>& tensors);

/** Sets `count` keys of an unbounded table that have no row. */
void LoadCounted(Store& store, int table, const std::string& path, int64_t count,
                 const std::vector<StoredRows>& tensors);

}  // namespace easyrec::embedding

#endif  // EASYREC_TABLE_LOAD_H_
