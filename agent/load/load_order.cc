#include "agent/load/load_order.h"

#include <algorithm>
#include <set>

namespace tenantry::load {
namespace {

constexpr char kReferences[] = R"(
SELECT DISTINCT cn.nspname || '.' || c.relname, pn.nspname || '.' || p.relname
FROM pg_constraint f
JOIN pg_class c ON c.oid = f.conrelid JOIN pg_namespace cn ON cn.oid = c.relnamespace
JOIN pg_class p ON p.oid = f.confrelid JOIN pg_namespace pn ON pn.oid = p.relnamespace
WHERE f.contype = 'f' AND f.conrelid <> f.confrelid
  AND cn.nspname || '.' || c.relname = ANY (string_to_array($1, E'\n'))
  AND pn.nspname || '.' || p.relname = ANY (string_to_array($1, E'\n')))";

std::string QualifiedTarget(const api::LoadSpec& spec, const api::Dataset& dataset) {
  const std::string& table = dataset.target.table;
  const bool has_schema = table.find('.') != std::string::npos;
  return table.empty() || has_schema ? table : spec.schema + "." + table;
}

}  // namespace

std::vector<std::size_t> ParentsFirst(
    std::size_t count, const std::vector<std::pair<std::size_t, std::size_t>>& references) {
  std::vector<std::set<std::size_t>> parents(count);
  for (const auto& [child, parent] : references) {
    if (child != parent) {
      parents[child].insert(parent);
    }
  }
  std::vector<std::size_t> order;
  std::vector<bool> placed(count, false);
  while (order.size() < count) {
    const auto is_free = [&](std::size_t index) {
      return !placed[index] && parents[index].empty();
    };
    std::size_t next = 0;
    while (next < count && !is_free(next)) {
      ++next;
    }
    if (next == count) {  // a cycle: its first one, as given
      next =
          static_cast<std::size_t>(std::find(placed.begin(), placed.end(), false) - placed.begin());
    }
    placed[next] = true;
    order.push_back(next);
    for (std::set<std::size_t>& of_child : parents) {
      of_child.erase(next);
    }
  }
  return order;
}

Result<std::vector<std::size_t>> OrderOfLoading(postgres::Connection& connection,
                                                const api::LoadSpec& spec) {
  std::vector<std::string> tables;
  std::string list;
  for (const api::LoadDataset& dataset : spec.datasets) {
    tables.push_back(QualifiedTarget(spec, dataset.dataset));
    list += (list.empty() ? "" : "\n") + tables.back();
  }
  std::vector<std::pair<std::size_t, std::size_t>> references;
  if (tables.size() > 1) {
    const postgres::Rows rows = TRY(connection.Execute(kReferences, {list}));
    for (std::size_t row = 0; row < rows.rows.size(); ++row) {
      for (std::size_t child = 0; child < tables.size(); ++child) {
        for (std::size_t parent = 0; parent < tables.size(); ++parent) {
          if (tables[child] == rows.Text(row, 0) && tables[parent] == rows.Text(row, 1)) {
            references.emplace_back(child, parent);
          }
        }
      }
    }
  }
  return ParentsFirst(tables.size(), references);
}

}  // namespace tenantry::load
