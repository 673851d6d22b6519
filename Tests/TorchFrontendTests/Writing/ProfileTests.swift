import Foundation
import NetworkGraph
import PythonSyntax
import Testing

@testable import TorchFrontend

@Suite struct ProfileTests {
  private struct Totals: Decodable {
    var total: Int?
    var products: Int?
    var error: String?
  }

  @Test func countsAreThoseOfFvcore() throws {
    guard let python = PyTorch.python, let folder = Fixture.folder else {
      print("notice: no python3 can import torch; the comparison with fvcore is skipped")
      return
    }
    let input = try Fixture.networks.map { fixture in
      let options = CompilationOptions(inputShape: fixture.inputShape, classCount: 10)
      let name = try NetworkCompiler.compile(fixture.source, options: options).className
      return "\(fixture.path)\t\(name)\t\(fixture.inputShape.map(String.init).joined(separator: ","))\n"
    }
    let result = try PyTorch.run(
      python, [folder.appendingPathComponent("fvcore_totals.py").path], input: input.joined())
    let lines = result.output.split(separator: UInt8(ascii: "\n"))
    guard !lines.isEmpty else {
      print("notice: \(python) has no fvcore; the comparison with it is skipped")
      return
    }
    try #require(lines.count == Fixture.networks.count)
    for (fixture, line) in zip(Fixture.networks, lines) {
      let reference = try JSONDecoder().decode(Totals.self, from: Data(line))
      let options = CompilationOptions(inputShape: fixture.inputShape, classCount: 10)
      let profile = try NetworkCompiler.compile(fixture.source, options: options).profile
      #expect(reference.error == nil, "\(fixture.name)")
      #expect(profile.macs == reference.products, "\(fixture.name)")
      #expect(profile.fvcoreFlops == reference.total, "\(fixture.name)")
      #expect(profile.flops == 2 * profile.macs)
    }
  }

  private func profile(_ layers: String, _ shape: [Int] = [2, 3, 32, 32]) throws -> NetworkProfile {
    let source = """
      import torch
      import torch.nn as nn
      class Net(nn.Module):
          def __init__(self):
              super().__init__()
              self.body = nn.Sequential(\(layers))
          def forward(self, x):
              return self.body(x)
      """
    return try NetworkCompiler.compile(source, options: CompilationOptions(inputShape: shape)).profile
  }

