/// How a language model crosses two networks over: where the first ends and the second goes on.
public struct Crossover: Sendable, Hashable, Codable {
  /// The last layer that is kept of the first network.
  public var keepUntil: String
  /// The first layer that is taken from the second network.
  public var takeFrom: String

  /// A crossover at those layers.
  public init(keepUntil: String, takeFrom: String) {
    self.keepUntil = keepUntil
    self.takeFrom = takeFrom
  }
}

extension EditSchema {
  /// The JSON schema of replies that cross two networks over; the fields are their layers' names.
  ///
  /// - Returns: The schema as one line of JSON.
  public static func json(crossing source: String, with partner: String) -> String {
    object([
      ("keep_until", enumeration(layerNames(of: source))),
      ("take_from", enumeration(layerNames(of: partner))),
    ])
  }

  /// Reads the crossover of a reply, as tolerantly as edits are read.
  ///
  /// - Throws: `EditError` where there is none.
  public static func decodeCrossover(_ replyText: String) throws(EditError) -> Crossover {
    let count = replyText.utf8.count
    guard count <= maximumReplyBytes else { throw .tooLong(bytes: count, limit: maximumReplyBytes) }
    var reader = ReplyReader(replyText)
    let objects = reader.objects(atMost: maximumEdits)
    guard !objects.isEmpty else { throw .noObject }
    for object in objects {
      if let last = object["keep_until"]?.text, let first = object["take_from"]?.text {
        return Crossover(keepUntil: last, takeFrom: first)
      }
    }
    throw .noEdit(["an object lacks keep_until or take_from"])
  }
}

extension NetworkEditor {
  /// Makes a third network of two, cut where the crossover says; counts at the seam are healed.
  public static func cross(
    _ source: String, with partner: String, at crossover: Crossover, options: CompilationOptions,
    limits: EditLimits = .standard
  ) -> EditOutcome {
    do {
      let first = try NetworkMap(source, options: options)
      let second = try NetworkMap(partner, options: options)
      let child = try Combiner.combine(first, second, at: crossover, limits)
      return EditOutcome(source: child.source, applied: [child.description], refused: [])
    } catch let refusal as EditRefusal {
      return EditOutcome(source: source, applied: [], refused: ["cross over: \(refusal.reason)"])
    } catch {
      return EditOutcome(source: source, applied: [], refused: ["cross over: a parent does not compile"])
    }
  }
}
