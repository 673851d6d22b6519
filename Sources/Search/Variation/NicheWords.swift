/// Figures as people and language models read them.
enum NicheWords {
  /// A number with so many decimals, without those that are zero at its end; huge ones as they are.
  static func decimal(_ value: Double, digits: Int) -> String {
    guard abs(value) < 1e12 else { return "\(value)" }
    let scale = (0..<digits).reduce(1.0) { result, _ in result * 10 }
    let whole = Int((abs(value) * scale).rounded())
    var text = "\(whole / Int(scale))"
    var fraction = String(String(Int(scale) + whole % Int(scale)).dropFirst())
    while fraction.last == "0" { fraction.removeLast() }
    if !fraction.isEmpty { text += "." + fraction }
    return value < 0 && whole != 0 ? "-" + text : text
  }

  /// A number with two or three figures that count and a letter for thousands, millions and so on: `12.3 M`.
  static func count(_ value: Double) -> String {
    guard value.isFinite else { return "\(value)" }
    let (size, letter): (Double, String) =
      switch abs(value) {
      case 999_500_000...: (1e9, " G")
      case 999_500...: (1e6, " M")
      case 9_995...: (1e3, " k")
      default: (1, "")
      }
    let scaled = value / size
    return decimal(scaled, digits: abs(scaled) < 10 ? 2 : abs(scaled) < 100 ? 1 : 0) + letter
  }
}
