import Foundation
import Testing

@testable import TorchFrontend

@Suite struct EditingCrossoverTests {
  @Test func cutsWhereItIsTold() throws {
    let (first, second) = (EditingParent.flat, EditingParent.separate)
    let outcome = NetworkEditor.cross(
      first.source, with: second.source, at: Crossover(keepUntil: "conv1", takeFrom: "fc1"),
      options: first.options)
    #expect(outcome.refused.isEmpty, "\(outcome.refused)")
    let network = try NetworkCompiler.compile(outcome.source, options: first.options)
    #expect(network.outputShape == [2, 10])
    #expect(network.layers.map(\.type).filter { $0 == "Conv2d" }.count == 1)
    #expect(network.layers.map(\.type).filter { $0 == "Linear" }.count == 2)
  }

  @Test func saysWhyItCannot() {
    let parent = EditingParent.flat
    for (crossover, reason) in [
      (Crossover(keepUntil: "conv7", takeFrom: "fc1"), "cannot be cut behind 'conv7'"),
      (Crossover(keepUntil: "conv1", takeFrom: "conv7"), "cannot be cut before 'conv7'"),
    ] {
      let outcome = NetworkEditor.cross(
        parent.source, with: EditingParent.start.source, at: crossover, options: parent.options)
      #expect(outcome.applied.isEmpty)
      #expect(outcome.source == parent.source)
      #expect(outcome.refused.first?.contains(reason) == true, "\(outcome.refused)")
    }
    let broken = NetworkEditor.cross(
      parent.source, with: "no", at: Crossover(keepUntil: "conv1", takeFrom: "fc1"), options: parent.options)
    #expect(broken.refused.count == 1)
  }

  @Test func readsReplies() throws {
    let schema = EditSchema.json(crossing: EditingParent.flat.source, with: EditingParent.start.source)
    let object = try JSONSerialization.jsonObject(with: Data(schema.utf8)) as? [String: Any]
    #expect(object?["required"] as? [String] == ["keep_until", "take_from"])
    let wanted = Crossover(keepUntil: "conv1", takeFrom: "fc1")
    for reply in [
      #"{"keep_until":"conv1","take_from":"fc1"}"#, "```\n{'keep_until': 'conv1', 'take_from': 'fc1'",
    ] {
      #expect(try EditSchema.decodeCrossover(reply) == wanted)
    }
    #expect(throws: EditError.noObject) { try EditSchema.decodeCrossover("conv1 and fc1") }
    #expect(throws: EditError.self) { try EditSchema.decodeCrossover(#"{"keep_until":"conv1"}"#) }
  }
}
