import Foundation
import QualityDiversity
import Search

extension SavedArchive {
  /// A column of measures as it is read: numbers, or texts of which each is a category.
  private struct Column {
    let title: String
    let place: Int
    /// The first cell and its line; nil before there is one.
    private(set) var first: (text: String, line: Int)?
    /// The texts by their numbers, in the order of the file; none where the column holds numbers.
    private var numbers: [String: Int] = [:]

    init(title: String, place: Int) {
      self.title = title
      self.place = place
    }

    var isText: Bool { !numbers.isEmpty }

    /// The measure in a cell, of a text the number of its first place among the texts.
    ///
    /// - Throws: where it is no finite number, unless all cells are texts.
    mutating func measure(_ cell: String, _ path: String, line: Int) throws(SearchError) -> Double {
      let text = cell.trimmingCharacters(in: .whitespaces)
      defer { if first == nil { first = (text, line) } }
      guard let value = Double(text) else {
        guard !text.isEmpty, first == nil || isText else {
          throw SavedArchive.noNumber(cell, title, path, line)
        }
        if let known = numbers[text] { return Double(known) }
        numbers[text] = numbers.count
        return Double(numbers.count - 1)
      }
      if isText, let first { throw SavedArchive.noNumber(first.text, title, path, first.line) }
      guard value.isFinite else { throw SavedArchive.noNumber(cell, title, path, line) }
      return value
    }

    /// The categories in alphabetical order, and the number of each text among them.
    var categories: (names: [String], places: [Double]) {
      let names = numbers.keys.sorted()
      var places = [Double](repeating: 0, count: names.count)
      for (place, name) in names.enumerated() { places[numbers[name] ?? 0] = Double(place) }
      return (names, places)
    }
  }

  private static func noNumber(_ cell: String, _ title: String, _ path: String, _ line: Int) -> SearchError {
    SearchError("'\(path)', line \(line): '\(cell.prefix(40))' in the column '\(title)' is no finite number.")
  }

  /// Reads a table.
  ///
  /// - Parameter wanted: the columns to take as measures where the table has them all; else they are `measures_0` and so
  ///   on.
  mutating func readTable(_ data: Data, _ path: String, wanted: [String]) throws(SearchError) {
    var table = CommaSeparatedReader(data)
    guard let titles = try table.next(path) else { throw SearchError("'\(path)' is empty.") }
    var columns: [String: Int] = [:]
    for (place, title) in titles.enumerated() {
      // pandas leaves the title of its row numbers empty.
      guard columns.updateValue(place, forKey: title) == nil || title.isEmpty else {
        throw SearchError("'\(path)' has the column '\(title.prefix(40))' twice; name each column otherwise.")
      }
    }
    guard let objective = columns["objective"] else {
      throw SearchError(
        "'\(path)' lacks the column 'objective'; it has \(Self.listed(titles)).")
    }
    var measures = try Self.measures(wanted, titles, columns, path)
    let index = columns["index"]
    while let cells = try table.next(path) {
      let line = table.line
      guard cells.count == titles.count else {
        throw SearchError(
          "'\(path)', line \(line): there are \(cells.count) cells, but \(titles.count) columns.")
      }
      func number(_ column: Int) throws(SearchError) -> Double {
        guard let value = Double(cells[column].trimmingCharacters(in: .whitespaces)), value.isFinite else {
          throw Self.noNumber(cells[column], titles[column], path, line)
        }
        return value
      }
      var values: [Double] = []
      for column in measures.indices {
        values.append(try measures[column].measure(cells[measures[column].place], path, line: line))
      }
      var cell: Int?
      if let index {
        guard let value = Int(exactly: try number(index)) else {
          throw SearchError("'\(path)', line \(line): the index '\(cells[index])' is no whole number.")
        }
        cell = value
      }
      let value = try number(objective)
      guard abs(value) <= Self.objectiveLimit else {
        throw SearchError(
          "'\(path)', line \(line): the objective \(value) is too large to be reckoned with; scale all to within "
            + "±\(Self.objectiveLimit).")
      }
      rows.append(Row(objective: value, measures: values, cell: cell))
    }
    for (place, column) in measures.enumerated() { try addAxis(column, at: place, path) }
  }

  /// The columns of measures.
  private static func measures(
    _ wanted: [String], _ titles: [String], _ columns: [String: Int], _ path: String
  ) throws(SearchError) -> [Column] {
    let named = wanted.compactMap { title in columns[title].map { Column(title: title, place: $0) } }
    if !named.isEmpty, named.count == wanted.count { return named }
    let prefix = columns["measures_0"] == nil && columns["measure_0"] != nil ? "measure_" : "measures_"
    var found: [Column] = []
    while found.count < axisLimit, let place = columns["\(prefix)\(found.count)"] {
      found.append(Column(title: "\(prefix)\(found.count)", place: place))
    }
    guard !found.isEmpty else {
      let missing = wanted.first { columns[$0] == nil }
      throw SearchError(
        "'\(path)' lacks the column '\(missing ?? "measures_0")'; it has \(listed(titles))"
          + (wanted.isEmpty ? ", of which --axes can name those that hold measures." : "."))
    }
    if let stray = titles.first(where: { title in
      guard title.hasPrefix(prefix), let number = Int(title.dropFirst(prefix.count)) else { return false }
      return number >= found.count
    }) {
      throw SearchError("'\(path)' has the column '\(stray)' but lacks '\(prefix)\(found.count)'.")
    }
    return found
  }

  /// An axis of the categories in a column, or from its least to its greatest number.
  private mutating func addAxis(_ column: Column, at place: Int, _ path: String) throws(SearchError) {
    do {
      guard column.isText else {
        var bounds: (lower: Double, upper: Double)?
        for row in rows {
          let value = row.measures[place]
          bounds = (min(bounds?.lower ?? value, value), max(bounds?.upper ?? value, value))
        }
        let range = Self.range(bounds)
        axes.append(try MeasureAxis(name: column.title, lower: range.lower, upper: range.upper))
        return
      }
      let (names, places) = column.categories
      for row in rows.indices { rows[row].measures[place] = places[Int(rows[row].measures[place])] }
      axes.append(try MeasureAxis(name: column.title, categories: names))
    } catch {
      throw SearchError("'\(path)': the measures of '\(column.title)' have no range: \(error).")
    }
  }

  /// A range from the least to the greatest value; one value alone still needs a range around it.
  static func range(_ bounds: (lower: Double, upper: Double)?) -> (lower: Double, upper: Double) {
    let (lower, upper) = bounds ?? (0, 0)
    guard lower == upper else { return (lower, upper) }
    let margin = max(0.5, abs(lower) / 1024)
    return (lower - margin, upper + margin)
  }

  /// Some titles or categories, for a sentence.
  static func listed(_ titles: [String]) -> String {
    let shown = titles.prefix(8).map { "'\($0.prefix(40))'" }.joined(separator: ", ")
    return titles.count > 8 ? shown + ", …" : shown
  }
}
