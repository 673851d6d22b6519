import Foundation
import RandomStreams
import Testing

@testable import Training

@Suite struct DatasetFileTests {
  private func bytes(_ count: Int, seed: UInt64) -> [UInt8] {
    var random = RandomStream(seed: seed)
    return (0..<count).map { _ in UInt8(truncatingIfNeeded: random.next()) }
  }

  /// The four files of an MNIST-like data set with 2×3 images.
  private func writeIDX(_ folder: TemporaryFolder, _ place: String, zipped: Bool) throws -> [UInt8] {
    let pixels = bytes(5 * 6, seed: 1)
    for (prefix, count) in [("train", 5), ("t10k", 2)] {
      let images = idxFile(extents: [count, 2, 3], content: Array(pixels.prefix(count * 6)))
      let labels = idxFile(extents: [count], content: (0..<count).map { UInt8($0 * 2) })
      let suffix = zipped ? ".gz" : ""
      try folder.write(zipped ? gzip(images) : images, to: "\(place)/\(prefix)-images-idx3-ubyte\(suffix)")
      try folder.write(zipped ? gzip(labels) : labels, to: "\(place)/\(prefix)-labels-idx1-ubyte\(suffix)")
    }
    return pixels
  }

  @Test(arguments: ["fashion-mnist", "FashionMNIST/raw"], [false, true])
  func readsIDXFiles(place: String, zipped: Bool) throws {
    let folder = try TemporaryFolder()
    let pixels = try writeIDX(folder, place, zipped: zipped)
    // The place itself may be named, or the folder above it.
    for path in [folder.path, folder.path + "/" + place] {
      let data = try DatasetCatalog(places: ["/nowhere", path]).load(.fashionMNIST)
      #expect(data.training.images == pixels)
      #expect(data.training.labels == [0, 2, 4, 6, 8])
      #expect((data.training.channels, data.training.height, data.training.width) == (1, 2, 3))
      #expect(data.test.images == Array(pixels.prefix(12)))
      #expect(data.test.count == 2)
      #expect(data.training.classNames[8] == "Bag")
    }
    #expect(DatasetCatalog(places: [folder.path + "/" + place]).location(of: .mnist) == nil)
  }

  @Test func damagedIDXFilesAreExplained() throws {
    let folder = try TemporaryFolder()
    _ = try writeIDX(folder, "mnist", zipped: false)
    let good = idxFile(extents: [5, 2, 3], content: bytes(30, seed: 2))
    let zipped = gzip(good)
    var flipped = zipped
    flipped[30] ^= 1
    let damaged: [(String, [UInt8])] = [
      ("empty", []), ("short header", [0, 0, 8]), ("wrong magic", [1] + good.dropFirst()),
      ("truncated", Array(good.dropLast())), ("too long", good + [0]),
      ("huge", idxFile(extents: [0xFFFF_FFFF, 0xFFFF_FFFF, 0xFFFF_FFFF], content: [])),
      ("large", idxFile(extents: [1 << 20, 40, 40], content: [])),
      ("zero", idxFile(extents: [0, 2, 3], content: [])), ("labels", idxFile(extents: [30], content: good)),
      ("gzip truncated", Array(zipped.dropLast(20))), ("gzip without checksum", Array(zipped.dropLast(8))),
      ("gzip flipped", flipped), ("fewer images", idxFile(extents: [4, 2, 3], content: bytes(24, seed: 2))),
    ]
    for (what, content) in damaged {
      try folder.write(content, to: "mnist/train-images-idx3-ubyte")
      #expect(throws: DatasetError.self, "\(what)") { try DatasetCatalog(places: [folder.path]).load(.mnist) }
      do {
        _ = try DatasetCatalog(places: [folder.path]).load(.mnist)
      } catch {
        guard case .corrupt = error else {
          Issue.record("\(what): \(error)")
          continue
        }
      }
    }
    try folder.write(good, to: "mnist/train-images-idx3-ubyte")
    try folder.write(idxFile(extents: [5], content: [0, 1, 2, 3, 10]), to: "mnist/train-labels-idx1-ubyte")
    #expect(throws: DatasetError.self) { try DatasetCatalog(places: [folder.path]).load(.mnist) }
  }

