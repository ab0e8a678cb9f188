#include "checkpoint.h"

#include <algorithm>
#include <cstring>
#include <exception>
#include <memory>
#include <new>
#include <stdexcept>
#include <string>
#include <vector>

#include "save_task.h"
#include "store.h"
#include "table_load.h"

namespace {

using easyrec::embedding::FindStore;
using easyrec::embedding::LoadAll;
using easyrec::embedding::LoadCounted;
using easyrec::embedding::LoadListed;
using easyrec::embedding::LoadTouched;
using easyrec::embedding::SavedList;
using easyrec::embedding::SavedResult;
using easyrec::embedding::SavedTensor;
using easyrec::embedding::SaveOptions;
using easyrec::embedding::SaveTask;
using easyrec::embedding::StoredList;
using easyrec::embedding::StoredPart;
using easyrec::embedding::StoredRows;

/** What `body` returns, or `failed` with what it threw as the message. */
template <typename Result, typename Body>
Result Guarded(char* message, size_t size, Result failed, Body&& body) noexcept {
  std::string problem;
  try {
    return body();
  } catch (const std::bad_alloc&) {
    problem = "out of memory";
  } catch (const std::exception& error) {
    problem = error.what();
  }
  if (message != nullptr && size > 0) {
    const size_t length = std::min(problem.size(), size - 1);
    std::memcpy(message, problem.data(), length);
    message[length] = '\0';
  }
  return failed;
}

}  // namespace

void* easyrec_store_save(int64_t store, const char* path, const int64_t* tensors, int count, int compact,
                         const char* earlier, const int64_t* earlier_weights, const char* lists, char* message,
                         size_t size) {
  return Guarded(message, size, static_cast<void*>(nullptr), [&]() -> void* {
    const auto found = FindStore(store);
    SaveOptions options{path, {}, compact != 0, earlier == nullptr ? "" : earlier, {}, lists == nullptr ? "" : lists};
    for (const int64_t* each = tensors; each < tensors + 3 * count; each += 3) {
      options.tensors.push_back({static_cast<int>(each[0]), static_cast<int>(each[1]), each[2]});
    }
    for (int i = 0; earlier != nullptr && i < found->tables(); i++) {
      options.earlier.push_back({earlier_weights[2 * i], static_cast<uint32_t>(earlier_weights[2 * i + 1])});
    }
    return new SaveTask(found, std::move(options));
  });
}

int easyrec_store_save_wait(void* save, int milliseconds) {
  return static_cast<SaveTask*>(save)->Wait(milliseconds) ? 1 : 0;
}

int easyrec_store_save_end(void* save, int64_t* results, int64_t* lists, char* message, size_t size) {
  return Guarded(message, size, -1, [&] {
    const std::unique_ptr<SaveTask> task(static_cast<SaveTask*>(save));
    if (!task->Wait(0)) throw std::runtime_error("it was given up before its end");
    for (const SavedResult& result : task->Results()) {
      *results++ = result.crc;
      *results++ = result.rows;
      *results++ = result.listed_crc;
    }
    for (const SavedList& list : task->lists()) {
      *lists++ = list.bytes;
      *lists++ = list.crc;
    }
    return 0;
  });
}

int easyrec_store_load(int64_t store, int table, const char* const* paths, int path_count, const int64_t* parts,
                       int count, char* message, size_t size) {
  return Guarded(message, size, -1, [&] {
    std::vector<StoredPart> all;
    for (const int64_t* each = parts; each < parts + 6 * count; each += 6) {
      all.push_back({static_cast<int>(each[0]), each[1], each[2], each[3], each[4], static_cast<uint32_t>(each[5])});
    }
    LoadAll(*FindStore(store), table, {paths, paths + path_count}, all);
    return 0;
  });
}

int easyrec_store_load_listed(int64_t store, int table, const char* path, const char* list_path, const int64_t* list,
                              const int64_t* tensors, int count, char* message, size_t size) {
  return Guarded(message, size, -1, [&] {
    std::vector<StoredRows> all;
    for (const int64_t* each = tensors; each < tensors + 3 * count; each += 3) {
      all.push_back({static_cast<int>(each[0]), each[1], static_cast<uint32_t>(each[2])});
    }
    const StoredList stored{list_path, list[0], list[1], static_cast<uint32_t>(list[2])};
    return LoadListed(*FindStore(store), table, path, stored, all) ? 0 : 1;
  });
}

int easyrec_store_load_rows(int64_t store, int table, const char* path, int64_t rows, const int64_t* tensors, int count,
                            char* message, size_t size) {
  return Guarded(message, size, -1, [&] {
    std::vector<StoredRows> all;
    for (const int64_t* each = tensors; each < tensors + 3 * count; each += 3) {
      all.push_back({static_cast<int>(each[0]), each[1], static_cast<uint32_t>(each[2])});
    }
    const bool is_counted = !all.empty() && all.front().component <= SavedTensor::kCountedKeys;
    (is_counted ? LoadCounted : LoadTouched)(*FindStore(store), table, path, rows, all);
    return 0;
  });
}
