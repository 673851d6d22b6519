import Foundation
import RandomStreams
import Testing

@testable import Reports

@Suite("Figures and tables for people")
struct FiguresTests {
  @Test("Fixed decimals, by hand")
  func fixed() {
    #expect(Figures.fixed(0, 2) == "0.00" && Figures.fixed(-0.0, 1) == "0.0")
    #expect(
      Figures.fixed(1.005, 1) == "1.0" && Figures.fixed(0.05, 1) == "0.1"
        && Figures.fixed(9.996, 2) == "10.00")
    #expect(
      Figures.fixed(-1.5, 0) == "-2" && Figures.fixed(-0.4, 0) == "0" && Figures.fixed(-0.04, 1) == "0.0")
    #expect(Figures.fixed(3.14159, 3) == "3.142" && Figures.fixed(12, 0) == "12")
    #expect(Figures.fixed(.nan, 2) == "nan" && Figures.fixed(-.infinity, 2) == "-inf")
    #expect(Figures.fixed(9e14, 2) == "900000000000000.0" && Figures.fixed(1e300, 2) == "1e+300")
    #expect(Figures.percent(0.88449) == "88.4 %" && Figures.percent(1, decimals: 0) == "100 %")
  }

  @Test("Fixed decimals agree with C's printf, halves aside", arguments: 0..<20)
  func againstPrintf(seed: UInt64) {
    var random = RandomStream(seed: seed)
    for _ in 0..<100 {
      let value = random.normal() * [1e-3, 1, 100, 1e6][random.integer(below: 4)]
      let decimals = random.integer(below: 5)
      let expected = String(format: "%.\(decimals)f", value)
      let isNegativeZero = expected.allSatisfy { "-0.".contains($0) }
      #expect(
        Figures.fixed(value, decimals)
          == (isNegativeZero ? expected.replacingOccurrences(of: "-", with: "") : expected))
    }
  }

  @Test("Counts in short")
  func short() {
    let expected: [(Double, String)] = [
      (0, "0"), (7, "7"), (999, "999"), (1000, "1.00 k"), (13_312, "13.3 k"), (123_456, "123 k"),
      (1_520_000, "1.52 M"),
      (5e9, "5.00 G"), (2.5, "2.50"), (12.34, "12.3"), (-1500, "-1.50 k"), (5e14, "500000 G"),
    ]
    for (value, text) in expected { #expect(Figures.short(value) == text) }
  }

  @Test("Columns are aligned, numbers to the right")
  func table() {
    var table = TextTable(["name", "count", "note"], numbers: [1])
    table.add(["é😀", "7", "x"])
    table.add(["longer", "12345", ""])
    table.add(["short"])
    table.add(["many", "1", "2", "3", "4"])
    #expect(table.text == "name    count  note\né😀          7  x\nlonger  12345\nshort\nmany        1  2")
    #expect(TextTable([]).text == "")
  }
}