  private func records(_ count: Int, labelBytes: Int, classes: Int, seed: UInt64) -> [UInt8] {
    let pixels = bytes(count * 3072, seed: seed)
    return (0..<count).flatMap { index -> [UInt8] in
      var record = [UInt8](repeating: 19, count: labelBytes - 1)
      record.append(UInt8(index % classes))
      record += pixels[index * 3072..<(index + 1) * 3072]
      return record
    }
  }

  @Test func readsCIFARFoldersAndArchivesAlike() throws {
    let folder = try TemporaryFolder()
    let batches = (1...5).map {
      ("data_batch_\($0).bin", records($0, labelBytes: 1, classes: 10, seed: UInt64($0)))
    }
    let test = ("test_batch.bin", records(2, labelBytes: 1, classes: 10, seed: 9))
    for (name, content) in batches + [test] {
      try folder.write(content, to: "a/cifar-10-batches-bin/\(name)")
    }
    let meta = ("batches.meta.txt", Array("airplane\n".utf8))
    // In an archive the order of members means nothing.
    let members =
      [("cifar-10-batches-bin/", [])]
      + ([meta, test] + batches.reversed()).map {
        ("cifar-10-batches-bin/" + $0.0, $0.1)
      }
    try folder.write(gzip(tar(members)), to: "b/cifar-10-binary.tar.gz")
    try folder.write(tar(members, endMarker: false), to: "c/cifar-10-mine.tar")
    let unpacked = try DatasetCatalog(places: [folder.path + "/a"]).load(.cifar10)
    #expect(unpacked.training.count == 15)
    #expect(unpacked.training.labels.suffix(5) == [0, 1, 2, 3, 4])
    #expect(Array(unpacked.training.images.prefix(3072)) == Array(batches[0].1.dropFirst()))
    #expect(unpacked.test.count == 2)
    #expect(try DatasetCatalog(places: [folder.path + "/a/cifar-10-batches-bin"]).load(.cifar10) == unpacked)
    #expect(try DatasetCatalog(places: [folder.path + "/b"]).load(.cifar10) == unpacked)
    #expect(try DatasetCatalog(places: [folder.path + "/c/cifar-10-mine.tar"]).load(.cifar10) == unpacked)
  }

  @Test func cifar100TakesTheFineLabel() throws {
    let folder = try TemporaryFolder()
    let training = records(4, labelBytes: 2, classes: 100, seed: 1)
    let members = [("train.bin", training), ("test.bin", records(3, labelBytes: 2, classes: 100, seed: 2))]
    try folder.write(gzip(tar(members)), to: "cifar-100-binary.tar.gz")
    let data = try DatasetCatalog(places: [folder.path]).load(.cifar100)
    #expect(data.training.labels == [0, 1, 2, 3])
    #expect(Array(data.training.images.prefix(3072)) == Array(training[2..<3074]))
    #expect(data.training.classCount == 100)
  }

  @Test func damagedArchivesAreExplained() throws {
    let folder = try TemporaryFolder()
    let good = [
      ("train.bin", records(2, labelBytes: 2, classes: 100, seed: 1)),
      ("test.bin", records(1, labelBytes: 2, classes: 100, seed: 2)),
    ]
    var badChecksum = tar(good)
    badChecksum[0] ^= 1
    var wrongLabel = good
    wrongLabel[0].1[1] = 100
    var hugeMember = tar(good)
    for (offset, byte) in "77777777777".utf8.enumerated() { hugeMember[124 + offset] = byte }
    let sum =
      8 * 32
      + hugeMember[..<512].enumerated().reduce(0) { 148..<156 ~= $1.offset ? $0 : $0 + Int($1.element) }
    for (offset, byte) in ("0" + String(sum, radix: 8)).utf8.enumerated() { hugeMember[148 + offset] = byte }
    let damaged: [(String, [UInt8])] = [
      ("empty", []), ("noise", bytes(5000, seed: 5)), ("checksum", badChecksum), ("huge member", hugeMember),
      ("truncated", Array(tar(good).prefix(4000))), ("no test images", tar([good[0]])),
      ("half a record", tar([("train.bin", Array(good[0].1.dropLast())), good[1]])),
      ("label", tar(wrongLabel)), ("gzip truncated", Array(gzip(tar(good)).prefix(7000))),
    ]
    for (what, content) in damaged {
      try folder.write(content, to: "cifar-100-binary.tar.gz")
      do {
        _ = try DatasetCatalog(places: [folder.path]).load(.cifar100)
        Issue.record("\(what) was taken")
      } catch {
        guard case .corrupt = error else {
          Issue.record("\(what): \(error)")
          continue
        }
      }
    }
  }

