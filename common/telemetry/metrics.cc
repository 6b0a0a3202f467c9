#include "common/telemetry/metrics.h"

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include "common/base/mutex.h"
#include "common/telemetry/process_metrics.h"

namespace tenantry::telemetry {
namespace {

class PrometheusCounter final : public Counter {
 public:
  explicit PrometheusCounter(prometheus::Counter& series) : series_(series) {}
  void Increment(double by) override { series_.Increment(by); }
  double value() const override { return series_.Value(); }

 private:
  prometheus::Counter& series_;
};

class PrometheusGauge final : public Gauge {
 public:
  explicit PrometheusGauge(prometheus::Gauge& series) : series_(series) {}
  void Set(double value) override { series_.Set(value); }
  void Add(double by) override { series_.Increment(by); }
  double value() const override { return series_.Value(); }
  prometheus::Gauge& series() { return series_; }

 private:
  prometheus::Gauge& series_;
};

class PrometheusHistogram final : public Histogram {
 public:
  explicit PrometheusHistogram(prometheus::Histogram& series) : series_(series) {}
  void Observe(double value) override { series_.Observe(value); }

 private:
  prometheus::Histogram& series_;
};

bool HasAll(const Labels& labels, const Labels& wanted) {
  return std::all_of(wanted.begin(), wanted.end(), [&labels](const auto& label) {
    const auto found = labels.find(label.first);
    return found != labels.end() && found->second == label.second;
  });
}

// As the text format asks for it.
std::string EscapeLabel(const std::string& value) {
  std::string escaped;
  for (const char c : value) {
    if (c == '\\' || c == '"') {
      escaped += '\\';
    }
    escaped += c == '\n' ? std::string("\\n") : std::string(1, c);
  }
  return escaped;
}

std::string FormatNumber(double value) {
  std::array<char, 32> text{};
  const auto end = std::to_chars(text.data(), text.data() + text.size(), value).ptr;
  return {text.data(), end};
}

// Collects small texts and hands them on in pieces.
class PieceWriter {
 public:
  explicit PieceWriter(const Registry::TextSink& write) : write_(write) {}

  void Append(std::string_view text) {
    if (!ended_) {
      piece_ += text;
    }
    if (piece_.size() >= kPieceBytes) {
      Flush();
    }
  }

  void Flush() {
    ended_ = ended_ || (!piece_.empty() && !write_(piece_));
    piece_.clear();
  }

 private:
  static constexpr std::size_t kPieceBytes = 32 << 10;
  const Registry::TextSink& write_;
  std::string piece_;
  bool ended_ = false;
};

// The series of one metric name.
template <class Wrapper, class Series>
struct Metric {
  prometheus::Family<Series>* family = nullptr;
  std::map<Labels, std::unique_ptr<Wrapper>> series;
};

class PrometheusRegistry final : public Registry {
 public:
  Counter& GetCounter(const std::string& name, const std::string& help,
                      const Labels& labels) override {
    const MutexLock lock(mutex_);
    auto& metric = counters_[name];
    if (metric.family == nullptr) {
      metric.family = &prometheus::BuildCounter().Name(name).Help(help).Register(registry_);
    }
    return GetSeries(metric, labels);
  }

  Gauge& GetGauge(const std::string& name, const std::string& help, const Labels& labels) override {
    const MutexLock lock(mutex_);
    auto& metric = gauges_[name];
    if (metric.family == nullptr) {
      metric.family = &prometheus::BuildGauge().Name(name).Help(help).Register(registry_);
    }
    return GetSeries(metric, labels);
  }

  Histogram& GetHistogram(const std::string& name, const std::string& help,
                          const std::vector<double>& buckets, const Labels& labels) override {
    const MutexLock lock(mutex_);
    auto& metric = histograms_[name];
    if (metric.family == nullptr) {
      metric.family = &prometheus::BuildHistogram().Name(name).Help(help).Register(registry_);
    }
    return GetSeries(metric, labels, buckets);
  }

  void RemoveGauges(const std::string& name, const Labels& labels) override {
    const MutexLock lock(mutex_);
    const auto metric = gauges_.find(name);
    if (metric == gauges_.end()) {
      return;
    }
    std::erase_if(metric->second.series, [&](const auto& entry) {
      if (!HasAll(entry.first, labels)) {
        return false;
      }
      metric->second.family->Remove(&entry.second->series());
      return true;
    });
  }

  void WriteText(const TextSink& write) const override {
    std::vector<prometheus::MetricFamily> families = registry_.Collect();
    for (prometheus::MetricFamily& family : CollectProcessMetrics()) {
      families.push_back(std::move(family));
    }
    // A stable order reads better, and a family without series is noise.
    std::erase_if(families, [](const auto& family) { return family.metric.empty(); });
    std::sort(families.begin(), families.end(),
              [](const auto& a, const auto& b) { return a.name < b.name; });
    PieceWriter pieces(write);
    pieces.Append(prometheus::TextSerializer().Serialize(families));
    for (const ComputedGauge& gauge : ComputedGauges()) {
      AppendComputed(gauge, pieces);
    }
    pieces.Flush();
  }

  void AddComputedGauge(const std::string& name, const std::string& help,
                        std::function<void(const Emit&)> read) override {
    const MutexLock lock(mutex_);
    computed_.push_back({name, help, std::move(read)});
  }

 private:
  template <class Wrapper, class Series, class... Arguments>
  static Wrapper& GetSeries(Metric<Wrapper, Series>& metric, const Labels& labels,
                            const Arguments&... arguments) {
    std::unique_ptr<Wrapper>& series = metric.series[labels];
    if (series == nullptr) {
      series = std::make_unique<Wrapper>(metric.family->Add(labels, arguments...));
    }
    return *series;
  }

  struct ComputedGauge {
    std::string name;
    std::string help;
    std::function<void(const Emit&)> read;
  };
  // A copy: whoever reads them may be slow.
  std::vector<ComputedGauge> ComputedGauges() const {
    const MutexLock lock(mutex_);
    return computed_;
  }
  // Straight into the text: as objects, a hundred thousand series would be a hundred megabytes.
  static void AppendComputed(const ComputedGauge& gauge, PieceWriter& pieces) {
    pieces.Append("# HELP " + gauge.name + " " + gauge.help + "\n# TYPE " + gauge.name +
                  " gauge\n");
    std::string line;
    gauge.read([&](const Labels& labels, double value) {
      line = gauge.name;
      char before = '{';
      for (const auto& [label, label_value] : labels) {
        line += before;
        line.append(label).append("=\"").append(EscapeLabel(label_value)) += '"';
        before = ',';
      }
      line.append(labels.empty() ? " " : "} ").append(FormatNumber(value)) += '\n';
      pieces.Append(line);
    });
  }

  prometheus::Registry registry_;
  mutable Mutex mutex_;
  std::vector<ComputedGauge> computed_ GUARDED_BY(mutex_);
  std::map<std::string, Metric<PrometheusCounter, prometheus::Counter>> counters_
      GUARDED_BY(mutex_);
  std::map<std::string, Metric<PrometheusGauge, prometheus::Gauge>> gauges_ GUARDED_BY(mutex_);
  std::map<std::string, Metric<PrometheusHistogram, prometheus::Histogram>> histograms_
      GUARDED_BY(mutex_);
};

}  // namespace

std::string Registry::Text() const {
  std::string text;
  WriteText([&text](std::string_view piece) {
    text += piece;
    return true;
  });
  return text;
}

std::unique_ptr<Registry> Registry::Make() { return std::make_unique<PrometheusRegistry>(); }

}  // namespace tenantry::telemetry
