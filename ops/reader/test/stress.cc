// Random files through the reader, for scripts/sanitize_reader: every access and every lock is looked at while readers
// are closed at any time and other threads hold on to columns. What the rows must be is tested in test/input; here the
// same input must give the same rows whatever the batches and threads, and the process must not have been reported.
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "../text_reader.h"
#include "../fingerprint.h"

namespace {

using easyrec::reader::Batch;
using easyrec::reader::BatchReader;
using easyrec::reader::Field;
using easyrec::reader::FieldType;
using easyrec::reader::Plan;
using easyrec::reader::PooledBlock;
using easyrec::reader::TextReader;

class Dice {
 public:
  explicit Dice(unsigned seed) : engine_(seed) {}
  size_t Below(size_t n) { return engine_() % n; }
  bool Once(size_t n) { return Below(n) == 0; }

 private:
  std::mt19937 engine_;
};

std::string RandomText(Dice& dice) {
  static const char* const kOdd[] = {"\xC3\xA9", "\xFF", "\"", "\"\"", "\r", "1e309", "nan", "0x1p", "-", "", " 7 "};
  if (dice.Once(5)) return kOdd[dice.Below(sizeof(kOdd) / sizeof(kOdd[0]))];
  std::string text(dice.Below(dice.Once(9) ? 300 : 12), '0');
  for (char& c : text) c = static_cast<char>('0' + dice.Below(10));
  return dice.Once(8) ? "\"" + text + "\"" : text;
}

std::string RandomFile(Dice& dice, size_t columns) {
  std::string file = dice.Once(3) ? "\xEF\xBB\xBF" : "";
  const size_t rows = dice.Below(dice.Once(6) ? 20000 : 300);
  for (size_t row = 0; row < rows; row++) {
    const size_t fields = dice.Once(30) ? dice.Below(2 * columns) : columns;
    for (size_t i = 0; i < fields; i++) file += (i == 0 ? "" : ",") + RandomText(dice);
    file += dice.Once(2) ? "\n" : "\r\n";
  }
  return file;
}

Plan RandomPlan(Dice& dice, const std::string& path) {
  Plan plan;
  for (size_t i = 0; i < 1 + dice.Below(6); i++) {
    Field field;
    field.name = std::to_string(i);
    field.type = static_cast<FieldType>(dice.Below(6));
    field.wanted = !dice.Once(6);
    field.numeric = dice.Once(5);
    if ((field.type == FieldType::kString || field.type == FieldType::kInt64) && dice.Once(3)) {
      plan.hashed.push_back({i, 1000});
    }
    plan.fields.push_back(field);
  }
  std::ofstream(path, std::ios::binary) << RandomFile(dice, plan.fields.size());
  plan.paths = {path, path};
  plan.epochs = static_cast<int64_t>(dice.Below(4));
  plan.shuffle_rows = dice.Once(2) ? 0 : static_cast<int64_t>(1 + dice.Below(500));
  plan.seed = static_cast<int32_t>(dice.Below(100));
  plan.position = dice.Once(2) ? 0 : static_cast<int64_t>(dice.Below(500));
  plan.max_skipped = dice.Once(4) ? easyrec::reader::kFailOnBadRow : INT64_MAX;
  plan.total_bytes = 1000;
  return plan;
}

/** Fingerprint of the first rows and of how they end; short of `max_rows` after a stop. */
uint64_t ReadAll(BatchReader& reader, size_t max_rows, Dice& dice) {
  std::vector<std::thread> holders;
  uint64_t sum = 0;
  size_t rows = 0;
  while (rows < max_rows) {
    std::unique_ptr<Batch> batch = reader.Next();
    if (batch == nullptr) {
      reader.Wait(50);
      continue;
    }
    if (batch->rows == 0) {
      sum ^= batch->problem == nullptr ? 1 : 2 + static_cast<uint64_t>(batch->problem->kind);
      break;
    }
    const auto& types = reader.types();
    for (int64_t row = 0; row < batch->rows && rows < max_rows; row++, rows++) {
      uint64_t of_row = 0;
      for (size_t i = 0; i < types.size(); i++) {
        const size_t bytes = types[i].bytes;
        const char* element = batch->columns[i].block->data() + static_cast<size_t>(row) * bytes;
        std::string_view value(element, bytes);
        if (types[i].dtype == easyrec::reader::kStringType) {
          value = easyrec::reader::TextOf(element);
          if (value.data()[value.size()] != '\0') std::abort();
        }
        of_row = of_row * 31 + easyrec::reader::Fingerprint64(value);
      }
      sum = sum * 1000003 + of_row;
    }
    // Some columns are freed by other threads, now or long after.
    if (dice.Once(3)) {
      holders.emplace_back([columns = std::move(batch->columns)]() mutable {
        usleep(1000);
        columns.clear();
      });
    }
  }
  if (rows >= max_rows) reader.Stop();
  for (std::thread& holder : holders) holder.join();
  return sum;
}

}  // namespace

/** stress CASES FILE: the file is written anew for each case, and removed. */
int main(int argc, char** argv) {
  const unsigned cases = argc > 1 ? static_cast<unsigned>(std::atoi(argv[1])) : 100;
  const std::string path = argc > 2 ? argv[2] : "stress.csv";
  for (unsigned seed = 0; seed < cases; seed++) {
    Dice dice(seed);
    Plan plan = RandomPlan(dice, path);
    uint64_t sums[2];
    for (uint64_t& sum : sums) {
      plan.batch_size = static_cast<int64_t>(1 + dice.Below(700));
      plan.prefetch = static_cast<int64_t>(1 + dice.Below(3));
      // A reader that fails drops the batch it was filling, so only those that cannot are compared.
      plan.threads = static_cast<int64_t>(1 + dice.Below(5));
      TextReader reader(plan);
      sum = ReadAll(reader, 5000, dice);
    }
    if (plan.max_skipped == INT64_MAX && sums[0] != sums[1]) {
      std::fprintf(stderr, "case %u: the rows depend on the size of the batches or the threads\n", seed);
      return 1;
    }
    std::vector<PooledBlock> kept;
    {
      TextReader reader(plan);
      if (dice.Once(2)) reader.Wait(5);
      if (const std::unique_ptr<Batch> batch = reader.Next()) kept = std::move(batch->columns);
    }
  }
  std::remove(path.c_str());
  std::printf("%u cases\n", cases);
  return 0;
}
