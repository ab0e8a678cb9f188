// Texts as lists of terms, and how far two such lists agree.
#ifndef EASYREC_TERMS_H_
#define EASYREC_TERMS_H_

#include <algorithm>
#include <cstdint>
#include <string_view>
#include <unordered_set>
#include <vector>

namespace easyrec {

using Terms = std::vector<std::string_view>;

/** Cuts `text` at every `separator` (not empty) into `terms`, leaving out empty ones. The terms view `text`.
 */
inline void Split(std::string_view text, std::string_view separator, Terms& terms) {
  terms.clear();
  for (;;) {
    const size_t end = text.find(separator);
    const std::string_view term = text.substr(0, end);
    if (!term.empty()) terms.push_back(term);
    if (end == std::string_view::npos) return;
    text.remove_prefix(end + separator.size());
  }
}

/** How many of the query's terms, each counted as often as it stands there, occur in the title. */
inline int64_t CountCommon(const Terms& query, const Terms& title) {
  // A hash set pays only where the two lists are long: for short ones the comparisons are cheaper than the
  // hashing.
  constexpr size_t kFewComparisons = 256;
  if (query.size() * title.size() <= kFewComparisons) {
    return std::count_if(query.begin(), query.end(), [&](std::string_view term) {
      return std::find(title.begin(), title.end(), term) != title.end();
    });
  }
  const std::unordered_set<std::string_view> known(title.begin(), title.end());
  return std::count_if(query.begin(), query.end(),
                       [&](std::string_view term) { return known.count(term) != 0; });
}

/** Whether all of the query's terms stand in the title in the query's order; others may stand between them.
 */
inline bool ContainsInOrder(const Terms& title, const Terms& query) {
  auto wanted = query.begin();
  for (auto term = title.begin(); term != title.end() && wanted != query.end(); ++term) {
    if (*term == *wanted) ++wanted;
  }
  return wanted == query.end();
}

}  // namespace easyrec

#endif  // EASYREC_TERMS_H_
