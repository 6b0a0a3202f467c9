#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

// Prometheus metrics behind a small surface, so that prometheus-cpp stays in this folder.
// All classes are thread-safe. References stay valid as long as the Registry lives, unless the
// series is removed.
namespace tenantry::telemetry {

using Labels = std::map<std::string, std::string>;

class Counter {
 public:
  virtual ~Counter() = default;
  virtual void Increment(double by = 1) = 0;
  virtual double value() const = 0;
};

class Gauge {
 public:
  virtual ~Gauge() = default;
  virtual void Set(double value) = 0;
  virtual void Add(double by) = 0;
  virtual double value() const = 0;
};

class Histogram {
 public:
  virtual ~Histogram() = default;
  virtual void Observe(double value) = 0;
};

class Registry {
 public:
  static std::unique_ptr<Registry> Make();  // includes the process_* metrics
  virtual ~Registry() = default;

  // The series of that name and labels, made when it is new. `help` counts on first use.
  virtual Counter& GetCounter(const std::string& name, const std::string& help,
                              const Labels& labels = {}) = 0;
  virtual Gauge& GetGauge(const std::string& name, const std::string& help,
                          const Labels& labels = {}) = 0;
  virtual Histogram& GetHistogram(const std::string& name, const std::string& help,
                                  const std::vector<double>& buckets,
                                  const Labels& labels = {}) = 0;
  // A gauge whose series are computed whenever they are asked for: for what is in memory anyway, in
  // thousands. `read` is called by WriteText(), on any thread, and emits each series once.
  using Emit = std::function<void(const Labels& labels, double value)>;
  virtual void AddComputedGauge(const std::string& name, const std::string& help,
                                std::function<void(const Emit&)> read) = 0;
  // Removes every series of gauge `name` that has all of `labels` (an object that went).
  virtual void RemoveGauges(const std::string& name, const Labels& labels) = 0;

  // Prometheus text exposition format 0.0.4, in pieces: the series of ten thousand objects are many
  // megabytes. `write` returns false when it wants no more.
  using TextSink = std::function<bool(std::string_view piece)>;
  virtual void WriteText(const TextSink& write) const = 0;
  std::string Text() const;  // all of it
};

}  // namespace tenantry::telemetry
