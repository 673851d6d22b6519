@testable import Search

/// What reading a configuration says against it; nil where it is read.
func complaint(_ yaml: String) -> String? {
  do {
    _ = try ConfigurationReader.read(yaml)
    return nil
  } catch {
    return error.description
  }
}
