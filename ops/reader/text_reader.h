// Text files: one thread reads and splits, others parse, and the reader's own puts the rows together again.
#ifndef EASYREC_READER_TEXT_READER_H_
#define EASYREC_READER_TEXT_READER_H_

#include <memory>
#include <string_view>
#include <thread>
#include <vector>

#include "batch_reader.h"
#include "row_blocks.h"
#include "row_parser.h"
#include "rows.h"

namespace easyrec::reader {

class TextReader : public BatchReader {
 public:
  explicit TextReader(Plan plan);
  ~TextReader() override;

 protected:
  bool ReadAll() override;
  void OnStop() override { blocks_.Stop(); }

 private:
  /** Both are false when stopped. */
  bool Resume();
  bool TakeBlocks();
  bool TakeBlock(const RowBlock& block);
  void LeapOverPasses(int64_t& remaining);
  void OpenRows(int64_t pass);
  void TakeHeader(int file, std::string_view header);

  void SplitRows();
  void SplitAll(std::unique_ptr<RowBlock>& block);
  void ParseBlocks(RowParser& parser);

  BlockExchange blocks_;
  /** One for each thread that parses. */
  std::vector<std::unique_ptr<RowParser>> parsers_;

  // Of the reader's own thread until it has resumed, of the splitting thread afterwards.
  std::unique_ptr<RowCursor> rows_;
  RowParser header_parser_;
  /** By file; with headers, known once the file was opened. */
  std::vector<std::shared_ptr<const FileLayout>> layouts_;
  int64_t split_pass_ = 0;
};

}  // namespace easyrec::reader

#endif  // EASYREC_READER_TEXT_READER_H_
