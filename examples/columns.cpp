// Reads CSV with a header line and answers the mean of every column of numbers as JSON.
#include <charconv>
#include <cstdio>
#include <iostream>
#include <sstream>
#include <string>
#include <vector>

struct Column {
  std::string name;
  double sum = 0;
  int count = 0;
};

int main() {
  std::vector<Column> columns;
  std::string line, cell;
  std::getline(std::cin, line);
  for (std::istringstream header(line); std::getline(header, cell, ',');) columns.push_back({cell});
  while (std::getline(std::cin, line)) {
    std::istringstream row(line);
    for (std::size_t at = 0; at < columns.size() && std::getline(row, cell, ','); ++at) {
      double value = 0;
      auto [end, error] = std::from_chars(cell.data(), cell.data() + cell.size(), value);
      if (error != std::errc() || end != cell.data() + cell.size()) continue;
      columns[at].sum += value;
      ++columns[at].count;
    }
  }
  const char *separator = "{";
  for (const Column &column : columns) {
    if (column.count == 0) continue;
    std::printf("%s\"%s\":%g", separator, column.name.c_str(), column.sum / column.count);
    separator = ",";
  }
  std::puts(*separator == '{' ? "{}" : "}");
}
