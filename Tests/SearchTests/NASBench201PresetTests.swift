import Search
import SearchSpaces
import Testing
import Training

/// The presets that train as NAS-Bench-201 does.
@Suite struct NASBench201PresetTests {
  @Test(arguments: [("nas-bench-201-h12", 12), ("nas-bench-201-h200", 200)])
  func presetsAreTheBenchmarksTraining(name: String, epochs: Int) throws {
    let preset = try #require(RunConfiguration.preset(name))
    var wanted = NASBench201Protocol.configuration(for: .cifar10, epochs: epochs)
    // A search shows validation after each epoch, and has a limit of memory.
    (wanted.validationInterval, wanted.memoryLimit) = (1, 1 << 30)
    #expect(preset.training.configuration(memoryLimit: 1 << 30) == wanted)
    #expect(preset.data.name == "cifar-10" && preset.data.validationShare == 0.5)
    #expect(throws: Never.self) { try ConfigurationReader.validated(preset) }
  }
}
