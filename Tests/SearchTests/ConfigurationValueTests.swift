import Foundation
import RandomStreams
import Testing
import TorchFrontend
import Training

@testable import Search

@Suite("Values that a configuration refuses")
struct ConfigurationValueTests {
  @Test(
    "An unknown key is named with its line and the closest known one",
    arguments: [
      ("seed: 1\ntrainin:\n  epochs: 3\n", "Line 2: unknown key 'trainin'; did you mean 'training'?"),
      (
        "training:\n  epochs: 3\n  learning-rate: 1\n",
        "Line 3: unknown key 'training.learning-rate'; did you mean 'learning_rate'?"
      ),
      ("descriptors:\n  - nam: depth\n", "Line 2: unknown key 'descriptors[0].nam'; did you mean 'name'?"),
      ("model: {Provider: auto}\n", "Line 1: unknown key 'model.Provider'; did you mean 'provider'?"),
      (
        "limits:\n  zzzzzzzzzzzzzzzzzz: 1\n",
        "Line 2: unknown key 'limits.zzzzzzzzzzzzzzzzzz'; known here: macs, memory, parameters."
      ),
      (
        "seed: 1\npreset: quikstart\n",
        "Line 2: unknown preset 'quikstart'; there are "
          + RunConfiguration.presets.map(\.name).joined(separator: ", ") + "."
      ),
    ])
  func unknownKeys(yaml: String, expected: String) {
    #expect(complaint(yaml) == expected)
  }

  @Test(
    "A value of the wrong kind is named with its path and line",
    arguments: [
      ("training:\n  epochs: many\n", "'training.epochs' (line 2) must be a whole number, not 'many'."),
      ("training:\n  flip: 3\n", "'training.flip' (line 2) must be true or false, not '3'."),
      ("training: 3\n", "'training' (line 1) must be a mapping of keys."),
      ("training:\n", "'training' (line 1) must be a mapping of keys."),
      ("archive:\n  dimensions: 8\n", "'archive.dimensions' (line 2) must be a list, such as [8, 8]."),
      ("descriptors: [depth]\n", "'descriptors[0]' (line 1) must be a mapping of keys."),
      ("seed: [1]\n", "'seed' (line 1) must be a single value."),
      (
        "training: {learning_rate: .inf}\n", "'training.learning_rate' (line 1) must be a number, not '.inf'."
      ),
      ("- a\n", "The configuration must be a mapping of keys such as 'data:' and 'search:'."),
      ("just text\n", "The configuration must be a mapping of keys such as 'data:' and 'search:'."),
    ])
  func wrongTypes(yaml: String, expected: String) {
    #expect(complaint(yaml) == expected)
  }

  @Test(
    "A number that is not whole, or a word that is none of the choices, is named alike",
    arguments: [
      ("training:\n  epochs: 1.5\n", "'training.epochs' (line 2) must be a whole number, not '1.5'."),
      (
        "data:\n  training_limit: 1e300\n",
        "'data.training_limit' (line 2) must be a whole number, not '1e300'."
      ),
      ("seed: 99999999999999999999\n", "'seed' (line 1) must be a whole number, not '99999999999999999999'."),
      ("seed: .nan\n", "'seed' (line 1) must be a whole number, not '.nan'."),
      (
        "archive:\n  dimensions: [8, x]\n",
        "'archive.dimensions[1]' (line 2) must be a whole number, not 'x'."
      ),
      (
        "training:\n  optimizer: lion\n",
        "'training.optimizer' (line 2) must be one of sgd, adam, adamw, not 'lion'."
      ),
      (
        "training:\n  inheritance: lamarck\n",
        "'training.inheritance' (line 2) must be one of none, matching, net2net, not 'lamarck'."
      ),
      (
        "search:\n  repair: [model, pray]\n",
        "'search.repair[1]' (line 2) must be one of heal, model, not 'pray'."
      ),
      (
        "descriptors:\n  - {name: depth, scale: cubic}\n",
        "'descriptors[0].scale' (line 2) must be one of linear, log, not 'cubic'."
      ),
    ])
  func wrongValues(yaml: String, expected: String) {
    #expect(complaint(yaml) == expected)
  }

