import GRDB
import GRDBSQLite

/// A statement whose values are bound, and whose columns are read, one by one where SQLite has them.
///
/// For tables with a row for each candidate: GRDB boxes each value of a row and gathers them in arrays, which took as long
/// as SQLite itself.
final class DirectStatement {
  /// Keeps what the handle points to.
  private let statement: Statement
  private let handle: SQLiteStatement
  private let markCount: Int32
  private var mark: Int32 = 0
  private var bindingCode = SQLITE_OK

  /// A statement that GRDB keeps for this database; nobody else may use it meanwhile.
  ///
  /// - Throws: where it cannot be prepared.
  init(_ sql: String, in database: Database) throws {
    statement = try database.cachedStatement(sql: sql)
    handle = statement.sqliteStatement
    markCount = sqlite3_bind_parameter_count(handle)
    sqlite3_reset(handle)
  }

  deinit {
    sqlite3_reset(handle)
    sqlite3_clear_bindings(handle)
  }

  // MARK: Binding

  /// Binds the next mark.
  func bind(_ number: Int?) {
    mark += 1
    note(number.map { sqlite3_bind_int64(handle, mark, Int64($0)) } ?? sqlite3_bind_null(handle, mark))
  }

  /// Binds the next mark.
  func bind(_ number: Double?) {
    mark += 1
    note(number.map { sqlite3_bind_double(handle, mark, $0) } ?? sqlite3_bind_null(handle, mark))
  }

  /// Binds the next mark.
  func bind(_ text: String?) {
    mark += 1
    guard var text else { return note(sqlite3_bind_null(handle, mark)) }
    let code = text.withUTF8 { bytes in
      // Text without a first byte would be NULL.
      guard let start = bytes.baseAddress else { return sqlite3_bind_text(handle, mark, "", 0, nil) }
      return start.withMemoryRebound(to: CChar.self, capacity: bytes.count) {
        sqlite3_bind_text64(handle, mark, $0, UInt64(bytes.count), Self.copied, UInt8(SQLITE_UTF8))
      }
    }
    note(code)
  }

  /// SQLITE_TRANSIENT, which is no constant in Swift.
  private static var copied: sqlite3_destructor_type {
    unsafeBitCast(-1, to: sqlite3_destructor_type.self)
  }

  private func note(_ code: Int32) {
    if bindingCode == SQLITE_OK { bindingCode = code }
  }

  // MARK: Executing

  /// Executes what gives no rows; the marks are then to be bound anew.
  ///
  /// - Throws: GRDB's error where SQLite has one.
  func execute() throws {
    guard mark == markCount else {
      throw DatabaseError(
        resultCode: .SQLITE_RANGE, message: "\(mark) of \(markCount) values", sql: statement.sql)
    }
    mark = 0
    while try next() {}
  }

  /// Goes to the next row; false where there is none.
  ///
  /// - Throws: GRDB's error where SQLite has one.
  func next() throws -> Bool {
    let code = bindingCode == SQLITE_OK ? sqlite3_step(handle) : bindingCode
    if code == SQLITE_ROW { return true }
    // What went wrong must be asked before the statement is reset.
    let message = code == SQLITE_DONE ? nil : String(cString: sqlite3_errmsg(sqlite3_db_handle(handle)))
    sqlite3_reset(handle)
    bindingCode = SQLITE_OK
    guard code == SQLITE_DONE else {
      throw DatabaseError(resultCode: ResultCode(rawValue: code), message: message, sql: statement.sql)
    }
    return false
  }

  // MARK: Reading

  /// The whole number in a column of the present row; nil where it is NULL.
  func integerOrNull(_ column: Int) -> Int? {
    isNull(column) ? nil : Int(sqlite3_column_int64(handle, Int32(column)))
  }

  /// The number in a column of the present row; nil where it is NULL.
  func numberOrNull(_ column: Int) -> Double? {
    isNull(column) ? nil : sqlite3_column_double(handle, Int32(column))
  }

  /// The text in a column of the present row; nil where it is NULL.
  func textOrNull(_ column: Int) -> String? {
    // As bytes, for SQLite would copy text to put a zero behind it. Text without bytes has no place.
    guard let start = sqlite3_column_blob(handle, Int32(column)) else { return isNull(column) ? nil : "" }
    let count = Int(sqlite3_column_bytes(handle, Int32(column)))
    return String(decoding: UnsafeRawBufferPointer(start: start, count: count), as: UTF8.self)
  }

  /// Whether a column of the present row is NULL.
  func isNull(_ column: Int) -> Bool { sqlite3_column_type(handle, Int32(column)) == SQLITE_NULL }

  /// The whole number in a column that is never NULL in a run of ours.
  func integer(_ column: Int) throws -> Int {
    guard let value = integerOrNull(column) else { throw RunText.unreadable }
    return value
  }

  /// The number in a column that is never NULL in a run of ours.
  func number(_ column: Int) throws -> Double {
    guard let value = numberOrNull(column) else { throw RunText.unreadable }
    return value
  }

  /// The text in a column that is never NULL in a run of ours.
  func text(_ column: Int) throws -> String {
    guard let value = textOrNull(column) else { throw RunText.unreadable }
    return value
  }
}
