/// Why a data set cannot be used; each description is one sentence for the user.
public enum DatasetError: Error, Sendable, Hashable, CustomStringConvertible {
  /// No data set has that name; `known` lists those that are.
  case unknownName(String, known: [String])
  /// The files are in none of the places searched; `remedy` says how to get them.
  case missing(name: String, searched: [String], remedy: String)
  /// A file that is there cannot be read.
  case unreadable(path: String, reason: String)
  /// A file is not what it should be.
  case corrupt(path: String, reason: String)
  /// Sizes, pixels and labels do not fit together.
  case inconsistent(String)
  /// A split that the data do not allow.
  case invalidSplit(String)

  /// One sentence that says what is wrong and, where that is known, what to do.
  public var description: String {
    switch self {
    case .unknownName(let name, let known):
      "There is no data set “\(name)”; the known ones are \(known.joined(separator: ", "))."
    case .missing(let name, let searched, let remedy):
      "The data set \(name) was not found in \(searched.joined(separator: ", ")): \(remedy)."
    case .unreadable(let path, let reason): "\(path) cannot be read: \(reason)."
    case .corrupt(let path, let reason): "\(path) is damaged or not the right file: \(reason)."
    case .inconsistent(let what): "\(what)."
    case .invalidSplit(let what): "The data cannot be split that way: \(what)."
    }
  }
}
