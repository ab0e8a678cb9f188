// DuckDB, which reads Parquet files: its C functions, from the library that the npm package @duckdb/node-api brings.
#ifndef EASYREC_READER_DUCKDB_LIBRARY_H_
#define EASYREC_READER_DUCKDB_LIBRARY_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace easyrec::reader {

// As in duckdb.h, of which only what is called is repeated here.
using DuckState = int;
using DuckHandle = void*;
struct DuckResult {
  uint64_t deprecated[3];
  void* columns;
  char* error;
  void* internal;
};
/** A text in a vector: up to 12 bytes in place, else where they lie. */
struct DuckText {
  uint32_t size;
  char start[4];
  union {
    char rest[8];
    const char* address;
  };
};
/** A list in a vector: a part of the vector of all elements. */
struct DuckList {
  uint64_t first;
  uint64_t count;
};

struct DuckLibrary {
  DuckState (*create_config)(DuckHandle*);
  DuckState (*set_config)(DuckHandle, const char*, const char*);
  void (*destroy_config)(DuckHandle*);
  DuckState (*open_ext)(const char*, DuckHandle*, DuckHandle, char**);
  void (*close)(DuckHandle*);
  void (*free)(void*);
  DuckState (*connect)(DuckHandle, DuckHandle*);
  void (*disconnect)(DuckHandle*);
  void (*interrupt)(DuckHandle);
  DuckState (*prepare)(DuckHandle, const char*, DuckHandle*);
  const char* (*prepare_error)(DuckHandle);
  void (*destroy_prepare)(DuckHandle*);
  DuckState (*pending_prepared_streaming)(DuckHandle, DuckHandle*);
  const char* (*pending_error)(DuckHandle);
  DuckState (*execute_pending)(DuckHandle, DuckResult*);
  void (*destroy_pending)(DuckHandle*);
  const char* (*result_error)(DuckResult*);
  void (*destroy_result)(DuckResult*);
  DuckHandle (*fetch_chunk)(DuckResult);
  void (*destroy_data_chunk)(DuckHandle*);
  uint64_t (*data_chunk_get_size)(DuckHandle);
  DuckHandle (*data_chunk_get_vector)(DuckHandle, uint64_t);
  void* (*vector_get_data)(DuckHandle);
  uint64_t* (*vector_get_validity)(DuckHandle);
  DuckHandle (*list_vector_get_child)(DuckHandle);

  /** Loads the library, which then stays; throws std::runtime_error. */
  static const DuckLibrary& Load(const std::string& path);
};

/** Values of one column for the rows of a chunk. */
struct DuckVector {
  const void* data;
  /** A bit for each value that is there; null where all are. */
  const uint64_t* validity;
  DuckHandle handle;

  bool IsValid(uint64_t i) const { return validity == nullptr || ((validity[i >> 6] >> (i & 63)) & 1) != 0; }
};

/** Rows of a query's result. */
class DuckChunk {
 public:
  DuckChunk(const DuckLibrary& library, DuckHandle handle) : library_(library), handle_(handle) {}
  DuckChunk(const DuckChunk&) = delete;
  DuckChunk& operator=(const DuckChunk&) = delete;
  ~DuckChunk() { library_.destroy_data_chunk(&handle_); }

  uint64_t rows() const { return library_.data_chunk_get_size(handle_); }
  DuckVector Column(uint64_t i) const { return Vector(library_.data_chunk_get_vector(handle_, i)); }
  /** The elements of a column of lists. */
  DuckVector Elements(const DuckVector& lists) const { return Vector(library_.list_vector_get_child(lists.handle)); }

 private:
  DuckVector Vector(DuckHandle handle) const {
    return {library_.vector_get_data(handle), library_.vector_get_validity(handle), handle};
  }

  const DuckLibrary& library_;
  DuckHandle handle_;
};

class DuckConnection;

/** A query's result as it comes into being. */
class DuckQuery {
 public:
  DuckQuery(const DuckQuery&) = delete;
  DuckQuery& operator=(const DuckQuery&) = delete;
  ~DuckQuery();

  /** The next rows, null at the end. Throws std::runtime_error. */
  std::unique_ptr<DuckChunk> Next();

 private:
  friend class DuckConnection;
  explicit DuckQuery(const DuckLibrary& library) : library_(library) {}

  const DuckLibrary& library_;
  DuckHandle statement_ = nullptr;
  DuckHandle pending_ = nullptr;
  DuckResult result_{};
};

/** A database in memory, without any tables. */
class DuckConnection {
 public:
  /** Throws std::runtime_error. */
  DuckConnection(const DuckLibrary& library, int64_t threads);
  DuckConnection(const DuckConnection&) = delete;
  DuckConnection& operator=(const DuckConnection&) = delete;
  ~DuckConnection();

  /** Throws std::runtime_error. */
  std::unique_ptr<DuckQuery> Run(const std::string& sql);
  /** All rows of a result whose columns are texts. Throws std::runtime_error. */
  std::vector<std::vector<std::string>> Texts(const std::string& sql, size_t columns);
  /** Makes what runs end with an error; from any thread. */
  void Interrupt() { library_.interrupt(connection_); }

 private:
  const DuckLibrary& library_;
  DuckHandle database_ = nullptr;
  DuckHandle connection_ = nullptr;
};

}  // namespace easyrec::reader

#endif  // EASYREC_READER_DUCKDB_LIBRARY_H_
