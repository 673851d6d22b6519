/// Which model is asked for what, where `models` says that of one of them.
///
/// A role that none is for is that of the model for anything, which is `model` where the list has none.
public struct ModelRoles: Sendable, Hashable {
  /// The models, one a role, in the order of the roles.
  public let servers: [ModelServerSettings]

  /// The roles of a list of models; nil where it names none.
  ///
  /// - Parameters:
  ///   - model: what the configuration calls `model`.
  ///   - strategies: who asks them.
  init?(_ models: [ModelServerSettings], _ model: ModelSettings, strategies: [StudyArm.Strategy]) {
    guard models.contains(where: { $0.role != .any }) else { return nil }
    var servers = models
    let asking = strategies.filter(\.asksModel)
    let needed = asking.flatMap { $0 == .collm ? [.navigator, .generator] : [ModelServerSettings.Role.any] }
    if needed.contains(where: { role in !models.contains { $0.role == role || $0.role == .any } }) {
      servers.append(ModelServerSettings(model))
    }
    let order = ModelServerSettings.Role.allCases
    self.servers = order.flatMap { role in servers.filter { $0.role == role } }
  }

  /// The place of the model that is asked in a role.
  func recipient(of role: ModelServerSettings.Role) -> Int? {
    servers.firstIndex { $0.role == role } ?? servers.firstIndex { $0.role == .any }
  }
}

extension RunConfiguration {
  /// The roles of the run's models; nil where they have none.
  public var modelRoles: ModelRoles? { ModelRoles(models, model, strategies: [space.search.strategy]) }
}

extension StudyConfiguration {
  /// The roles of the study's models; nil where they have none.
  public var modelRoles: ModelRoles? { ModelRoles(models, model, strategies: arms.map(\.strategy)) }
}
