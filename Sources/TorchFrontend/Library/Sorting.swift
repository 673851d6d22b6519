extension Interpreter {
  /// A stable merge sort by Python's `<`, for comparisons may fail.
  func sorted(
    _ elements: [PythonValue], key: PythonValue, isReversed: Bool
  ) throws(Interruption) -> [PythonValue] {
    try reserve(elements.count)
    var items: [(rank: PythonValue, value: PythonValue)] = []
    for element in elements {
      items.append((isNone(key) ? element : try call(key, Arguments([element])), element))
    }
    var width = 1
    while width < items.count {
      var merged: [(rank: PythonValue, value: PythonValue)] = []
      merged.reserveCapacity(items.count)
      var start = 0
      while start < items.count {
        let middle = min(start + width, items.count)
        let end = min(start + 2 * width, items.count)
        var (left, right) = (start, middle)
        while left < middle || right < end {
          try spend(1)
          let takesRight: Bool
          if left >= middle {
            takesRight = true
          } else if right >= end {
            takesRight = false
          } else if isReversed {
            takesRight = try isLess(items[left].rank, items[right].rank)
          } else {
            takesRight = try isLess(items[right].rank, items[left].rank)
          }
          merged.append(items[takesRight ? right : left])
          if takesRight { right += 1 } else { left += 1 }
        }
        start = end
      }
      items = merged
      width *= 2
    }
    return items.map(\.value)
  }
}
