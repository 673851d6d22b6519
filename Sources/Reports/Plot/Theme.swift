/// The colours of a picture but for those of its values.
enum Theme: String, Sendable, CaseIterable {
  /// Dark on white.
  case light
  /// Light on near black.
  case dark
  /// The page's own: the colours are CSS variables that `HTMLPage` defines for both.
  case page

  /// What a colour is for.
  ///
  /// The names of the categorical colours are those of Okabe & Ito 2008; they are darkened or lightened here so
  /// far that each has a contrast of 3 : 1 against the background.
  enum Role: String, Sendable, CaseIterable {
    case background, panel, ink, muted, rule, grid, empty, accent
    case blue, vermilion, green, purple, orange, sky, olive, grey
  }

  /// The categorical colours, in the order in which they are used.
  static let categories: [Role] = [.blue, .vermilion, .green, .purple, .orange, .sky, .olive, .grey]

  /// The categorical colour of that number; after the last they begin anew.
  static func category(_ number: Int) -> Role { categories[number % categories.count] }

  /// The colour as an attribute's value.
  func paint(_ role: Role) -> String {
    switch self {
    case .light: Self.lightColour(role).hex
    case .dark: Self.darkColour(role).hex
    case .page: "var(--\(role.rawValue))"
    }
  }

  /// How many colours a page has for lines by value.
  static let lineColours = 16

  /// The colour of a line that stands for a value, by its share, as an attribute's value.
  ///
  /// A map's cells border on each other, a line lies on the background alone: so it takes only those of a map's colours that
  /// have a contrast of 3 : 1 against that. Brighter is more on both.
  func paint(lineAt share: Double) -> String {
    switch self {
    case .light: Self.lightLine(at: share).hex
    case .dark: Self.darkLine(at: share).hex
    case .page: "var(--line\(Self.lineNumber(at: share)))"
    }
  }

  /// The number of a page's colour for a line.
  private static func lineNumber(at share: Double) -> Int {
    share.isNaN ? 0 : Int((min(1, max(0, share)) * Double(lineColours - 1)).rounded())
  }

  /// The colour of a line on white.
  static func lightLine(at share: Double) -> Colour {
    ColourScale.viridis.colour(at: 0.58 * min(1, max(0, share)))
  }

  /// The colour of a line on near black.
  static func darkLine(at share: Double) -> Colour {
    ColourScale.viridis.colour(at: 0.36 + 0.64 * min(1, max(0, share)))
  }

  /// The colour on white.
  static func lightColour(_ role: Role) -> Colour {
    switch role {
    case .background: Colour(0xFFFFFF)
    case .panel: Colour(0xF6F7F9)
    case .ink: Colour(0x1B1F24)
    case .muted: Colour(0x596370)
    case .rule: Colour(0x8A94A0)
    case .grid: Colour(0xE3E6EA)
    case .empty: Colour(0xEEF0F3)
    case .accent: Colour(0x0060A8)
    case .blue: Colour(0x0072B2)
    case .vermilion: Colour(0xD55E00)
    case .green: Colour(0x008A66)
    case .purple: Colour(0xB8588F)
    case .orange: Colour(0xB97F00)
    case .sky: Colour(0x2F93CC)
    case .olive: Colour(0x8F8600)
    case .grey: Colour(0x6B7280)
    }
  }

  /// The colour on near black.
  static func darkColour(_ role: Role) -> Colour {
    switch role {
    case .background: Colour(0x14171B)
    case .panel: Colour(0x1D2126)
    case .ink: Colour(0xECEFF3)
    case .muted: Colour(0xA7B0BB)
    case .rule: Colour(0x7A8592)
    case .grid: Colour(0x2D333A)
    case .empty: Colour(0x262B31)
    case .accent: Colour(0x6CB8F2)
    case .blue: Colour(0x3D9BDC)
    case .vermilion: Colour(0xF07C2B)
    case .green: Colour(0x1FBF92)
    case .purple: Colour(0xDB8BB8)
    case .orange: Colour(0xE69F00)
    case .sky: Colour(0x7CC7F0)
    case .olive: Colour(0xE3D84A)
    case .grey: Colour(0x9AA4B0)
    }
  }
}
