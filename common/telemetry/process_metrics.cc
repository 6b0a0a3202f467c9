#include "common/telemetry/process_metrics.h"

#include <prometheus/metric_type.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <sstream>
#include <string>
#include <system_error>

namespace tenantry::telemetry {
namespace {

prometheus::MetricFamily MakeFamily(const std::string& name, const std::string& help,
                                    prometheus::MetricType type, double value) {
  prometheus::MetricFamily family;
  family.name = name;
  family.help = help;
  family.type = type;
  prometheus::ClientMetric metric;
  metric.counter.value = value;
  metric.gauge.value = value;
  family.metric.push_back(metric);
  return family;
}

// Fields of /proc/self/stat that follow the command name in parentheses: [0] is the state (field 3
// of proc(5)).
std::vector<std::string> ReadStatFields() {
  std::ifstream file("/proc/self/stat");
  const std::string text{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  const std::size_t end_of_name = text.rfind(')');
  if (end_of_name == std::string::npos) {
    return {};
  }
  std::istringstream rest(text.substr(end_of_name + 1));
  return {std::istream_iterator<std::string>(rest), std::istream_iterator<std::string>()};
}

std::optional<double> ReadBootTime() {
  std::ifstream file("/proc/stat");
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("btime ")) {
      return std::strtod(line.c_str() + 6, nullptr);
    }
  }
  return std::nullopt;
}

void AddStatMetrics(std::vector<prometheus::MetricFamily>& families) {
  constexpr std::size_t kUserTime = 11;
  constexpr std::size_t kSystemTime = 12;
  constexpr std::size_t kStartTime = 19;
  constexpr std::size_t kVirtualBytes = 20;
  constexpr std::size_t kResidentPages = 21;
  const std::vector<std::string> fields = ReadStatFields();
  if (fields.size() <= kResidentPages) {
    return;
  }
  const auto number = [&fields](std::size_t index) {
    return std::strtod(fields[index].c_str(), nullptr);
  };
  const auto ticks = static_cast<double>(sysconf(_SC_CLK_TCK));
  const auto page = static_cast<double>(sysconf(_SC_PAGESIZE));
  using prometheus::MetricType;
  families.push_back(
      MakeFamily("process_cpu_seconds_total", "Total user and system CPU time spent in seconds.",
                 MetricType::Counter, (number(kUserTime) + number(kSystemTime)) / ticks));
  families.push_back(MakeFamily("process_resident_memory_bytes", "Resident memory size in bytes.",
                                MetricType::Gauge, number(kResidentPages) * page));
  families.push_back(MakeFamily("process_virtual_memory_bytes", "Virtual memory size in bytes.",
                                MetricType::Gauge, number(kVirtualBytes)));
  if (const auto boot_time = ReadBootTime()) {
    families.push_back(MakeFamily("process_start_time_seconds",
                                  "Start time of the process since unix epoch in seconds.",
                                  MetricType::Gauge, *boot_time + number(kStartTime) / ticks));
  }
}

void AddFileMetrics(std::vector<prometheus::MetricFamily>& families) {
  using prometheus::MetricType;
  std::error_code error;
  const std::filesystem::directory_iterator open_files("/proc/self/fd", error);
  if (!error) {
    const auto count = std::distance(begin(open_files), end(open_files));
    families.push_back(MakeFamily("process_open_fds", "Number of open file descriptors.",
                                  MetricType::Gauge, static_cast<double>(count)));
  }
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
    families.push_back(MakeFamily("process_max_fds", "Maximum number of open file descriptors.",
                                  MetricType::Gauge, static_cast<double>(limit.rlim_cur)));
  }
}

}  // namespace

std::vector<prometheus::MetricFamily> CollectProcessMetrics() {
  std::vector<prometheus::MetricFamily> families;
  AddStatMetrics(families);
  AddFileMetrics(families);
  return families;
}

}  // namespace tenantry::telemetry
