internal import Foundation

/// Figures of every architecture of an enumerated space, measured once and looked up ever after.
///
/// Rows are the space's architectures in its own order; a value is NaN where it was not measured. A table is opened by
/// mapping its file, so that opening costs a checksum and memory only what is looked at. Who looks up
/// many values of a column takes `values(of:)` once; an evaluation is then the access of an array.
public struct BenchmarkTable: Sendable {
  /// The space, such as `nas-bench-201`.
  public var space: String { header.space }
  /// How many architectures there are.
  public var rowCount: Int { header.rows }
  /// The columns.
  public var columns: [BenchmarkColumn] { header.columns.map(\.column) }
  /// Where the values come from: the file that was imported, and its hash.
  public var provenance: Provenance { header.provenance }
  /// How many bytes the table has as a file.
  public var byteCount: Int { bytes.count }

  /// Where a table comes from.
  public struct Provenance: Sendable, Hashable, Codable {
    /// The name of the file that was imported.
    public var source: String
    /// The hash of that file's text, 16 hexadecimal digits.
    public var hash: String
    /// How many architectures that file had.
    public var rows: Int
  }

  let header: BenchmarkTableHeader
  /// The whole file.
  let bytes: Data
  /// Where the columns begin in it.
  let start: Int

  /// The value of an architecture; NaN where it was not measured.
  ///
  /// - Precondition: column and row are the table's.
  public func value(column: Int, row: Int) -> Double {
    precondition(header.columns.indices.contains(column) && (0..<rowCount).contains(row), "no such value")
    let stored = header.columns[column]
    return stored.encoding.value(in: bytes, at: start + stored.position, row)
  }

  /// All values of a column, by row.
  ///
  /// - Throws: `BenchmarkError.noColumn` where the table does not have it.
  public func values(of column: BenchmarkColumn) throws(BenchmarkError) -> [Double] {
    guard let index = header.columns.firstIndex(where: { $0.column == column }) else {
      throw .noColumn(wanted: "the name \(column.name)", known: header.columns.map(\.column.name))
    }
    let stored = header.columns[index]
    return (0..<rowCount).map { stored.encoding.value(in: bytes, at: start + stored.position, $0) }
  }

  /// The column of that name.
  ///
  /// - Throws: `BenchmarkError.noColumn`.
  public func column(named name: String) throws(BenchmarkError) -> BenchmarkColumn {
    guard let column = columns.first(where: { $0.name == name }) else {
      throw .noColumn(wanted: "the name \(name)", known: columns.map(\.name))
    }
    return column
  }

  /// The column that has a quantity of a task.
  ///
  /// - Parameters:
  ///   - task: such as `cifar-10`.
  ///   - quantity: what is measured.
  ///   - epochs: for how long the networks were trained; any where nil.
  ///   - family: which measurement; where nil, the first that has it in the order of the table, which has the
  ///     preferred ones first.
  /// - Throws: `BenchmarkError.noColumn`.
  public func column(
    task: String, _ quantity: BenchmarkColumn.Quantity, epochs: Int? = nil, family: String? = nil
  ) throws(BenchmarkError) -> BenchmarkColumn {
    let found = columns.first {
      $0.task == task && $0.quantity == quantity && (epochs == nil || $0.epochs == epochs)
        && (family == nil || $0.family == family)
    }
    guard let found else {
      let wanted = [
        "task \(task)", quantity.rawValue, epochs.map { "\($0) epochs" }, family.map { "family \($0)" },
      ]
      throw .noColumn(wanted: wanted.compactMap(\.self).joined(separator: ", "), known: columns.map(\.name))
    }
    return found
  }
}
