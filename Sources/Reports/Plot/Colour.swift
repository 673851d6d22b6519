import Foundation

/// A colour in sRGB.
struct Colour: Sendable, Hashable {
  let red: UInt8
  let green: UInt8
  let blue: UInt8

  /// A colour from its hexadecimal number, such as `0xFF8800`.
  init(_ number: UInt32) {
    red = UInt8(truncatingIfNeeded: number >> 16)
    green = UInt8(truncatingIfNeeded: number >> 8)
    blue = UInt8(truncatingIfNeeded: number)
  }

  /// A colour from channels between 0 and 255, rounded.
  init(red: Double, green: Double, blue: Double) {
    func channel(_ value: Double) -> UInt8 { UInt8(min(255, max(0, value.rounded()))) }
    (self.red, self.green, self.blue) = (channel(red), channel(green), channel(blue))
  }

  /// The colour between two, by share of the second.
  init(from first: Colour, to second: Colour, share: Double) {
    func mixed(_ channel: KeyPath<Colour, UInt8>) -> Double {
      let (one, two) = (Double(first[keyPath: channel]), Double(second[keyPath: channel]))
      return one + (two - one) * share
    }
    self.init(red: mixed(\.red), green: mixed(\.green), blue: mixed(\.blue))
  }

  /// `#rrggbb`.
  var hex: String {
    let digits = Array("0123456789abcdef".unicodeScalars)
    var text = String.UnicodeScalarView("#".unicodeScalars)
    for channel in [red, green, blue] {
      text.append(digits[Int(channel >> 4)])
      text.append(digits[Int(channel & 15)])
    }
    return String(text)
  }

  /// Relative luminance (WCAG 2.2), 0…1.
  var luminance: Double {
    func linear(_ channel: UInt8) -> Double {
      let share = Double(channel) / 255
      return share <= 0.04045 ? share / 12.92 : pow((share + 0.055) / 1.055, 2.4)
    }
    return 0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue)
  }

  /// The contrast ratio (WCAG 2.2), 1…21.
  func contrast(with other: Colour) -> Double {
    let (first, second) = (luminance, other.luminance)
    return (max(first, second) + 0.05) / (min(first, second) + 0.05)
  }

  /// Near black or white, whichever reads better on this colour; at least 4.5 : 1 on any.
  var legibleInk: Colour {
    let (dark, light) = (Colour(0x000000), Colour(0xFFFFFF))
    return contrast(with: dark) >= contrast(with: light) ? dark : light
  }
}

/// Colours for shares between 0 and 1, told apart with every kind of colour vision.
enum ColourScale: Sendable, Hashable, CaseIterable {
  /// From dark violet to yellow (van der Walt & Smith, matplotlib), for the values of maps.
  case viridis
  /// From dark blue to yellow (Nuñez, Anderton & Renslow 2018), for a second quantity beside one in viridis.
  case cividis
  /// From red (0) over near white (0.5) to blue (1) (ColorBrewer's RdBu), for differences.
  case diverging

  /// The colour of a share; shares beyond are clamped, and what is no number counts as 0.
  func colour(at share: Double) -> Colour {
    let share = share.isNaN ? 0 : min(1, max(0, share))
    switch self {
    case .viridis: return Self.interpolated(Self.viridisStops, share)
    case .diverging: return Self.interpolated(Self.divergingStops, share)
    case .cividis:
      // Polynomials fitted to the published table, as d3-scale-chromatic has them.
      func polynomial(_ factors: [Double]) -> Double {
        factors.reversed().reduce(0) { $0 * share + $1 }
      }
      return Colour(
        red: polynomial([-4.54, -35.34, 2381.73, -6402.7, 7024.72, -2710.57]),
        green: polynomial([32.49, 170.73, 52.82, -131.46, 176.58, -67.37]),
        blue: polynomial([81.24, 442.36, -2482.43, 6167.24, -6614.94, 2475.67]))
    }
  }

  private static func interpolated(_ stops: [UInt32], _ share: Double) -> Colour {
    let place = share * Double(stops.count - 1)
    let index = min(stops.count - 2, Int(place))
    return Colour(from: Colour(stops[index]), to: Colour(stops[index + 1]), share: place - Double(index))
  }

  /// Every fifteenth of matplotlib's 256 colours.
  private static let viridisStops: [UInt32] = [
    0x440154, 0x481769, 0x472A7A, 0x433D84, 0x3D4E8A, 0x355E8D, 0x2E6D8E, 0x297B8E, 0x23898E, 0x1F978B,
    0x21A585, 0x2EB37C, 0x46C06F, 0x65CB5E, 0x89D548, 0xB0DD2F, 0xD8E219, 0xFDE725,
  ]

  private static let divergingStops: [UInt32] = [
    0x67001F, 0xB2182B, 0xD6604D, 0xF4A582, 0xFDDBC7, 0xF7F7F7, 0xD1E5F0, 0x92C5DE, 0x4393C3, 0x2166AC,
    0x053061,
  ]
}
