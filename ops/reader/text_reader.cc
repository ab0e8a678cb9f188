#include "text_reader.h"

#include <algorithm>
#include <string>

namespace easyrec::reader {
namespace {

/** Blocks that are split or put together; each thread that parses has two more. */
constexpr size_t kBlocks = 3;

size_t ThreadsOf(const Plan& plan) { return static_cast<size_t>(std::max<int64_t>(plan.threads, 1)); }

}  // namespace

TextReader::TextReader(Plan plan)
    : BatchReader(std::move(plan)),
      blocks_(kBlocks + 2 * ThreadsOf(plan_)),
      header_parser_(plan_, 1, 0),
      layouts_(plan_.paths.size()) {
  for (size_t i = 0; i < ThreadsOf(plan_); i++) {
    parsers_.push_back(std::make_unique<RowParser>(plan_, static_cast<int64_t>(kBlockRows), kBlocks + 2));
  }
  if (!plan_.with_header) {
    std::fill(layouts_.begin(), layouts_.end(), std::make_shared<FileLayout>(header_parser_.PlainLayout()));
  }
  Start();
}

TextReader::~TextReader() {
  Stop();
  Join();
}

bool TextReader::ReadAll() {
  OpenRows(pass_);
  if (!Resume()) return false;
  if (is_over()) return true;
  std::vector<std::thread> threads;
  bool finished = false;
  const std::unique_ptr<Problem> problem = Attempt([&] {
    threads.emplace_back([this] { SplitRows(); });
    for (const auto& parser : parsers_) threads.emplace_back([this, &parser] { ParseBlocks(*parser); });
    finished = TakeBlocks();
  });
  // No row of the other threads' is wanted any more.
  blocks_.Stop();
  for (std::thread& thread : threads) thread.join();
  if (problem != nullptr) throw Problem(*problem);
  return finished;
}

/** Passes over the rows that an earlier run delivered. Nothing is parsed unless bad rows may be among them. */
bool TextReader::Resume() {
  std::vector<char> padded;
  int64_t remaining = plan_.position;
  while (remaining > 0 && !is_over()) {
    if (stopped_) return false;
    if (rows_->Advance()) {
      bool fits = true;
      if (plan_.max_skipped != kFailOnBadRow) {
        // What stands behind the row in the cursor's memory cannot always be read.
        padded.assign(rows_->row.begin(), rows_->row.end());
        padded.resize(rows_->row.size() + kPadding);
        const std::string_view text(padded.data(), rows_->row.size());
        const FileLayout& layout = *layouts_[static_cast<size_t>(rows_->file)];
        fits = header_parser_.Parse(layout, 0, text);
        if (!fits) AddBadRow({rows_->file, rows_->line, std::string(text), layout.header});
      }
      if (fits) {
        usable_in_pass_++;
        remaining--;
      }
    } else if (!rows_->Load()) {
      LeapOverPasses(remaining);
    }
  }
  position_ = plan_.position - remaining;
  split_pass_ = pass_;
  return true;
}

/** After a pass was read to its end: goes on to the pass in which the remaining rows end. */
void TextReader::LeapOverPasses(int64_t& remaining) {
  const int64_t rows_of_pass = usable_in_pass_;
  const int64_t skipped_of_pass = skipped_ - skipped_before_pass_;
  BeginPass(pass_ + 1);
  Leap(rows_of_pass, skipped_of_pass, remaining);
  if (!is_over()) OpenRows(pass_);
}

bool TextReader::TakeBlocks() {
  for (;;) {
    std::unique_ptr<RowBlock> block = blocks_.TakeParsed();
    if (block == nullptr || !TakeBlock(*block)) return false;
    if (block->problem != nullptr) throw Problem(*block->problem);
    if (block->last) return true;
    blocks_.GiveEmpty(std::move(block));
  }
}

bool TextReader::TakeBlock(const RowBlock& block) {
  int64_t first = 0;
  int64_t count = 0;
  const auto append = [&] {
    if (count > 0) columns_.Append(block.columns, first, count);
    first += count;
    count = 0;
  };
  for (const Item& item : block.items) {
    if (item.kind == Item::Kind::kEndOfPass) {
      BeginPass(pass_ + 1);
    } else if (!item.fits) {
      AddBadRow({item.file, item.line, KeepsBadRows() ? std::string(block.Text(item)) : "", item.layout->header});
    } else {
      count++;
      if (!CountRow()) continue;
      append();
      Measure(item.consumed);
      if (!Deliver()) return false;
    }
  }
  append();
  return !stopped_;
}

void TextReader::OpenRows(int64_t pass) {
  HeaderHandler on_header;
  if (plan_.with_header) on_header = [this](int file, std::string_view header) { TakeHeader(file, header); };
  rows_ = OpenPass(plan_, pass, on_header);
}

void TextReader::TakeHeader(int file, std::string_view header) {
  FileLayout layout;
  if (!header_parser_.HeaderLayout(header, layout)) {
    Problem problem;
    problem.kind = ProblemKind::kHeader;
    problem.file = file;
    problem.text = std::string(header);
    throw problem;
  }
  layouts_[static_cast<size_t>(file)] = std::make_shared<FileLayout>(std::move(layout));
}

void TextReader::SplitRows() {
  std::unique_ptr<RowBlock> block = blocks_.TakeEmpty();
  if (block == nullptr) return;
  std::unique_ptr<Problem> problem = Attempt([&] { SplitAll(block); });
  if (block == nullptr) return;
  block->problem = std::move(problem);
  block->last = true;
  blocks_.GiveFull(std::move(block));
}

/** Hands over all blocks but the last; leaves null when stopped. */
void TextReader::SplitAll(std::unique_ptr<RowBlock>& block) {
  const auto hand_over = [&] {
    blocks_.GiveFull(std::move(block));
    block = blocks_.TakeEmpty();
    return block != nullptr;
  };
  int64_t rows_of_pass = 0;
  for (;;) {
    Item item;
    if (rows_->Advance()) {
      rows_of_pass++;
      item.line = rows_->line;
      item.file = rows_->file;
      item.consumed = rows_->ConsumedBytes();
      block->Add(item, rows_->row, layouts_[static_cast<size_t>(rows_->file)]);
      if (block->IsFull() && !hand_over()) return;
    } else if (!rows_->Load()) {
      item.kind = Item::Kind::kEndOfPass;
      block->Add(item, {}, nullptr);
      if (split_pass_ == last_pass_) return;
      // Reading ends when a pass had no rows: it is not to be kept waiting.
      if ((rows_of_pass == 0 || block->IsFull()) && !hand_over()) return;
      rows_of_pass = 0;
      OpenRows(++split_pass_);
    }
    if (stopped_) {
      block.reset();
      return;
    }
  }
}

void TextReader::ParseBlocks(RowParser& parser) {
  while (std::unique_ptr<RowBlock> block = blocks_.TakeFull()) {
    block->Parse(parser);
    blocks_.GiveParsed(std::move(block));
  }
}

}  // namespace easyrec::reader
