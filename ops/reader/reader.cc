// The C functions that easyrec/input/native calls. See README.md.
#include <tensorflow/c/tf_tensor.h>

#include <cstring>
#include <exception>
#include <memory>
#include <string>

#include "parquet_reader.h"
#include "text_reader.h"
#include "zlib_library.h"

#define EASYREC_EXPORT extern "C" __attribute__((visibility("default")))

namespace {

using easyrec::reader::BadRow;
using easyrec::reader::Batch;
using easyrec::reader::BatchReader;
using easyrec::reader::ElementType;
using easyrec::reader::ParquetReader;
using easyrec::reader::Plan;
using easyrec::reader::PooledBlock;
using easyrec::reader::Problem;
using easyrec::reader::TextReader;
using easyrec::reader::Zlib;

/** A reader, and what is left to say of the batch that was handed over last. */
struct Handle {
  explicit Handle(Plan plan) {
    if (plan.duckdb.empty()) {
      reader = std::make_unique<TextReader>(std::move(plan));
    } else {
      reader = std::make_unique<ParquetReader>(std::move(plan));
    }
  }

  std::unique_ptr<BatchReader> reader;
  std::string report;
};

template <typename T>
void Append(std::string& to, T value) {
  to.append(reinterpret_cast<const char*>(&value), sizeof(value));
}

void AppendText(std::string& to, const std::string& text) {
  Append(to, static_cast<uint32_t>(text.size()));
  to += text;
}

/** Bad rows and the problem, as report.ts reads them; empty when there are none. */
std::string ReportOf(const Batch& batch) {
  std::string report;
  if (batch.bad_rows.empty() && batch.problem == nullptr) return report;
  Append(report, static_cast<uint32_t>(batch.bad_rows.size()));
  for (const BadRow& row : batch.bad_rows) {
    Append(report, row.file);
    Append(report, static_cast<double>(row.line));
    AppendText(report, row.text);
    AppendText(report, row.header);
  }
  const Problem problem = batch.problem == nullptr ? Problem{} : *batch.problem;
  Append(report, batch.problem == nullptr ? int32_t{0} : static_cast<int32_t>(problem.kind));
  Append(report, problem.file);
  Append(report, static_cast<double>(problem.line));
  Append(report, problem.error_number);
  AppendText(report, problem.text);
  return report;
}

void GiveBack(void*, size_t, void* block) { delete static_cast<PooledBlock*>(block); }

TF_Tensor* TensorOf(const ElementType& type, PooledBlock block, int64_t rows) {
  auto owned = std::make_unique<PooledBlock>(std::move(block));
  void* data = owned->block->data();
  const size_t bytes = static_cast<size_t>(rows) * type.bytes;
  return TF_NewTensor(static_cast<TF_DataType>(type.dtype), &rows, 1, data, bytes, GiveBack, owned.release());
}

}  // namespace

/** Whether gzip files can be read in this process. */
EASYREC_EXPORT int easyrec_reader_can_unpack() { return Zlib::Find() == nullptr ? 0 : 1; }

/** Begins to read by the plan of plan_bytes.ts; null with a message of at most `size` bytes when it cannot. */
EASYREC_EXPORT void* easyrec_reader_open(const void* plan, size_t plan_size, char* message, size_t size) {
  try {
    return new Handle(easyrec::reader::DecodePlan(static_cast<const uint8_t*>(plan), plan_size));
  } catch (const std::exception& error) {
    std::strncpy(message, error.what(), size - 1);
    message[size - 1] = '\0';
    return nullptr;
  }
}

/**
 * The next batch: 1 if there was one, 0 if it is not ready yet. `summary` receives its rows (0 after the last one),
 * position, rows skipped, fraction and the size of its report; `tensors` one tensor for each column.
 */
EASYREC_EXPORT int easyrec_reader_next(void* handle, double* summary, TF_Tensor** tensors) {
  auto* self = static_cast<Handle*>(handle);
  const std::unique_ptr<Batch> batch = self->reader->Next();
  if (batch == nullptr) return 0;
  self->report = ReportOf(*batch);
  const double values[] = {static_cast<double>(batch->rows), static_cast<double>(batch->position),
                           static_cast<double>(batch->skipped), batch->fraction,
                           static_cast<double>(self->report.size())};
  std::memcpy(summary, values, sizeof(values));
  const auto& types = self->reader->types();
  for (size_t i = 0; i < batch->columns.size(); i++) {
    tensors[i] = TensorOf(types[i], std::move(batch->columns[i]), batch->rows);
  }
  return 1;
}

/** Copies the report of the last batch. */
EASYREC_EXPORT void easyrec_reader_report(void* handle, char* target) {
  const auto* self = static_cast<Handle*>(handle);
  self->report.copy(target, self->report.size());
}

/** Waits until `easyrec_reader_next` will have something, `milliseconds` have passed, or the reader is stopped. */
EASYREC_EXPORT int easyrec_reader_wait(void* handle, int milliseconds) {
  return static_cast<Handle*>(handle)->reader->Wait(milliseconds) ? 1 : 0;
}

/** Ends what waits, and reading soon. */
EASYREC_EXPORT void easyrec_reader_stop(void* handle) { static_cast<Handle*>(handle)->reader->Stop(); }

/** Frees the reader once its threads have ended; no other call may be under way. Tensors live on. */
EASYREC_EXPORT void easyrec_reader_close(void* handle) { delete static_cast<Handle*>(handle); }
