// The rows of one pass over the files, in order: lines, and lines out of a shuffle buffer.
#ifndef EASYREC_READER_ROWS_H_
#define EASYREC_READER_ROWS_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "byte_source.h"
#include "plan.h"
#include "random.h"

namespace easyrec::reader {

/** Receives the first line of each file; the text is valid during the call only. */
using HeaderHandler = std::function<void(int file, std::string_view header)>;

/** `while (true) { while (c.Advance()) use(c.row()); if (!c.Load()) break; }` */
class RowCursor {
 public:
  virtual ~RowCursor() = default;
  /** Steps to the next row; false when `Load` must be called first. */
  virtual bool Advance() = 0;
  /** Reads more; false at the end of the pass. Throws Problem. */
  virtual bool Load() = 0;
  /** About how many bytes of the pass's files, as they lie on disk, the rows given so far take up. */
  virtual double ConsumedBytes() const = 0;

  /** Without line end; valid until the next `Advance` or `Load`. */
  std::string_view row;
  int file = 0;
  /** From 1, a header line counted. */
  int64_t line = 0;
};

/** The lines of files, one file after the other. A `\r` is dropped wherever it stands, as TensorFlow's line reader does. */
class LineCursor : public RowCursor {
 public:
  /** `order` lists the indices of the `paths` to read; with `on_header`, first lines are not rows. */
  LineCursor(const std::vector<std::string>& paths, std::vector<int> order, HeaderHandler on_header);

  bool Advance() override;
  bool Load() override;
  double ConsumedBytes() const override;

 private:
  bool OpenNext();
  void MakeRoom();

  const std::vector<std::string>& paths_;
  const std::vector<int> order_;
  const HeaderHandler on_header_;
  std::vector<char> buffer_;
  /** Lines not yet given begin here; up to `scanned_` there is no line end, and `filled_` bytes are valid. */
  size_t begin_ = 0;
  size_t scanned_ = 0;
  size_t filled_ = 0;
  std::unique_ptr<ByteSource> source_;
  size_t next_file_ = 0;
  bool at_file_end_ = false;
  bool header_pending_ = false;
  /** Bytes on disk of the files before, and of what was read of the current one; the latter's bytes in the buffer. */
  double bytes_before_ = 0;
  double bytes_of_file_ = 0;
  double unpacked_of_file_ = 0;
};

/** Draws each row at random from the next `capacity` rows of `source`. */
class ShuffleCursor : public RowCursor {
 public:
  ShuffleCursor(std::unique_ptr<RowCursor> source, size_t capacity, Random random)
      : source_(std::move(source)), capacity_(capacity), random_(random) {}

  bool Advance() override;
  bool Load() override;
  double ConsumedBytes() const override;

 private:
  struct Slot {
    size_t start;
    size_t size;
    int64_t line;
    int file;
  };

  void Push();
  void RewriteArena(size_t incoming);

  const std::unique_ptr<RowCursor> source_;
  const size_t capacity_;
  Random random_;
  /** Waiting rows lie in one arena, which is rewritten without gaps when full: at most about twice their size. */
  std::vector<char> arena_ = std::vector<char>(1 << 16);
  size_t arena_end_ = 0;
  size_t live_bytes_ = 0;
  double taken_bytes_ = 0;
  std::vector<Slot> slots_;
  bool source_done_ = false;
};

/** The files of pass number `pass`, by their numbers, in the order in which they are read. */
std::vector<int> FileOrder(const Plan& plan, int64_t pass);

/** The random numbers with which that pass draws from its shuffle buffer. */
Random RowRandom(const Plan& plan, int64_t pass);

/** The rows of pass number `pass` over the plan's files; a pass has its own random numbers. */
std::unique_ptr<RowCursor> OpenPass(const Plan& plan, int64_t pass, const HeaderHandler& on_header);

}  // namespace easyrec::reader

#endif  // EASYREC_READER_ROWS_H_
