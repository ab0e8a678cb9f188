#include "embedding_store.h"

#include <algorithm>
#include <cstring>
#include <exception>
#include <mutex>
#include <shared_mutex>
#include <string>
#include <vector>

#include "easyrec/status.h"
#include "store.h"

namespace {

using easyrec::InvalidArgument;
using easyrec::embedding::FindStore;
using easyrec::embedding::InitialKind;
using easyrec::embedding::InitialValues;
using easyrec::embedding::KeyOptions;
using easyrec::embedding::Slot;
using easyrec::embedding::Store;
using easyrec::embedding::StoreOptions;
using easyrec::embedding::Table;
using easyrec::embedding::TableOptions;
using Exclusive = std::unique_lock<std::shared_mutex>;
using Shared = std::shared_lock<std::shared_mutex>;

void Tell(const char* text, char* message, size_t size) {
  if (message == nullptr || size == 0) return;
  const size_t length = std::min(std::strlen(text), size - 1);
  std::memcpy(message, text, length);
  message[length] = '\0';
}

/** What `body` returns, or `failed` with what it threw as the message. */
template <typename Body, typename Result>
Result Guarded(char* message, size_t size, Result failed, Body&& body) noexcept {
  try {
    return body();
  } catch (const std::bad_alloc&) {
    Tell("out of memory", message, size);
  } catch (const std::exception& error) {
    Tell(error.what(), message, size);
  }
  return failed;
}

/** The table, if [first, first + count) are rows of it. */
Table& RowsOf(Store& store, int index, int64_t first, int64_t count) {
  Table& table = store.table(index);
  if (first < 0 || count < 0 || first > table.rows() - count) {
    throw InvalidArgument("table " + table.name() + ": expected rows within [0, " + std::to_string(table.rows()) +
                          "), received " + std::to_string(count) + " from " + std::to_string(first));
  }
  return table;
}

InitialValues InitialOf(const char* name, int kind, double a, double b, const float* values, int value_count,
                        int64_t seed0, int64_t seed1) {
  if (kind < 0 || kind > static_cast<int>(InitialKind::kConstant)) {
    throw InvalidArgument(std::string("table ") + name + ": expected a kind of initial values from 0 to 2, received " +
                          std::to_string(kind));
  }
  std::vector<float> constants;
  if (static_cast<InitialKind>(kind) == InitialKind::kConstant) {
    if (value_count < 1) throw InvalidArgument(std::string("table ") + name + ": expected at least one initial value");
    constants.assign(values, values + value_count);
  }
  return InitialValues(static_cast<InitialKind>(kind), a, b, std::move(constants), seed0, seed1);
}

}  // namespace

int64_t easyrec_store_new(const char* rule, const double* parameters, int parameter_count, int slots,
                          const float* initial, const uint8_t* per_row, int threads, char* message, size_t size) {
  return Guarded(message, size, int64_t{0}, [&] {
    StoreOptions options{rule, {}, {}, threads};
    for (int i = 0; i < parameter_count; i++) options.parameters.push_back(static_cast<float>(parameters[i]));
    for (int i = 0; i < slots; i++) options.slots.push_back({initial[i], per_row[i] != 0});
    return easyrec::embedding::Register(std::make_shared<Store>(options));
  });
}

void easyrec_store_free(int64_t store) { easyrec::embedding::Unregister(store); }

int easyrec_store_add_table(int64_t store, const char* name, int64_t rows, int64_t dim, int kind, double a, double b,
                            const float* values, int value_count, int64_t seed0, int64_t seed1, char* message,
                            size_t size) {
  return Guarded(message, size, -1, [&] {
    const std::shared_ptr<Store> found = FindStore(store);
    const Exclusive lock(found->mutex());
    return found->AddTable({name, rows, dim, InitialOf(name, kind, a, b, values, value_count, seed0, seed1), {}});
  });
}

int easyrec_store_add_unbounded_table(int64_t store, const char* name, int filter_freq, int steps_to_live, int64_t dim,
                                      int kind, double a, double b, const float* values, int value_count, int64_t seed0,
                                      int64_t seed1, char* message, size_t size) {
  return Guarded(message, size, -1, [&] {
    const std::shared_ptr<Store> found = FindStore(store);
    const Exclusive lock(found->mutex());
    return found->AddTable({name, TableOptions::kUnbounded, dim,
                            InitialOf(name, kind, a, b, values, value_count, seed0, seed1),
                            KeyOptions{filter_freq, steps_to_live}});
  });
}

int easyrec_store_set_step(int64_t store, int step) {
  return Guarded(nullptr, 0, -1, [&] {
    const std::shared_ptr<Store> found = FindStore(store);
    const Exclusive lock(found->mutex());
    found->set_step(step);
    return 0;
  });
}

int easyrec_store_set_trained(int64_t store, int table, int trained) {
  return Guarded(nullptr, 0, -1, [&] {
    const std::shared_ptr<Store> found = FindStore(store);
    const Exclusive lock(found->mutex());
    found->SetTrained(table, trained != 0);
    return 0;
  });
}

int easyrec_store_read(int64_t store, int table, int component, int64_t first, int64_t count, float* target,
                       char* message, size_t size) {
  return Guarded(message, size, -1, [&] {
    const std::shared_ptr<Store> found = FindStore(store);
    const Shared lock(found->mutex());
    const Table& read = RowsOf(*found, table, first, count);
    if (component < 0 || component >= read.components()) {
      throw InvalidArgument("table " + read.name() + ": expected a component from 0 to " +
                            std::to_string(read.components() - 1) + ", received " + std::to_string(component));
    }
    if (found->clock() != 0) throw InvalidArgument("the store must be settled before its rows are read");
    read.Read(component, first, count, target, found->threads());
    return 0;
  });
}

int easyrec_store_write(int64_t store, int table, int64_t first, int64_t count, const float* const* components,
                        char* message, size_t size) {
  return Guarded(message, size, -1, [&] {
    const std::shared_ptr<Store> found = FindStore(store);
    const Exclusive lock(found->mutex());
    Table& written = RowsOf(*found, table, first, count);
    if (written.unbounded()) throw InvalidArgument("table " + written.name() + " has no number of rows");
    written.Write(first, count, components, found->clock(), found->threads());
    return 0;
  });
}

int easyrec_store_reset(int64_t store) {
  return Guarded(nullptr, 0, -1, [&] {
    const std::shared_ptr<Store> found = FindStore(store);
    const Exclusive lock(found->mutex());
    found->Reset();
    return 0;
  });
}

int easyrec_store_settle(int64_t store, char* message, size_t size) {
  return Guarded(message, size, -1, [&] {
    const std::shared_ptr<Store> found = FindStore(store);
    const Exclusive lock(found->mutex());
    found->Settle();
    return 0;
  });
}

int easyrec_store_stats(int64_t store, int table, double* stats) {
  return Guarded(nullptr, 0, -1, [&] {
    const std::shared_ptr<Store> found = FindStore(store);
    const Shared lock(found->mutex());
    const Table& described = found->table(table);
    stats[0] = static_cast<double>(described.rows_in_memory());
    stats[1] = static_cast<double>(described.bytes());
    stats[2] = static_cast<double>(described.counted_keys());
    return 0;
  });
}