  /// The depths in the networks' names, and the receptive fields that Araujo and others (2019) publish.
  @Test func depthsAndReceptiveFieldsArePublishedOnes() throws {
    func convolution(_ inputs: Int, _ outputs: Int) -> String {
      "nn.Conv2d(\(inputs), \(outputs), 3, padding=1), nn.ReLU()"
    }
    // VGG-16: 13 convolutions, receptive field 212 behind the last pooling, stride 32.
    var (layers, channels) = ([String](), 3)
    for (width, count) in [(4, 2), (4, 2), (4, 3), (4, 3), (4, 3)] {
      for _ in 0..<count {
        layers.append(convolution(channels, width))
        channels = width
      }
      layers.append("nn.MaxPool2d(2)")
    }
    let head = ["nn.Flatten()", "nn.Linear(196, 8)", "nn.Linear(8, 8)", "nn.Linear(8, 10)"]
    let vgg = try profile((layers + head).joined(separator: ", "), [1, 3, 224, 224])
    #expect(vgg.longestPath == 16)
    #expect(
      vgg.receptiveField == ReceptiveField(height: 212, width: 212, verticalStride: 32, horizontalStride: 32))
    // AlexNet: 195, stride 32.
    let alexNet = try profile(
      """
      nn.Conv2d(3, 4, 11, stride=4, padding=2), nn.MaxPool2d(3, 2), nn.Conv2d(4, 4, 5, padding=2),
      nn.MaxPool2d(3, 2), nn.Conv2d(4, 4, 3, padding=1), nn.Conv2d(4, 4, 3, padding=1),
      nn.Conv2d(4, 4, 3, padding=1), nn.MaxPool2d(3, 2)
      """, [1, 3, 224, 224])
    #expect(alexNet.longestPath == 5)
    #expect(
      alexNet.receptiveField
        == ReceptiveField(height: 195, width: 195, verticalStride: 32, horizontalStride: 32))
  }

  /// Which input pixels change an output element is what the receptive field says, by trying them all.
  @Test(arguments: [
    ("nn.Conv2d(3, 4, (3, 1), padding=(1, 0)), nn.AvgPool2d(2)", 4, 2),
    ("nn.Conv2d(3, 4, 3, dilation=2, stride=2), nn.ReLU(), nn.Conv2d(4, 2, 3)", 9, 9),
    ("nn.Conv2d(3, 4, 3), nn.MaxPool2d(3, stride=1), nn.Conv2d(4, 2, 1)", 5, 5),
    ("nn.Conv2d(3, 4, 2, stride=2), nn.Upsample(scale_factor=2), nn.Conv2d(4, 4, 1)", 2, 2),
    ("nn.Conv2d(3, 4, 3), nn.ChannelShuffle(2), nn.BatchNorm2d(4)", 3, 3),
  ])
  func receptiveFieldsAreSpans(layers: String, height: Int, width: Int) throws {
    let field = try #require(try profile(layers).receptiveField)
    #expect(field.height == height && field.width == width, "\(layers): \(field)")
  }

  @Test func branchesAndGlobalsAreFollowed() throws {
    let source = """
      import torch
      import torch.nn as nn
      class Net(nn.Module):
          def __init__(self):
              super().__init__()
              self.a = nn.Conv2d(3, 4, 5, padding=2)
              self.b = nn.Conv2d(3, 4, (1, 7), padding=(0, 3))
              self.fc = nn.Linear(8, 2)
          def forward(self, x):
              x = torch.cat([self.a(x), self.b(x)], 1)
              gate = torch.sigmoid(x.mean((2, 3), keepdim=True))
              return x, self.fc((x * gate).mean((2, 3)))
      """
    let options = CompilationOptions(inputShape: [1, 3, 16, 20])
    let profile = try NetworkCompiler.compile(source, options: options).profile
    // The gate sees everything, so what it multiplies does; the map before it sees 5×7.
    #expect(profile.receptiveField?.height == 5 && profile.receptiveField?.width == 7)
    #expect(profile.longestPath == 2)
    #expect(profile.operations["conv2d"] == 2 && profile.operations["linear"] == 1)
    #expect(abs(profile.parameterShares.values.reduce(0, +) - 1) < 1e-12)
    #expect(try self.profile("nn.Linear(8, 3)", [2, 8]).receptiveField == nil)
  }

  /// Against a direct reading of the definition: what is defined before and read after each step.
  @Test func peaksAreThoseOfTheDefinition() throws {
    for fixture in Fixture.networks {
      let options = CompilationOptions(inputShape: fixture.inputShape)
      let network = try NetworkCompiler.compile(fixture.source, options: options)
      let graph = network.graph.eliminatingDeadCode()
      func root(_ value: ValueID) -> ValueID {
        var value = value
        while case .reshape = graph.producer(of: value).operation {
          value = graph.producer(of: value).inputs[0]
        }
        return value
      }
      let outputs = Set(graph.outputs.map(root))
      var last: [ValueID: Int] = [:]
      for (step, node) in graph.nodes.enumerated() {
        for input in node.inputs { last[root(input)] = step }
      }
      var peak = 0
      for step in graph.nodes.indices {
        var bytes = 0
        for (index, value) in graph.values.enumerated() where value.producer <= step {
          switch graph.nodes[value.producer].operation {
          case .parameter, .buffer, .constant, .reshape: continue
          default: break
          }
          let id = ValueID(index)
          if outputs.contains(id) || max(last[id] ?? 0, value.producer) >= step {
            bytes += 4 * value.type.elementCount
          }
        }
        peak = max(peak, bytes)
      }
      #expect(network.profile.peakActivationBytes == peak, "\(fixture.name)")
    }
  }

  @Test func theKeysAreStable() throws {
    let profile = try profile("nn.Conv2d(3, 4, 3), nn.Flatten(), nn.Linear(3600, 2)")
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    let object = try JSONSerialization.jsonObject(with: try encoder.encode(profile)) as? [String: Any]
    #expect(
      object?.keys.sorted() == [
        "activation_bytes", "activation_elements", "buffer_elements", "flops", "flops_per_example",
        "fvcore_flops", "input_shapes", "longest_path", "macs", "macs_per_example", "module_width", "modules",
        "operation_count", "operations",
        "output_shapes", "parameter_shares", "parameters", "peak_activation_bytes", "receptive_field",
        "trainable_parameters",
      ])
    #expect(try JSONDecoder().decode(NetworkProfile.self, from: try encoder.encode(profile)) == profile)
  }
}