  @Test("Numbers may be written in any way that YAML has")
  func numbers() throws {
    let run = try ConfigurationReader.read(
      "seed: 0x10\nsearch: {batch: 2e1}\ntraining: {learning_rate: 1, momentum: 5.0e-1}")
    #expect(
      run.seed == 16 && run.search.batch == 20 && run.training.learningRate == 1
        && run.training.momentum == 0.5)
  }

  @Test(
    "Numbers out of bounds are refused",
    arguments: [
      "workers: -1", "training: {epochs: 0}", "training: {batch_size: 0}", "training: {learning_rate: 0}",
      "training: {momentum: 1}", "training: {label_smoothing: 1}", "training: {milestones: [0]}",
      "training: {stopping: {error_rate: 0}}", "training: {stopping: {error_rate: 0.6}}",
      "training: {stopping: {audit: 1.1}}", "training: {stopping: {stall_steps: -1}}",
      "training: {stopping: {divergence_loss: -1}}",
      "data: {validation_share: 0}", "data: {validation_share: 1}", "data: {training_limit: -1}",
      "archive: {cells: 0}", "archive: {kind: cvt, cells: 65537}", "archive: {dimensions: [0, 1]}",
      "archive: {front: 0}", "archive: {front: 257}",
      "archive: {objectives: [{name: depth}, {name: width}, {name: macs}, {name: linear}]}",
      "archive: {dimensions: [10000, 10000]}", "descriptors: []", "search: {batch: 0}",
      "search: {generations: 0}",
      "search: {mutation_probability: 1.1}", "search: {initial_temperature: -0.1}", "search: {patience: 0}",
      "search: {crossover_parents: 1}", "search: {population: 0}", "search: {top_count: 0}",
      "search: {crossover_networks: -1}", "search: {repair_rounds: 11}", "search: {inspirations: -1}",
      "search: {ask_for_niche: 1.1}", "search: {prompt_evolution: -0.1}", "model: {maximum_edits: 0}",
      "limits: {memory: 1}", "limits: {parameters: 0}",
    ])
  func bounds(yaml: String) throws {
    #expect(try #require(complaint(yaml)).contains(" must be between "))
  }

  @Test("Fidelities are rising epochs of the training", arguments: ["[0]", "[1, 1]", "[3, 2]", "[1, 4]"])
  func fidelities(list: String) throws {
    let message = try #require(complaint("training: {epochs: 3, fidelities: \(list)}"))
    #expect(
      message.hasPrefix(
        "'training.fidelities' must be rising epochs between 1 and training.epochs, which is 3; "))
    #expect(complaint("training: {epochs: 3, fidelities: [1, 3]}") == nil)
    #expect(
      complaint("training: {stopping: {error_rat: 1}}")
        == "Line 1: unknown key 'training.stopping.error_rat'; did you mean 'error_rate'?")
  }

  @Test("Ways of repairing: each once, and the model's where there are rounds")
  func repairs() {
    #expect(complaint("search: {repair: [heal, heal]}") == "'search.repair' names a way of repairing twice.")
    #expect(
      complaint("search: {repair: [heal], repair_rounds: 2}")
        == "'search.repair_rounds' is 2, but 'search.repair' lacks model.")
    #expect(complaint("search: {repair: [model, heal], repair_rounds: 2}") == nil)
    #expect(complaint("search: {repair: []}") == nil)
    #expect(
      complaint("search: {mutations: [a, a]}") == "'search.mutations' names a prompt twice.")
  }

  @Test("A grid has one dimension per descriptor")
  func dimensions() {
    #expect(
      complaint("archive: {dimensions: [8]}")
        == "'archive.dimensions' has 1 numbers but there are 2 descriptors; give one for each, "
        + "or none and each descriptor its 'bins'.")
  }

  @Test("Descriptors: unknown, given twice, without extent, with a logarithm of zero")
  func descriptors() {
    #expect(
      complaint("descriptors: [{name: macz, lower: 0, upper: 1}]")
        == "Descriptor 'macz': there is no figure called 'macz'; there are "
        + Descriptor.vocabulary.figures.sorted().joined(separator: ", ")
        + ", and kinds of operations. Did you mean 'macs'?")
    #expect(
      complaint("descriptors: [{name: x, formula: log10(macs, lower: 0, upper: 1}]")?.hasPrefix(
        "Descriptor 'x': ")
        == true)
    #expect(
      complaint("descriptors: [{name: a, formula: macs, categories: [b, b]}]")
        == "Descriptor 'a': axis 'a' has the category 'b' twice.")
    #expect(complaint("descriptors: [{name: a, formula: macs, categories: [b, c]}]") == nil)
    #expect(
      complaint("descriptors: [{name: macs, lower: 2, upper: 2}]")
        == "Descriptor 'macs' needs finite bounds with lower below upper.")
    #expect(
      complaint("descriptors: [{name: macs, lower: 0, upper: 1, scale: log}]")
        == "Descriptor 'macs' has a log scale, so its lower bound must be positive.")
    #expect(
      complaint("descriptors: [{name: macs, lower: 0, upper: 1}, {name: macs, lower: 0, upper: 2}]")
        == "The descriptor 'macs' is given twice; each axis must measure something else.")
  }

  @Test(
    "Archives that cannot be are refused with what to do",
    arguments: [
      ("archive: {kind: sliding, depth: 2}", "need an archive of kind cvt or grid, not sliding"),
      ("archive: {depth: 2, threshold_rate: 0.5}", "cannot be used together"),
      (
        "archive: {kind: proximity}\ndescriptors: [{name: a, formula: macs, categories: [b]}]",
        "with categories need"
      ),
      ("archive: {kind: proximity}\nsearch: {parents: bandit}", "cannot be bandit with a proximity archive"),
      ("archive: {depth: 2}\ntraining: {fidelities: [1]}", "needs niches with one elite each"),
      (
        "descriptors: [{name: latency_ms, lower: 0, upper: 9}]\ntraining: {fidelities: [1]}",
        "'latency_ms' names what only training gives"
      ),
    ])
  func archives(yaml: String, reason: String) throws {
    let message = try #require(complaint(yaml))
    #expect(message.contains(reason), "\(message)")
  }

  @Test(
    "Names that would leave their folder are refused",
    arguments: ["a/b", "..", ".hidden", "a b", "ü", "a\u{0}"])
  func names(name: String) throws {
    var run = RunConfiguration()
    run.name = name
    #expect(throws: ConfigurationError.self) { try ConfigurationReader.validated(run) }
  }

  @Test("A key or password in the file is refused and not repeated")
  func secrets() throws {
    for yaml in [
      "model: {key_variable: sk-s3cret}", "model: {endpoint: 'https://me:s3cret@host/v1'}",
      "model: {endpoint: 'https://host/v1?key=s3cret'}",
    ] {
      let message = try #require(complaint(yaml))
      #expect(!message.contains("s3cret"))
    }
    #expect(complaint("model: {key_variable: MY_KEY_2, endpoint: 'http://127.0.0.1:8080/v1'}") == nil)
  }
}
