// SPDX-License-Identifier: Apache-2.0
#include "common/metrics/metrics.h"

#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>

namespace raven::metrics {
namespace {

std::vector<std::string> split(std::string_view text) {
  std::vector<std::string> parts;
  while (!text.empty()) {
    const auto comma = text.find(',');
    parts.emplace_back(text.substr(0, comma));
    text.remove_prefix(comma == std::string_view::npos ? text.size() : comma + 1);
  }
  return parts;
}

prometheus::MetricFamily family_of(const Row& row, const std::map<LabelValues, double>& values) {
  prometheus::MetricFamily family;
  family.name = row.name;
  family.help = row.help;
  const bool counter = row.kind == Kind::kCounter;
  family.type = counter ? prometheus::MetricType::Counter : prometheus::MetricType::Gauge;
  const auto names = label_names(row);
  for (const auto& [labels, value] : values) {
    prometheus::ClientMetric metric;
    for (std::size_t i = 0; i < names.size() && i < labels.size(); ++i)
      metric.label.push_back({names[i], labels[i]});
    (counter ? metric.counter.value : metric.gauge.value) = value;
    family.metric.push_back(std::move(metric));
  }
  return family;
}

}  // namespace

std::vector<std::string> label_names(const Row& row) {
  return split(row.labels);
}

void Values::set(std::size_t row, LabelValues labels, double value) {
  values_[row][std::move(labels)] = value;
}

void Values::add(std::size_t row, LabelValues labels, double value) {
  values_[row][std::move(labels)] += value;
}

void Values::clear(std::size_t row) {
  values_.erase(row);
}

void Values::merge(const Values& other) {
  for (const auto& [row, values] : other.values_)
    for (const auto& [labels, value] : values) values_[row][labels] = value;
}

Values TableBase::snapshot() const {
  std::vector<std::function<void(Values&)>> collectors;
  Values values;
  {
    const std::lock_guard lock{mutex_};
    values = values_;
    collectors = collectors_;
  }
  for (const auto& collect : collectors) collect(values);
  return values;
}

std::string TableBase::prometheus_text() const {
  const Values values = snapshot();
  std::vector<prometheus::MetricFamily> families;
  for (const auto& [row, by_labels] : values.all())
    families.push_back(family_of(rows_[row], by_labels));
  return prometheus::TextSerializer{}.Serialize(families);
}

std::string TableBase::markdown(const std::string& title) const {
  std::string out =
      "## " + title + "\n\n| metric | kind | labels | unit | meaning |\n|---|---|---|---|---|\n";
  for (const Row& row : rows_) {
    out += "| `" + std::string{row.name} + "` | ";
    out += row.kind == Kind::kCounter ? "counter" : "gauge";
    out += " | " + std::string{row.labels} + " | " + std::string{row.unit} + " | " +
           std::string{row.help} + " |\n";
  }
  return out;
}

}  // namespace raven::metrics
