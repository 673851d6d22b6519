import Foundation
import QualityDiversity
import RandomStreams
import Testing

@testable import Reports

@Suite("Scales of pictures")
struct ScaleTests {
  @Test("Ticks by hand")
  func ticksByHand() {
    #expect(Scale(0, 200).ticks(atMost: 5).map(\.label) == ["0", "50", "100", "150", "200"])
    #expect(
      Scale(0, 1, unit: .share).ticks(atMost: 5).map(\.label) == [
        "0 %", "20 %", "40 %", "60 %", "80 %", "100 %",
      ])
    #expect(Scale(0.82, 0.92, unit: .share).ticks(atMost: 5).map(\.label).first == "82 %")
    #expect(Scale(0.901, 0.906, unit: .share).ticks(atMost: 5).map(\.label).first == "90.1 %")
    #expect(Scale(0, 5e6).ticks(atMost: 5).map(\.label) == ["0", "1 M", "2 M", "3 M", "4 M", "5 M"])
    #expect(Scale(0, 25_000).ticks(atMost: 5).map(\.label) == ["0", "5 k", "10 k", "15 k", "20 k", "25 k"])
    #expect(Scale(0, 2e-9).ticks(atMost: 4).map(\.label) == ["0", "5e-10", "10e-10", "15e-10", "20e-10"])
    let decades = Scale(1, 1e5, kind: .logarithmic).ticks(atMost: 8)
    #expect(decades.map(\.label).filter { !$0.isEmpty } == ["1", "10", "100", "1 k", "10 k", "100 k"])
    // 2…9 of each decade, and the powers of ten.
    #expect(decades.count == 5 * 9 + 1)
    let few = Scale(5e3, 5e6, kind: .logarithmic).ticks(atMost: 12).map(\.label).filter { !$0.isEmpty }
    #expect(few == ["5 k", "10 k", "20 k", "50 k", "100 k", "200 k", "500 k", "1 M", "2 M", "5 M"])
    let names = Scale(0, 0, kind: .categories(["a", "b", "c", "d"])).ticks(atMost: 9)
    #expect(
      names.map(\.label) == ["a", "b", "c", "d"] && names.map(\.position) == [0.125, 0.375, 0.625, 0.875])
  }

  @Test(
    "Ticks are round, in order, within the scale and as many as asked for, for any range",
    arguments: [
      (0.0, 200.0, false), (200e6, 5e9, false), (-1, 1, false), (0, 1e-9, false), (0.5, 128, true),
      (5e3, 5e6, true),
      (1, 1e12, true), (1e-300, 1e300, true), (.leastNonzeroMagnitude, 1, true), (1e-30, 2e-30, true),
      (-1e300, 1e300, false), (1e6, 1e6 + 5, false), (3, 3, false), (.nan, 1, false),
      (-.infinity, .infinity, true),
    ])
  func anyRange(lower: Double, upper: Double, isLogarithmic: Bool) {
    let scale = Scale(lower, upper, kind: isLogarithmic ? .logarithmic : .linear)
    for limit in [0, 1, 2, 5, 13] {
      let ticks = scale.ticks(atMost: limit)
      let labelled = ticks.filter { !$0.label.isEmpty }
      #expect(!labelled.isEmpty && labelled.count <= max(2, limit) + 3, "\(labelled.count) of \(limit)")
      #expect(ticks.allSatisfy { $0.value.isFinite && (0...1).contains($0.position) })
      #expect(zip(ticks, ticks.dropFirst()).allSatisfy { $0.value < $1.value })
      #expect(Set(labelled.map(\.label)).count == labelled.count, "\(labelled.map(\.label))")
    }
  }

  @Test("A scale that covers values holds them all and ends at its ticks")
  func covering() {
    var stream = RandomStream(seed: 5).stream("scales")
    for _ in 0..<200 {
      let size = pow(10, stream.uniform(-8, 9))
      let values = (0..<1 + stream.integer(below: 9)).map { _ in stream.uniform(-1, 1) * size }
      let scale = Scale(covering: values)
      #expect(values.allSatisfy { scale.lower <= $0 && $0 <= scale.upper }, "\(values)")
      #expect(
        scale.upper - scale.lower <= 3 * max(1e-9, (values.max() ?? 0) - (values.min() ?? 0))
          || values.count == 1)
    }
    #expect(Scale(covering: []).upper == 1)
    let constant = Scale(covering: [0.87, 0.87], unit: .share)
    #expect(constant.lower < 0.87 && constant.upper > 0.87 && constant.upper - constant.lower < 0.2)
    #expect(Scale(covering: [0.98, 1], unit: .share).upper == 1)
    #expect(Scale(covering: [3, 20, .nan, .infinity], includesZero: true).lower == 0)
    let logarithmic = Scale(covering: [0, 3, 4000], kind: .logarithmic)
    #expect(logarithmic.lower == 1 && logarithmic.upper == 10_000)
  }

  @Test("An axis's scale places values where the archive does")
  func axes() throws {
    var stream = RandomStream(seed: 6).stream("axes")
    let axes = [
      try MeasureAxis(name: "a", lower: -3, upper: 9),
      try MeasureAxis(name: "b", lower: 0.5, upper: 128, scale: .logarithmic),
      try MeasureAxis(name: "c", categories: ["x", "y", "z"]),
    ]
    for axis in axes {
      let scale = Scale(axis)
      for _ in 0..<50 {
        let value = axis.denormalized(stream.uniform(0, 1))
        #expect(abs(scale.position(value) - axis.normalized(value)) < 1e-12)
      }
    }
    #expect(axes[1].label == "b (log scale)" && axes[2].label == "c")
    #expect(try MeasureAxis(name: "macs", lower: 0, upper: 1).label == "MACs")
  }

  @Test("Colours: ends and middle as published, contrast as WCAG defines it")
  func colours() {
    #expect(
      ColourScale.viridis.colour(at: 0).hex == "#440154" && ColourScale.viridis.colour(at: 1).hex == "#fde725"
    )
    // matplotlib's viridis has 0x21918c in the middle, cividis 0x7c7b78.
    for (scale, middle) in [(ColourScale.viridis, Colour(0x21918C)), (.cividis, Colour(0x7C7B78))] {
      let got = scale.colour(at: 0.5)
      for channel in [\Colour.red, \.green, \.blue] {
        #expect(abs(Int(got[keyPath: channel]) - Int(middle[keyPath: channel])) <= 3, "\(scale) \(got.hex)")
      }
    }
    for scale in ColourScale.allCases {
      #expect(scale.colour(at: -3) == scale.colour(at: 0) && scale.colour(at: 7) == scale.colour(at: 1))
      #expect(scale.colour(at: .nan) == scale.colour(at: 0))
      for step in 0...100 {
        let colour = scale.colour(at: Double(step) / 100)
        #expect(colour.contrast(with: colour.legibleInk) >= 4.5)
      }
    }
    for scale in [ColourScale.viridis, .cividis] {
      let luminances = (0...50).map { scale.colour(at: Double($0) / 50).luminance }
      #expect(luminances == luminances.sorted(), "brighter is more")
    }
    #expect(abs(Colour(0).contrast(with: Colour(0xFFFFFF)) - 21) < 1e-9)
    #expect(abs(Colour(0x777777).contrast(with: Colour(0xFFFFFF)) - 4.48) < 0.01)
  }

  @Test("Both themes have the contrast that reading and telling apart need")
  func themes() {
    for colour in [Theme.lightColour, Theme.darkColour] {
      for ground in [Theme.Role.background, .panel] {
        #expect(colour(.ink).contrast(with: colour(ground)) >= 7)
        for role in [Theme.Role.muted, .accent] {
          #expect(colour(role).contrast(with: colour(ground)) >= 4.5, "\(role) on \(ground)")
        }
      }
      for role in Theme.categories + [.rule] {
        #expect(colour(role).contrast(with: colour(.background)) >= 3, "\(role) \(colour(role).hex)")
      }
      #expect(Set(Theme.categories.map { colour($0) }).count == Theme.categories.count)
    }
    #expect(Theme.category(8) == Theme.category(0))
  }

  @Test("Lines by value stand out from both backgrounds, and pages have the same ones")
  func lines() throws {
    let page = PageStyle.text
    for (theme, line, ground) in [
      (Theme.light, Theme.lightLine, Theme.lightColour(.background)),
      (.dark, Theme.darkLine, Theme.darkColour(.background)),
    ] {
      let colours = (0...100).map { line(Double($0) / 100) }
      for colour in colours { #expect(colour.contrast(with: ground) >= 3, "\(theme): \(colour.hex)") }
      let luminances = colours.map(\.luminance)
      #expect(luminances == luminances.sorted())
      // Far enough apart for ends to be told from each other.
      #expect(colours[100].contrast(with: colours[0]) >= 3)
      #expect(theme.paint(lineAt: 0.25) == colours[25].hex)
      #expect(theme.paint(lineAt: -1) == colours[0].hex && theme.paint(lineAt: .nan) == colours[0].hex)
      for number in 0..<Theme.lineColours {
        let share = Double(number) / Double(Theme.lineColours - 1)
        #expect(Theme.page.paint(lineAt: share) == "var(--line\(number))")
        #expect(page.contains("--line\(number):\(line(share).hex)"))
      }
    }
    #expect(Theme.page.paint(lineAt: 9) == "var(--line\(Theme.lineColours - 1))")
    #expect(Theme.page.paint(lineAt: .nan) == "var(--line0)")
  }

  @Test("Text is as wide as in the widest font, and is cut or broken to what there is")
  func text() {
    // DejaVu Sans at 1000 units, as the font itself says.
    #expect(TextMetrics.width("W", size: 1000) == 989 && TextMetrics.width("il", size: 1000) == 556)
    #expect(TextMetrics.fitted("validation accuracy", width: 1000, size: 12) == "validation accuracy")
    for width in [10.0, 30, 60] {
      #expect(
        TextMetrics.width(TextMetrics.fitted("validation accuracy", width: width, size: 12), size: 12)
          <= width + 12)
    }
    let lines = TextMetrics.wrapped("one two three four five six", width: 60, size: 12, lines: 2)
    #expect(lines.count == 2 && lines.first == "one two" && lines.last?.hasSuffix("…") == true)
    #expect(lines.allSatisfy { TextMetrics.width($0, size: 12) <= 60 })
    #expect(TextMetrics.wrapped("one two", width: 600, size: 12, lines: 3) == ["one two"])
    #expect(TextMetrics.wrapped("", width: 600, size: 12, lines: 3).isEmpty)
  }
}
