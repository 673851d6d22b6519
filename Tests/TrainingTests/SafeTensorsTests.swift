import Foundation
import RandomStreams
import Testing

@testable import Training

@Suite struct SafeTensorsTests {
  private func weights(seed: UInt64) throws -> WeightSet {
    var random = RandomStream(seed: seed)
    var tensors: [WeightTensor] = []
    for index in 0..<random.integer(below: 8) {
      let shape = (0..<random.integer(below: 4)).map { _ in random.integer(below: 5) }
      let count = shape.reduce(1, *)
      let name = ["a.\(index)", "é\"\\\n\(index)", "z.\(index).running_var"][random.integer(below: 3)]
      if random.bernoulli(0.3) {
        let values = (0..<count).map { _ in Int64(bitPattern: random.next()) }
        tensors.append(WeightTensor(name: name, shape: shape, values: .int64(values)))
      } else {
        let values = (0..<count).map { _ in Float(random.normal()) }
        tensors.append(WeightTensor(name: name, shape: shape, values: .float32(values)))
      }
    }
    return try WeightSet(tensors)
  }

  private func sorted(_ weights: WeightSet) -> [WeightTensor] { weights.tensors.sorted { $0.name < $1.name } }

  @Test(arguments: 0..<40) func roundTrip(seed: UInt64) throws {
    let weights = try weights(seed: seed)
    let metadata = seed.isMultiple(of: 2) ? [:] : ["format": "pt", "note": "a \"quoted\"\tword\u{1}"]
    let bytes = try SafeTensors.encode(weights, metadata: metadata)
    let back = try SafeTensors.decode(bytes)
    #expect(sorted(back.weights) == sorted(weights))
    #expect(back.metadata == metadata)
    // The same content gives the same bytes, whatever order it comes in.
    let reordered = try WeightSet(weights.tensors.reversed())
    #expect(try SafeTensors.encode(reordered, metadata: metadata) == bytes)
  }

