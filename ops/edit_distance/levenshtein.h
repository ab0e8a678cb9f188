// The Levenshtein distance of two sequences.
#ifndef EASYREC_LEVENSHTEIN_H_
#define EASYREC_LEVENSHTEIN_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace easyrec {

/**
 * The least number of insertions, deletions and substitutions of one element that turn `a` into `b`.
 * Time |a|·|b| after equal ends are cut off, memory one row of the shorter sequence in `row`, which is
 * reused.
 */
template <typename Sequence>
int64_t Levenshtein(const Sequence& a, const Sequence& b, std::vector<int64_t>& row) {
  auto a_begin = a.begin(), a_end = a.end();
  auto b_begin = b.begin(), b_end = b.end();
  while (a_begin != a_end && b_begin != b_end && *a_begin == *b_begin) ++a_begin, ++b_begin;
  while (a_begin != a_end && b_begin != b_end && *(a_end - 1) == *(b_end - 1)) --a_end, --b_end;
  if (a_end - a_begin < b_end - b_begin) {
    std::swap(a_begin, b_begin);
    std::swap(a_end, b_end);
  }
  const size_t columns = static_cast<size_t>(b_end - b_begin);
  row.resize(columns + 1);
  for (size_t j = 0; j <= columns; j++) row[j] = static_cast<int64_t>(j);
  int64_t deleted = 0;
  for (auto x = a_begin; x != a_end; ++x) {
    int64_t diagonal = deleted++;
    row[0] = deleted;
    for (size_t j = 0; j < columns; j++) {
      const int64_t substituted = diagonal + (*x == b_begin[static_cast<std::ptrdiff_t>(j)] ? 0 : 1);
      diagonal = row[j + 1];
      row[j + 1] = std::min(std::min(row[j], diagonal) + 1, substituted);
    }
  }
  return row[columns];
}

}  // namespace easyrec

#endif  // EASYREC_LEVENSHTEIN_H_
