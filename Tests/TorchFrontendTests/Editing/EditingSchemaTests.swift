import Foundation
import RandomStreams
import Testing

@testable import TorchFrontend

@Suite struct EditingSchemaTests {
  private func parsed(_ text: String) throws -> [String: Any] {
    try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
  }

  @Test(arguments: EditingParent.all)
  func namesTheLayersOfTheParent(_ parent: EditingParent) throws {
    let schema = try parsed(EditSchema.json(for: parent.source, maximumEdits: 1))
    let properties = try #require(schema["properties"] as? [String: [String: Any]])
    #expect(Set(properties.keys) == ["action", "layer", "kind", "width", "kernel"])
    #expect(schema["required"] as? [String] == ["action", "layer", "kind", "width", "kernel"])
    let names = try #require(properties["layer"]?["enum"] as? [String])
    #expect(names.first == "input")
    #expect(Set(names).count == names.count)
    // Every name but the input's is one that edits understand.
    let map = try NetworkMap(parent.source, options: parent.options)
    for name in names.dropFirst() { #expect(map.layer(named: name) != nil, "\(name)") }
  }

  @Test func listsSeveralEdits() throws {
    let schema = try parsed(EditSchema.json(for: EditingParent.flat.source, maximumEdits: 3))
    let properties = try #require(schema["properties"] as? [String: [String: Any]])
    #expect(properties["edits"]?["maxItems"] as? Int == 3)
    let item = try #require(properties["edits"]?["items"] as? [String: Any])
    let fields = try #require(item["properties"] as? [String: [String: Any]])
    #expect(
      fields["layer"]?["enum"] as? [String] == [
        "input", "conv1", "pool", "conv2", "fc1", "fc2", "drop", "fc3",
      ])
    #expect(fields["kind"]?["enum"] as? [String] == LayerKind.allCases.map(\.rawValue))
  }

  @Test func staysSmallForLargeNetworks() throws {
    let lines = (0..<500).map { "        self.layer\($0) = nn.ReLU()" }.joined(separator: "\n")
    let source = "class Net(nn.Module):\n    def __init__(self):\n\(lines)\n"
    let text = EditSchema.json(for: source, maximumEdits: 2)
    #expect(text.utf8.count < 2000)
    _ = try parsed(text)
    _ = try parsed(EditSchema.json(for: "this is not ((( Python", maximumEdits: 1))
    _ = try parsed(EditSchema.json(for: "", maximumEdits: Int.max))
  }

  @Test func readsWhatTheSchemaAsksFor() throws {
    let reply = #"{"action":"insert","layer":"conv1","kind":"conv","width":32,"kernel":3}"#
    #expect(
      try EditSchema.decode(reply) == [
        .insert(after: "conv1", LayerSpecification(.conv, width: 32, kernelSize: 3))
      ])
    let several = """
      {"edits":[{"action":"delete","layer":"fc1","kind":"relu","width":8,"kernel":1},
       {"action":"set_width","layer":"conv1","kind":"relu","width":64,"kernel":1},
       {"action":"set_kernel","layer":"conv1","kind":"relu","width":64,"kernel":5},
       {"action":"replace","layer":"pool","kind":"avg_pool","width":8,"kernel":2},
       {"action":"residual","layer":"conv2","kind":"relu","width":8,"kernel":1}]}
      """
    #expect(
      try EditSchema.decode(several) == [
        .delete(layer: "fc1"), .setAttribute(layer: "conv1", name: "width", value: 64),
        .setAttribute(layer: "conv1", name: "kernel_size", value: 5),
        .replace(layer: "pool", LayerSpecification(.avgPool, width: 8, kernelSize: 2)),
        .wrapInResidual(layer: "conv2"),
      ])
  }

  @Test(arguments: [
    "```json\n{\"action\": \"insert\", \"layer\": \"conv1\", \"kind\": \"linear\", \"width\": \"64\"}\n```",
    "Sure! Here's the edit: {'action': 'add', 'after': 'conv1', 'kind': 'dense', 'out': '64'} Hope it helps.",
    "{\"action\":\"insert\",\"layer\":\"conv1\",\"kind\":\"Linear\",\"width\":64, \"kernel\": 3",
    "[{action: insert, layer: conv1, kind: linear, width: 64}]",
    "{\"edit\": {\"action\":\"insert\",\"layer\":\"conv1\",\"kind\":\"fully connected\",\"width\":6.4e1,},}",
  ])
  func toleratesSloppyReplies(_ reply: String) throws {
    let edits = try EditSchema.decode(reply)
    #expect(edits.count == 1)
    guard case .insert("conv1", let layer) = edits.first else {
      Issue.record("\(edits)")
      return
    }
    #expect(layer.kind == .linear)
    #expect(layer.width == 64)
  }

  @Test func saysWhyThereIsNoEdit() {
    #expect(throws: EditError.noObject) { try EditSchema.decode("") }
    #expect(throws: EditError.noObject) { try EditSchema.decode("I cannot do that.") }
    #expect(throws: EditError.noEdit(["'dance' is not an action"])) {
      try EditSchema.decode(#"{"action":"dance","layer":"conv1"}"#)
    }
    #expect(throws: EditError.noEdit(["delete names no layer"])) {
      try EditSchema.decode(#"{"action":"delete"}"#)
    }
    #expect(throws: EditError.noEdit(["insert says no kind of layer that is known"])) {
      try EditSchema.decode(#"{"action":"insert","layer":"conv1","kind":"teapot"}"#)
    }
    #expect(throws: EditError.self) { try EditSchema.decode(String(repeating: "{", count: 1 << 20)) }
  }

  @Test func survivesDamagedReplies() {
    let reply = Array(
      #"{"edits":[{"action":"insert","layer":"conv1","kind":"conv","width":1e400,"kernel":-9223372036854775808}]}"#
        .utf8)
    var stream = RandomStream(seed: 7)
    var readable = 0
    for _ in 0..<2000 {
      var bytes = reply
      for _ in 0...stream.integer(below: 6) {
        let place = stream.integer(below: bytes.count)
        switch stream.integer(below: 3) {
        case 0: bytes[place] = UInt8(truncatingIfNeeded: stream.next())
        case 1: bytes.remove(at: place)
        default: bytes.removeSubrange(place...)
        }
        if bytes.isEmpty { bytes = [0x7B] }
      }
      let text = String(decoding: bytes, as: UTF8.self)
      if let edits = try? EditSchema.decode(text) {
        readable += 1
        #expect(edits.count <= EditSchema.maximumEdits)
      }
    }
    #expect(readable > 100)
    for hostile in [
      "[[[[", "{{{{{{", "\"", "{\"a\":", "{\"action\":\"insert\"", String(repeating: "[{", count: 20000),
    ] {
      _ = try? EditSchema.decode(hostile)
    }
    let many = String(repeating: #"{"action":"delete","layer":"x"},"#, count: 1500)
    #expect((try? EditSchema.decode(many))?.count == EditSchema.maximumEdits)
  }
}
