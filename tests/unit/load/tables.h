#pragma once

#include "agent/load/table.h"

namespace tenantry::load {

// music.songs: 0 tenant_id (default), 1 song_id, 2 title, 3 isrc, 4 added_at (default), 5 tags
// (text[]), 6 data (jsonb), 7 title_length (generated), 8 note (json). Primary key (tenant_id,
// song_id), unique (isrc).
inline Table SongsTable() {
  const auto column = [](const char* name, const char* type, const char* default_sql = "") {
    TableColumn made;
    made.name = name;
    made.type = type;
    made.storage_type = type;
    made.default_sql = default_sql;
    return made;
  };
  Table table = {.schema = "music",
                 .name = "songs",
                 .partitioned = false,
                 .columns = {column("tenant_id", "text", "my_tenant()"), column("song_id", "text"),
                             column("title", "text"), column("isrc", "text"),
                             column("added_at", "timestamp with time zone", "now()"),
                             column("tags", "text[]"), column("data", "jsonb"),
                             column("title_length", "integer"), column("note", "json")},
                 .unique_indexes = {{.columns = {"tenant_id", "song_id"}, .primary = true},
                                    {.columns = {"isrc"}, .primary = false}}};
  table.columns[5].type_class = TableColumn::Class::kArray;
  table.columns[6].type_class = TableColumn::Class::kJson;
  table.columns[7].generated = true;
  table.columns[8].type_class = TableColumn::Class::kJson;
  table.columns[8].comparable = false;
  return table;
}

}  // namespace tenantry::load
