#pragma once

#include <string>

#include "agent/load/read/inspect.h"

// An inspection as text. Pure.
namespace tenantry::cli {

// For people: what the file is, its columns, its first rows, its problems.
std::string InspectionTable(const load::Inspection& inspection);

// For programs; names and meanings stay:
//   file, format (csv, json, ndjson), dialect (of CSV: delimiter, quote, escape, comment, header,
//   headerLine, titleLines, lineEnds; of JSON: shape), encoding, compression (null: none), bytes
//   and lines (of the decoded text, to the last record's end), records (with the rejected ones),
//   rejected, columns [name, type, nullable, values, empty, distinct, distinctExact, longest (in
//   bytes), examples, format (of dates that are not ISO 8601, else null), dateOrder (YMD, MDY, DMY;
//   null: no date), dateOrderProven], preview (rows of texts and nulls), problems [kind (rejected,
//   mended, misfit), record, line, byte, column (null: unknown), what], problemCount (of all;
//   `problems` has the first hundred of them)
std::string InspectionJson(const load::Inspection& inspection, const std::string& file);

}  // namespace tenantry::cli
