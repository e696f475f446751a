// Metrics: one table of rows per program, values set or collected, exposed as Prometheus text.
// SPDX-License-Identifier: Apache-2.0
//
// A program lists its rows in `metrics.def`:
//
//   METRIC(kSyncs, "raven_controller_syncs_total", kCounter, "result", "", "Passes of the loop.")
//
// (identifier, name, kind, labels separated by commas, unit, help) and turns them into an enum and
// a table with RAVEN_METRIC_ROW.  Names, docs and the exposition come from that one row.
//
// Threading: every function may be called from any thread.  Collectors run on the HTTP thread.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.h"

namespace raven::metrics {

enum class Kind { kCounter, kGauge };

struct Row {
  std::string_view name;
  Kind kind;
  std::string_view labels;  // "port,direction"
  std::string_view unit;
  std::string_view help;
};

std::vector<std::string> label_names(const Row& row);

using LabelValues = std::vector<std::string>;

// Values by row and labels.  REQUIRES: as many label values as the row has labels.
class Values {
 public:
  void set(std::size_t row, LabelValues labels, double value);
  void add(std::size_t row, LabelValues labels, double value);
  void clear(std::size_t row);
  const std::map<std::size_t, std::map<LabelValues, double>>& all() const { return values_; }
  void merge(const Values& other);

 private:
  std::map<std::size_t, std::map<LabelValues, double>> values_;
};

// What a collector writes into at each scrape.
template <class Metric>
class Sink {
 public:
  explicit Sink(Values& values) : values_{values} {}
  void set(Metric metric, LabelValues labels, double value) {
    values_.set(static_cast<std::size_t>(metric), std::move(labels), value);
  }

 private:
  Values& values_;
};

// Type-erased part: rows, values, collectors, text.
class TableBase {
 public:
  explicit TableBase(std::span<const Row> rows) : rows_{rows} {}
  std::string prometheus_text() const;
  std::string markdown(const std::string& title) const;
  // All values once, those of collectors included: (row, labels) -> value.
  Values snapshot() const;
  std::span<const Row> rows() const { return rows_; }

 protected:
  std::span<const Row> rows_;
  mutable std::mutex mutex_;
  Values values_;
  std::vector<std::function<void(Values&)>> collectors_;
};

template <class Metric>
class Table : public TableBase {
 public:
  using TableBase::TableBase;

  void set(Metric metric, LabelValues labels, double value) {
    const std::lock_guard lock{mutex_};
    values_.set(static_cast<std::size_t>(metric), std::move(labels), value);
  }
  void add(Metric metric, LabelValues labels = {}, double value = 1) {
    const std::lock_guard lock{mutex_};
    values_.add(static_cast<std::size_t>(metric), std::move(labels), value);
  }
  // Forgets all values of a metric, so that what no longer exists is not shown.
  void clear(Metric metric) {
    const std::lock_guard lock{mutex_};
    values_.clear(static_cast<std::size_t>(metric));
  }
  // `collect` is called at each scrape; it must not call back into the table.
  void on_collect(std::function<void(Sink<Metric>&)> collect) {
    const std::lock_guard lock{mutex_};
    collectors_.push_back([collect = std::move(collect)](Values& values) {
      Sink<Metric> sink{values};
      collect(sink);
    });
  }
};

#define RAVEN_METRIC_ROW(id, name, kind, labels, unit, help) \
  raven::metrics::Row{name, raven::metrics::Kind::kind, labels, unit, help},

}  // namespace raven::metrics
