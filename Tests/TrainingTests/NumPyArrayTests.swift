import RandomStreams
import Testing

@testable import Training

@Suite struct NumPyArrayTests {
  private func file(_ header: String, _ data: [UInt8]) -> [UInt8] {
    [0x93] + Array("NUMPY".utf8) + [1, 0, UInt8(header.utf8.count), 0] + Array(header.utf8) + data
  }

  @Test(arguments: 0..<40) func roundTrip(seed: UInt64) throws {
    var random = RandomStream(seed: seed)
    let shape = (0..<random.integer(below: 5)).map { _ in random.integer(below: 4) }
    let count = shape.reduce(1, *)
    let values: WeightTensor.Values =
      random.bernoulli(0.5)
      ? .float32((0..<count).map { _ in Float(random.normal()) })
      : .int64((0..<count).map { _ in Int64(bitPattern: random.next()) })
    let array = try NumPyArray(shape: shape, values: values)
    let bytes = array.encoded()
    #expect(try NumPyArray.decode(bytes) == array)
    var data = count * 8
    if case .float32 = values { data = count * 4 }
    #expect((bytes.count - data).isMultiple(of: 64))
  }

  /// The bytes that `numpy.save` writes for `numpy.array([[1.5, -2.0]], dtype=numpy.float32)`.
  @Test func bytesAreThoseOfNumPy() throws {
    let header = "{'descr': '<f4', 'fortran_order': False, 'shape': (1, 2), }"
    let padded = header + String(repeating: " ", count: 118 - header.utf8.count - 1) + "\n"
    let bytes = file(padded, [0, 0, 0xC0, 0x3F, 0, 0, 0, 0xC0])
    #expect(bytes.count == 128 + 8)
    #expect(try NumPyArray.decode(bytes) == NumPyArray(shape: [1, 2], values: .float32([1.5, -2])))
  }

  @Test func otherTypesAndOrders() throws {
    func decoded(
      _ type: String, _ shape: String, _ data: [UInt8], order: String = "False"
    ) throws -> NumPyArray {
      try .decode(file("{'descr': '\(type)', 'fortran_order': \(order), 'shape': \(shape), }\n", data))
    }
    #expect(try decoded("|i1", "(2,)", [0xFF, 3]).values == .int64([-1, 3]))
    #expect(try decoded("|u1", "(2,)", [0xFF, 3]).values == .int64([255, 3]))
    #expect(try decoded("|b1", "(2,)", [1, 0]).values == .int64([1, 0]))
    #expect(try decoded("<i4", "()", [0xFE, 0xFF, 0xFF, 0xFF]).values == .int64([-2]))
    #expect(try decoded("<f8", "(1,)", [0, 0, 0, 0, 0, 0, 0xF8, 0x3F]).values == .float32([1.5]))
    // 1.5, the smallest subnormal, and minus infinity.
    #expect(
      try decoded("<f2", "(3,)", [0, 0x3E, 1, 0, 0, 0xFC]).values == .float32([1.5, 0x1p-24, -.infinity]))
    // [[0, 1, 2], [3, 4, 5]] by columns.
    #expect(
      try decoded("|u1", "(2, 3)", [0, 3, 1, 4, 2, 5], order: "True").values == .int64([0, 1, 2, 3, 4, 5]))
  }

  @Test func whatIsNoArrayIsRefused() throws {
    for header in [
      "{'descr': '>f4', 'fortran_order': False, 'shape': (1,), }",
      "{'descr': '|O', 'fortran_order': False, 'shape': (1,), }",
      "{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (1,), }",
      "{'descr': '<f4', 'fortran_order': False, 'shape': (-1,), }",
      "{'descr': '<f4', 'fortran_order': False, 'shape': (9223372036854775807, 9), }",
      "{'descr': '<f4', 'fortran_order': False, 'shape': (4611686018427387905,), }", "{}", "",
    ] {
      #expect(throws: WeightError.self, "\(header)") { try NumPyArray.decode(file(header, [0, 0, 0, 0])) }
    }
  }

  @Test func damagedFilesAreRefusedOrRead() throws {
    var random = RandomStream(seed: 3)
    let bytes = try NumPyArray(shape: [2, 3], values: .float32([1, 2, 3, 4, 5, 6])).encoded()
    for count in 0..<bytes.count {
      #expect(throws: WeightError.self) { try NumPyArray.decode(Array(bytes[..<count])) }
    }
    for _ in 0..<2000 {
      var damaged = bytes
      for _ in 0...random.integer(below: 4) {
        damaged[random.integer(below: damaged.count)] = UInt8(random.integer(below: 256))
      }
      _ = try? NumPyArray.decode(damaged)
    }
  }
}
