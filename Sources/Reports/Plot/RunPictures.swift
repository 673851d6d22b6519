public import RunStore
public import Search

/// The kinds of picture of a run.
public enum PictureKind: String, Sendable, CaseIterable {
  /// The archive with the fitness of its elites.
  case map
}

/// A picture as a file.
public struct PictureFile: Sendable {
  /// What it shows.
  public let kind: PictureKind
  /// The file's text, SVG.
  public let svg: String
}

/// The pictures of a run.
public struct RunPictures: Sendable {
  private let facts: RunFacts

  /// The pictures of a run.
  ///
  /// - Throws: where its file cannot be read or its configuration makes no archive.
  public init(_ run: RunSnapshot, store: RunStore) async throws(SearchError) {
    do {
      facts = try RunFacts(run, exchanges: try await store.exchanges())
    } catch {
      throw SearchError("\(error)")
    }
  }

  /// The picture of a kind.
  public func picture(_ kind: PictureKind, isDark: Bool = false) -> PictureFile? {
    let theme: Theme = isDark ? .dark : .light
    switch kind {
    case .map: return PictureFile(kind: kind, svg: ArchivePicture(facts).svg(theme).document)
    }
  }
}
