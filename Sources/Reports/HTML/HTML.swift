/// A piece of HTML that is right as it is: whatever came from elsewhere was escaped on its way in.
struct HTML: Sendable, ExpressibleByStringInterpolation, ExpressibleByStringLiteral {
  /// The text of the piece.
  private(set) var text: String

  /// A piece that is written as such in the program.
  init(stringLiteral text: String) { self.text = text }

  /// Text that anybody may have written.
  init(escaping text: String) { self.text = Markup.escaped(text) }

  /// A picture.
  init(_ picture: SVG) { text = picture.fragment }

  /// Several pieces.
  init(_ pieces: some Sequence<HTML>) { text = pieces.map(\.text).joined(separator: "\n") }

  init(stringInterpolation: Interpolation) { text = stringInterpolation.text }

  /// What is put between literals: text is escaped, pieces are not.
  struct Interpolation: StringInterpolationProtocol {
    fileprivate var text = ""

    init(literalCapacity: Int, interpolationCount: Int) { text.reserveCapacity(literalCapacity) }

    mutating func appendLiteral(_ literal: String) { text += literal }
    mutating func appendInterpolation(_ text: String) { self.text += Markup.escaped(text) }
    mutating func appendInterpolation(_ number: Int) { text += "\(number)" }
    mutating func appendInterpolation(_ piece: HTML) { text += piece.text }
  }

  static func += (piece: inout HTML, other: HTML) { piece.text += other.text }
  static func + (first: HTML, second: HTML) -> HTML { HTML([first, second]) }

  /// A table with a heading; numbers are aligned to the right.
  ///
  /// - Parameters:
  ///   - columns: the titles, and whether a column holds numbers.
  ///   - isSortable: whether a click on a title sorts; then numbers are given with their order, see `Cell`.
  static func table(
    caption: String, columns: [(title: String, isNumeric: Bool)], rows: [[Cell]], isSortable: Bool = false
  ) -> HTML {
    let heads = columns.map { column -> HTML in
      column.isNumeric
        ? "<th scope=\"col\" class=\"number\">\(column.title)</th>" : "<th scope=\"col\">\(column.title)</th>"
    }
    let lines = rows.map { row -> HTML in
      let cells = zip(columns, row).map { column, cell -> HTML in
        let order: HTML = cell.order.map { " data-order=\"\(SVG.plain($0))\"" } ?? ""
        return column.isNumeric
          ? "<td class=\"number\"\(order)>\(cell.content)</td>" : "<td\(order)>\(cell.content)</td>"
      }
      return "<tr>\(HTML(cells))</tr>"
    }
    let kind: HTML = isSortable ? " class=\"sortable\"" : ""
    return """
      <div class="scroll"><table\(kind)>
      <caption>\(caption)</caption>
      <thead><tr>\(HTML(heads))</tr></thead>
      <tbody>
      \(HTML(lines))
      </tbody>
      </table></div>

      """
  }

  /// A cell of a table.
  struct Cell: Sendable {
    var content: HTML
    /// What the table is sorted by, where that is not the text.
    var order: Double?

    init(_ content: HTML, order: Double? = nil) { (self.content, self.order) = (content, order) }
    init(text: String, order: Double? = nil) { self.init(HTML(escaping: text), order: order) }
  }
}

extension SVG {
  /// A number with all its digits, for machines.
  static func plain(_ value: Double) -> String { value.isFinite ? "\(value)" : "0" }
}