  @Test func bytesAtRandomNeverCrashTheReaders() throws {
    let folder = try TemporaryFolder()
    let archive = tar([("train.bin", records(1, labelBytes: 2, classes: 100, seed: 1))])
    let images = gzip(idxFile(extents: [5, 2, 3], content: bytes(30, seed: 2)))
    var random = RandomStream(seed: 3)
    for _ in 0..<200 {
      var content = random.bernoulli(0.5) ? archive : images
      for _ in 0...random.integer(below: 8) {
        content[random.integer(below: min(600, content.count))] = UInt8(truncatingIfNeeded: random.next())
      }
      let path = try folder.write(content, to: "file")
      // Whatever comes back, it comes back; sizes are bounded by the content.
      if let (extents, values) = try? IDXFile.bytes(at: path, rank: 3, what: "pixels") {
        #expect(extents.reduce(1, *) == values.count)
      }
      if let members = try? TarArchive.members(["train.bin"], at: path, limit: 1 << 20) {
        #expect(members.values.allSatisfy { $0.count <= content.count })
      }
    }
  }

  @Test(arguments: DatasetName.allCases)
  func missingDataSayHowToGetThem(name: DatasetName) throws {
    let folder = try TemporaryFolder()
    do {
      _ = try DatasetCatalog(places: [folder.path]).load(name)
      Issue.record("there is nothing to load")
    } catch {
      #expect(error == .missing(name: name.rawValue, searched: [folder.path], remedy: name.remedy))
      #expect(error.description.hasSuffix("."))
    }
    #expect(name.classNames.count == (name == .cifar100 ? 100 : 10))
    #expect(Set(name.classNames).count == name.classNames.count)
  }

  @Test func unknownNamesListTheKnownOnes() {
    #expect(
      throws: DatasetError.unknownName("cifar", known: ["fashion-mnist", "mnist", "cifar-10", "cifar-100"])
    ) {
      try DatasetName(named: "cifar")
    }
  }

  @Test func standardPlacesAreInOrder() {
    let catalog = DatasetCatalog.standard(path: "/here", environment: ["NICHE_DATA": "/a:/b"])
    #expect(catalog.places == ["/here", "/a", "/b", ".cache/data", "/usr/share/datasets"])
  }

  private static let installed = DatasetName.allCases.filter {
    DatasetCatalog.standard().location(of: $0) != nil
  }

  @Test(
    .enabled(if: !installed.isEmpty, "no data set is installed; see scripts/data"), arguments: installed)
  func installedDataAreThePublishedOnes(name: DatasetName) throws {
    let data = try DatasetCatalog.standard().load(name)
    #expect((data.training.channels, data.training.height, data.training.width) == name.imageShape)
    for part in [data.training, data.test] {
      var counts = [Int](repeating: 0, count: part.classCount)
      for label in part.labels { counts[Int(label)] += 1 }
      #expect(counts.allSatisfy { $0 > 0 })
      // All but MNIST are balanced.
      if name != .mnist { #expect(Set(counts).count == 1) }
    }
    let normalization = Normalization(of: DatasetPart(data.training))
    if name == .fashionMNIST {
      // The published figures of the data set: 0.2860 and 0.3530.
      #expect(abs(normalization.mean[0] - 0.2860) < 5e-4)
      #expect(abs(normalization.deviation[0] - 0.3530) < 5e-4)
    }
    if name == .cifar10, data.training.count == 50_000 {
      for (value, published) in zip(normalization.mean, [125.3, 123.0, 113.9]) {
        #expect(abs(value * 255 - published) < 0.1)
      }
      for (value, published) in zip(normalization.deviation, [63.0, 62.1, 66.7]) {
        #expect(abs(value * 255 - published) < 0.1)
      }
    }
  }
}
