#include "duckdb_library.h"

#include <dlfcn.h>

#include <cstring>
#include <mutex>
#include <stdexcept>

namespace easyrec::reader {
namespace {

template <typename Function>
void Find(void* library, const char* name, Function& function) {
  function = reinterpret_cast<Function>(dlsym(library, (std::string("duckdb_") + name).c_str()));
  if (function == nullptr) throw std::runtime_error(std::string("DuckDB has no function duckdb_") + name);
}

DuckLibrary Loaded(const std::string& path) {
  void* library = dlopen(path.c_str(), RTLD_LAZY | RTLD_LOCAL | RTLD_NODELETE);
  if (library == nullptr) throw std::runtime_error(dlerror());
  DuckLibrary found{};
  Find(library, "create_config", found.create_config);
  Find(library, "set_config", found.set_config);
  Find(library, "destroy_config", found.destroy_config);
  Find(library, "open_ext", found.open_ext);
  Find(library, "close", found.close);
  Find(library, "free", found.free);
  Find(library, "connect", found.connect);
  Find(library, "disconnect", found.disconnect);
  Find(library, "interrupt", found.interrupt);
  Find(library, "prepare", found.prepare);
  Find(library, "prepare_error", found.prepare_error);
  Find(library, "destroy_prepare", found.destroy_prepare);
  Find(library, "pending_prepared_streaming", found.pending_prepared_streaming);
  Find(library, "pending_error", found.pending_error);
  Find(library, "execute_pending", found.execute_pending);
  Find(library, "destroy_pending", found.destroy_pending);
  Find(library, "result_error", found.result_error);
  Find(library, "destroy_result", found.destroy_result);
  Find(library, "fetch_chunk", found.fetch_chunk);
  Find(library, "destroy_data_chunk", found.destroy_data_chunk);
  Find(library, "data_chunk_get_size", found.data_chunk_get_size);
  Find(library, "data_chunk_get_vector", found.data_chunk_get_vector);
  Find(library, "vector_get_data", found.vector_get_data);
  Find(library, "vector_get_validity", found.vector_get_validity);
  Find(library, "list_vector_get_child", found.list_vector_get_child);
  return found;
}

[[noreturn]] void Fail(const char* message) {
  throw std::runtime_error(message == nullptr ? "DuckDB gives no reason" : message);
}

}  // namespace

const DuckLibrary& DuckLibrary::Load(const std::string& path) {
  static std::mutex mutex;
  static std::unique_ptr<DuckLibrary> library;
  const std::lock_guard<std::mutex> lock(mutex);
  if (library == nullptr) library = std::make_unique<DuckLibrary>(Loaded(path));
  return *library;
}

DuckConnection::DuckConnection(const DuckLibrary& library, int64_t threads) : library_(library) {
  const std::string count = std::to_string(threads);
  const std::pair<const char*, const char*> settings[] = {
      {"threads", count.c_str()},
      // Nothing comes from the network, and nothing goes to disk.
      {"autoinstall_known_extensions", "false"},
      {"autoload_known_extensions", "false"},
      {"temp_directory", ""},
  };
  DuckHandle config = nullptr;
  char* error = nullptr;
  bool works = library_.create_config(&config) == 0;
  for (const auto& [name, value] : settings) works = works && library_.set_config(config, name, value) == 0;
  works = works && library_.open_ext(nullptr, &database_, config, &error) == 0;
  library_.destroy_config(&config);
  const std::string reason = error == nullptr ? "DuckDB cannot start" : error;
  if (error != nullptr) library_.free(error);
  if (works && library_.connect(database_, &connection_) == 0) return;
  library_.close(&database_);
  throw std::runtime_error(reason);
}

DuckConnection::~DuckConnection() {
  library_.disconnect(&connection_);
  library_.close(&database_);
}

std::unique_ptr<DuckQuery> DuckConnection::Run(const std::string& sql) {
  std::unique_ptr<DuckQuery> query(new DuckQuery(library_));
  if (library_.prepare(connection_, sql.c_str(), &query->statement_) != 0) {
    Fail(library_.prepare_error(query->statement_));
  }
  if (library_.pending_prepared_streaming(query->statement_, &query->pending_) != 0) {
    Fail(library_.pending_error(query->pending_));
  }
  if (library_.execute_pending(query->pending_, &query->result_) != 0) Fail(library_.result_error(&query->result_));
  return query;
}

std::vector<std::vector<std::string>> DuckConnection::Texts(const std::string& sql, size_t columns) {
  std::vector<std::vector<std::string>> rows;
  const std::unique_ptr<DuckQuery> query = Run(sql);
  while (const std::unique_ptr<DuckChunk> chunk = query->Next()) {
    const size_t before = rows.size();
    rows.resize(before + chunk->rows());
    for (size_t column = 0; column < columns; column++) {
      const DuckVector vector = chunk->Column(column);
      for (uint64_t row = 0; row < chunk->rows(); row++) {
        const DuckText& text = static_cast<const DuckText*>(vector.data)[row];
        const char* bytes = text.size <= 12 ? text.start : text.address;
        rows[before + row].emplace_back(bytes, vector.IsValid(row) ? text.size : 0);
      }
    }
  }
  return rows;
}

std::unique_ptr<DuckChunk> DuckQuery::Next() {
  const DuckHandle chunk = library_.fetch_chunk(result_);
  if (chunk != nullptr) return std::make_unique<DuckChunk>(library_, chunk);
  const char* error = library_.result_error(&result_);
  if (error != nullptr) Fail(error);
  return nullptr;
}

DuckQuery::~DuckQuery() {
  library_.destroy_result(&result_);
  library_.destroy_pending(&pending_);
  library_.destroy_prepare(&statement_);
}

}  // namespace easyrec::reader
