import QualityDiversity

/// The cells of an archive as letters, the first axis to the right and the second upwards.
///
/// Cells that fall on the same letter, since there are more axes or cells than the map shows, are taken together.
struct ComparisonMap {
  /// The rows, the topmost first.
  private(set) var rows: [String] = []
  /// Whether a letter may stand for several cells.
  private(set) var isCoarse = false

  private static let widest = 48
  private static let highest = 20

  /// A map of the cells that hold something.
  ///
  /// - Parameters:
  ///   - dimensions: how many cells a grid has along each axis; nil of other kinds.
  ///   - cells: what they hold.
  ///   - letter: what the contents of one place come to.
  init<Content>(
    _ space: any Archive<Int>, dimensions: [Int]?, cells: [Int: Content], letter: ([Content]) -> Character
  ) {
    let axes = space.axes.count
    var width = min(Self.widest, dimensions?[0] ?? (axes == 1 ? Self.widest : 32))
    var height = axes == 1 ? 1 : min(Self.highest, dimensions?[1] ?? 12)
    isCoarse = axes > 2 || dimensions.map { $0[0] > width || (axes > 1 && $0[1] > height) } ?? false
    let isSampled = axes <= 2 && !isCoarse
    (width, height) = (max(1, width), max(1, height))
    var places = [[Content]](repeating: [], count: width * height)
    if isSampled {
      for row in 0..<height {
        for column in 0..<width {
          let point = [(Double(column) + 0.5) / Double(width), (Double(row) + 0.5) / Double(height)]
          let measures = zip(space.axes, point).map { $0.denormalized($1) }
          guard let cell = try? space.cell(of: measures) else { continue }
          if let content = cells[cell] { places[row * width + column] = [content] }
        }
      }
    } else {
      let centroids = space.centroids()
      for (cell, content) in cells {
        guard let centroid = centroids(cell) else { continue }
        let column = min(width - 1, Int(centroid[0] * Double(width)))
        let row = axes == 1 ? 0 : min(height - 1, Int(centroid[1] * Double(height)))
        places[row * width + column].append(content)
      }
    }
    // Letters are about twice as high as wide.
    let stretch = max(1, min(3, Self.widest / width))
    rows = (0..<height).reversed().map { row in
      (0..<width).map { column in
        String(repeating: String(letter(places[row * width + column])), count: stretch)
      }.joined()
    }
  }
}