  @Test func bytesAreThoseOfTheFormat() throws {
    let weights = try WeightSet([
      WeightTensor(name: "w", shape: [2], values: .float32([1, -2])),
      WeightTensor(name: "n", shape: [], values: .int64([3])),
    ])
    let header =
      #"{"n":{"dtype":"I64","shape":[],"data_offsets":[0,8]},"w":{"dtype":"F32","shape":[2],"data_offsets":[8,16]}}"#
    let padded = header + String(repeating: " ", count: (8 - header.utf8.count % 8) % 8)
    #expect(
      try SafeTensors.encode(weights)
        == littleEndian(UInt32(padded.utf8.count)) + [0, 0, 0, 0] + Array(padded.utf8)
        + [3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x80, 0x3F, 0, 0, 0, 0xC0])
  }

  @Test(.enabled(if: Interpreter.plain != nil, "there is no python3")) func pythonReadsTheFile() throws {
    let weights = try WeightSet([
      WeightTensor(name: "a.weight", shape: [2, 3], values: .float32([0, 1, 2.5, -3, 4, 1e-3])),
      WeightTensor(name: "a.num_batches_tracked", shape: [], values: .int64([-7])),
      WeightTensor(name: "none", shape: [0, 4], values: .float32([])),
    ])
    let folder = try TemporaryFolder()
    let path = folder.path + "/w.safetensors"
    try SafeTensors.write(weights, metadata: ["from": "héé"], to: path)
    let program = """
      import json, struct, sys
      data = open(sys.argv[1], "rb").read()
      n = struct.unpack("<Q", data[:8])[0]
      header = json.loads(data[8:8 + n].decode())
      assert (8 + n) % 8 == 0
      assert header.pop("__metadata__") == {"from": "h\\u00e9\\u00e9"}
      end = 0
      result = {}
      for name, entry in sorted(header.items(), key=lambda item: item[1]["data_offsets"]):
          a, b = entry["data_offsets"]
          assert a == end
          end = b
          code, size = {"F32": ("f", 4), "I64": ("q", 8)}[entry["dtype"]]
          values = struct.unpack(f"<{(b - a) // size}{code}", data[8 + n + a:8 + n + b])
          result[name] = [entry["shape"], [round(v, 6) for v in values]]
      assert 8 + n + end == len(data)
      print(json.dumps(result, sort_keys=True))
      """
    let answer = try python(program, [path], interpreter: try #require(Interpreter.plain))
    #expect(
      answer.trimmingCharacters(in: .whitespacesAndNewlines)
        == #"{"a.num_batches_tracked": [[], [-7]], "a.weight": [[2, 3], [0.0, 1.0, 2.5, -3.0, 4.0, 0.001]], "none": [[0, 4], []]}"#
    )
    #expect(sorted(try SafeTensors.read(path).weights) == sorted(weights))
  }

  private func file(_ header: String, data: Int) -> [UInt8] {
    littleEndian(UInt32(header.utf8.count)) + [0, 0, 0, 0] + Array(header.utf8)
      + [UInt8](repeating: 0, count: data)
  }

  @Test func doublesAreReadRoundedToFloats() throws {
    var bytes = file(#"{"a":{"dtype":"F64","shape":[3],"data_offsets":[0,24]}}"#, data: 0)
    for value in [0.1, -2.5, 1e300] { withUnsafeBytes(of: value.bitPattern.littleEndian) { bytes += $0 } }
    let tensor = try #require(try SafeTensors.decode(bytes).weights["a"])
    #expect(tensor.values == .float32([0.1, -2.5, .infinity]))
  }

  @Test func malformedFilesAreRefused() throws {
    func entry(
      _ name: String, _ shape: String, _ begin: String, _ end: String, _ type: String = "F32"
    ) -> String {
      "\"\(name)\":{\"dtype\":\"\(type)\",\"shape\":\(shape),\"data_offsets\":[\(begin),\(end)]}"
    }
    let malformed: [(String, [UInt8])] = [
      ("empty", []), ("short", [1, 0, 0]), ("no header", [0, 0, 0, 0, 0, 0, 0, 0]),
      ("huge header", [UInt8](repeating: 255, count: 8) + [123]),
      ("header beyond the file", [200, 0, 0, 0, 0, 0, 0, 0, 123, 125]),
      ("no JSON", file("{nonsense}", data: 0)), ("an array", file("[]", data: 0)),
      ("leading blank", file(" {}", data: 0)), ("no UTF-8", [2, 0, 0, 0, 0, 0, 0, 0, 123, 0xFF]),
      ("data of none", file("{}", data: 4)),
      ("overlap", file("{\(entry("a", "[2]", "0", "8")),\(entry("b", "[2]", "4", "12"))}", data: 12)),
      ("gap", file("{\(entry("a", "[1]", "0", "4")),\(entry("b", "[1]", "8", "12"))}", data: 12)),
      ("beyond", file("{\(entry("a", "[2]", "0", "8"))}", data: 4)),
      ("backwards", file("{\(entry("a", "[1]", "4", "0"))}", data: 4)),
      ("shape", file("{\(entry("a", "[3]", "0", "8"))}", data: 8)),
      ("half an element", file("{\(entry("a", "[1]", "0", "6"))}", data: 6)),
      ("negative shape", file("{\(entry("a", "[-1,-1]", "0", "4"))}", data: 4)),
      ("negative offset", file("{\(entry("a", "[1]", "-4", "0"))}", data: 4)),
      ("overflow", file("{\(entry("a", "[4294967296,4294967296,4294967296]", "0", "0"))}", data: 0)),
      ("offset overflow", file("{\(entry("a", "[1]", "0", "99999999999999999999"))}", data: 4)),
      ("one offset", file(#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0]}}"#, data: 4)),
      ("fraction", file("{\(entry("a", "[1.5]", "0", "4"))}", data: 4)),
      ("type", file("{\(entry("a", "[2]", "0", "4", "BF16"))}", data: 4)),
      ("metadata", file(#"{"__metadata__":{"a":1}}"#, data: 0)),
      ("depth", file(String(repeating: "{\"a\":", count: 100_000), data: 0)),
      ("depth of arrays", file("{\"a\":" + String(repeating: "[", count: 100_000), data: 0)),
    ]
    for (what, bytes) in malformed {
      do {
        _ = try SafeTensors.decode(bytes)
        Issue.record("\(what) was taken")
      } catch {
        guard case .malformed = error else {
          Issue.record("\(what): \(error)")
          continue
        }
      }
    }
    // Two names for the same empty place are fine, as are files without tensors.
    #expect(try SafeTensors.decode(file("{}", data: 0)).weights.tensors.isEmpty)
    let empties =
      "{\(entry("b", "[0]", "0", "0")),\(entry("a", "[0,7]", "0", "0")),\(entry("c", "[1]", "0", "4"))}"
    #expect(try SafeTensors.decode(file(empties, data: 4)).weights.tensors.map(\.name) == ["a", "b", "c"])
  }

  @Test func bytesAtRandomNeverCrash() throws {
    var random = RandomStream(seed: 1)
    for round in 0..<2000 {
      var bytes = try SafeTensors.encode(weights(seed: UInt64(round % 40)))
      for _ in 0...random.integer(below: 4) {
        bytes[random.integer(below: bytes.count)] = UInt8(truncatingIfNeeded: random.next())
      }
      if random.bernoulli(0.2) { bytes.removeLast(random.integer(below: bytes.count)) }
      if let (weights, _) = try? SafeTensors.decode(bytes) {
        #expect(weights.tensors.allSatisfy { $0.shape.reduce(1, *) == $0.values.count })
      }
    }
  }

  @Test func filesThatCannotBeAreExplained() throws {
    let folder = try TemporaryFolder()
    let weights = try weights(seed: 1)
    for path in [folder.path + "/none/w.safetensors", folder.path] {
      #expect(throws: WeightError.self) { try SafeTensors.write(weights, to: path) }
      #expect(throws: WeightError.self) { try SafeTensors.read(path) }
    }
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).isEmpty)
    #expect(throws: WeightError.self) {
      try WeightSet([WeightTensor(name: "a", shape: [2], values: .float32([1]))])
    }
    let twice = WeightTensor(name: "a", shape: [1], values: .float32([1]))
    #expect(throws: WeightError.self) { try WeightSet([twice, twice]) }
    let reserved = try WeightSet([WeightTensor(name: "__metadata__", shape: [1], values: .float32([1]))])
    #expect(throws: WeightError.self) { try SafeTensors.encode(reserved) }
  }
}
