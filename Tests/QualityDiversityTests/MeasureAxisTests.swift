import Foundation
import QualityDiversity
import RandomStreams
import Testing

@Suite struct MeasureAxisTests {
  @Test func linearAxesMapTheirRangeEvenly() throws {
    let axis = try MeasureAxis(name: "x", lower: -2, upper: 6)
    #expect([-2, 0, 2, 6].map(axis.normalized) == [0, 0.25, 0.5, 1])
    #expect([0, 0.25, 0.5, 1].map(axis.denormalized) == [-2, 0, 2, 6])
  }

  @Test func logarithmicAxesMapRatiosEvenly() throws {
    let axis = try MeasureAxis(name: "macs", lower: 1e4, upper: 1e8, scale: .logarithmic)
    for (value, place) in [(1e4, 0.0), (1e5, 0.25), (1e6, 0.5), (1e7, 0.75), (1e8, 1)] {
      #expect(abs(axis.normalized(value) - place) < 1e-14)
      #expect(abs(axis.denormalized(place) / value - 1) < 1e-13)
    }
  }

  @Test(arguments: MeasureScale.allCases) func valuesBeyondTheRangeAreClamped(scale: MeasureScale) throws {
    let axis = try MeasureAxis(name: "x", lower: 1, upper: 9, scale: scale)
    for value: Double in [0.999, 0, -1, -1e300, -.infinity] {
      #expect(axis.normalized(value) == 0)
      #expect(!axis.contains(value))
    }
    for value: Double in [9.001, 1e300, .infinity] {
      #expect(axis.normalized(value) == 1)
      #expect(!axis.contains(value))
    }
    #expect(axis.contains(1) && axis.contains(9) && axis.contains(5))
    #expect(axis.normalized(.nan).isNaN)
    #expect(!axis.contains(.nan))
    #expect(axis.denormalized(-1) == 1 && axis.denormalized(2) == 9)
  }

  @Test(arguments: MeasureScale.allCases) func mappingIsMonotoneAndInverts(scale: MeasureScale) throws {
    var stream = RandomStream(seed: 11).stream("axes")
    for _ in 0..<300 {
      let lower = scale == .logarithmic ? exp(stream.uniform(-20, 20)) : stream.uniform(-1e6, 1e6)
      let upper = lower + abs(lower) * stream.uniform(0.01, 1e4) + 1e-6
      let axis = try MeasureAxis(name: "x", lower: lower, upper: upper, scale: scale)
      let places = (0..<20).map { _ in stream.uniform() }.sorted()
      let values = places.map(axis.denormalized)
      #expect(values == values.sorted())
      #expect(values.allSatisfy(axis.contains))
      for (place, value) in zip(places, values) { #expect(abs(axis.normalized(value) - place) < 1e-6) }
      #expect(axis.normalized(lower) == 0 && axis.normalized(upper) == 1)
    }
  }

  @Test func impossibleAxesAreRefused() {
    #expect(throws: MeasureAxisError.emptyName) { try MeasureAxis(name: "", lower: 0, upper: 1) }
    #expect(throws: MeasureAxisError.emptyRange(axis: "x", lower: 1, upper: 1)) {
      try MeasureAxis(name: "x", lower: 1, upper: 1)
    }
    #expect(throws: MeasureAxisError.emptyRange(axis: "x", lower: 2, upper: 1)) {
      try MeasureAxis(name: "x", lower: 2, upper: 1)
    }
    for bound in [Double.nan, .infinity, -.infinity] {
      #expect(throws: MeasureAxisError.boundNotFinite(axis: "x")) {
        try MeasureAxis(name: "x", lower: bound, upper: 1)
      }
      #expect(throws: MeasureAxisError.boundNotFinite(axis: "x")) {
        try MeasureAxis(name: "x", lower: 0, upper: bound)
      }
    }
    for lower in [0.0, -1] {
      #expect(throws: MeasureAxisError.logarithmNeedsPositiveLowerBound(axis: "x", lower: lower)) {
        try MeasureAxis(name: "x", lower: lower, upper: 1, scale: .logarithmic)
      }
    }
    let far = Double.greatestFiniteMagnitude
    #expect(throws: MeasureAxisError.rangeTooWide(axis: "x", lower: -far, upper: far)) {
      try MeasureAxis(name: "x", lower: -far, upper: far)
    }
    // The bounds differ, their logarithms do not.
    #expect(throws: MeasureAxisError.emptyRange(axis: "x", lower: 1e300, upper: 1e300.nextUp)) {
      try MeasureAxis(name: "x", lower: 1e300, upper: 1e300.nextUp, scale: .logarithmic)
    }
  }

  @Test func axesAreCheckedWhenDecoded() throws {
    let axis = try MeasureAxis(name: "macs", lower: 10, upper: 1e9, scale: .logarithmic)
    #expect(try JSONDecoder().decode(MeasureAxis.self, from: JSONEncoder().encode(axis)) == axis)
    let plain = Data(#"{"name": "x", "lower": 0, "upper": 2}"#.utf8)
    #expect(try JSONDecoder().decode(MeasureAxis.self, from: plain).scale == .linear)
    let empty = Data(#"{"name": "x", "lower": 2, "upper": 2}"#.utf8)
    #expect(throws: DecodingError.self) { try JSONDecoder().decode(MeasureAxis.self, from: empty) }
  }
}
