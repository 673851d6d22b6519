import Foundation
import Testing

/// `niche data` and `scripts/nas-bench-201` as a user runs them.
@Suite struct DataCommandTests {
  private static let csv = """
    arch,c10_val200_nats,c10_val12,comment
    |nor_conv_3x3~0|+|nor_conv_3x3~0|nor_conv_3x3~1|+|skip_connect~0|nor_conv_3x3~1|nor_conv_1x1~2|,91.5,80,best
    |avg_pool_3x3~0|+|none~0|none~1|+|skip_connect~0|none~1|nor_conv_3x3~2|,,70.25,

    """

  private func project(_ body: (String) throws -> Void) throws {
    let project = try Tool.project()
    defer { try? FileManager.default.removeItem(atPath: project) }
    try body(project)
  }

  private func entry(_ name: String, in project: String) throws -> [String: Any] {
    let result = try Tool.run(["data", "list", "--json"], in: project, environment: ["NICHE_DATA": ""])
    #expect(result.status == 0, "\(result.error)")
    let entries = try #require(
      try JSONSerialization.jsonObject(with: Data(result.output.utf8)) as? [[String: Any]])
    return try #require(entries.first { $0["name"] as? String == name })
  }

  @Test func aTableIsImportedAndListed() throws {
    try project { project in
      let missing = try entry("nas-bench-201", in: project)
      #expect((missing["remedy"] as? String)?.contains("scripts/nas-bench-201") == true)
      #expect(missing["path"] == nil)
      try Self.csv.write(toFile: project + "/cells.csv", atomically: true, encoding: .utf8)
      let imported = try Tool.run(["data", "import", "cells.csv"], in: project)
      #expect(imported.status == 0, "\(imported.error)")
      #expect(imported.output.contains(".cache/data/nas-bench-201.table: 2 cells, 2 columns"))
      #expect(imported.output.contains("15623 cells have no row"))
      #expect(imported.output.contains("left out: comment"))
      let found = try entry("nas-bench-201", in: project)
      #expect(found["path"] as? String == ".cache/data/nas-bench-201.table")
      #expect(found["rows"] as? Int == 15_625)
      #expect((found["provenance"] as? [String: Any])?["source"] as? String == "cells.csv")
      #expect(
        (found["columns"] as? [[String: Any]])?.compactMap { $0["name"] as? String }
          == ["c10_val200_nats", "c10_val12"])
      let text = try Tool.run(["data"], in: project, environment: ["NICHE_DATA": ""]).output
      #expect(text.contains("ok  nas-bench-201: .cache/data/nas-bench-201.table"))
      #expect(text.contains("from cells.csv"))
      // A damaged table is told of in a sentence.
      try Data("NICHETAB".utf8).write(to: URL(fileURLWithPath: project + "/.cache/data/nas-bench-201.table"))
      #expect((try entry("nas-bench-201", in: project)["problem"] as? String)?.contains("damaged") == true)
    }
  }

  @Test(arguments: [
    ("|none~0|,5\n", "cells.csv, line 2: column arch: A cell has 3 nodes joined by '+', and here is 1"),
    (
      "|none~0|+|none~0|none~1|+|none~0|none~1|none~2|,x\n",
      "cells.csv, line 2: column c10_val12: 'x' is no number"
    ),
  ])
  func mistakesAreNamed(row: String, says: String) throws {
    try project { project in
      try ("arch,c10_val12\n" + row).write(toFile: project + "/cells.csv", atomically: true, encoding: .utf8)
      let result = try Tool.run(["data", "import", "cells.csv"], in: project)
      #expect(result.status == 1)
      #expect(result.error.contains(says), "\(result.error)")
      #expect(!FileManager.default.fileExists(atPath: project + "/.cache/data/nas-bench-201.table"))
    }
  }

  @Test func keysMustAgree() throws {
    try project { project in
      let cell = "|none~0|+|none~0|none~1|+|none~0|none~1|none~2|"
      for (text, status) in [
        ("ops,c10_val12\n000000,5\n", 0), ("ops,c10_val12\n00000,5\n", 1), ("ops,c10_val12\n00000x,5\n", 1),
        ("arch,ops,c10_val12\n\(cell),000000,5\n", 0), ("arch,ops,c10_val12\n\(cell),000001,5\n", 1),
        ("index,c10_val12\n15624,5\n", 0), ("index,c10_val12\n15625,5\n", 1),
      ] {
        try text.write(toFile: project + "/cells.csv", atomically: true, encoding: .utf8)
        #expect(
          try Tool.run(["data", "import", "cells.csv"], in: project).status == Int32(status), "\(text)")
      }
    }
  }

  /// The script's way through the benchmark's own Python package, with a package of three cells in its place.
  @Test func theScriptAsksTheBenchmarksPackage() throws {
    let python = "/usr/bin/python3"
    guard FileManager.default.isExecutableFile(atPath: python) else {
      print("notice: there is no \(python); scripts/nas-bench-201 is not tested")
      return
    }
    try project { project in
      let package = """
        CELLS = ["|none~0|+|none~0|none~1|+|none~0|none~1|none~2|",
                 "|skip_connect~0|+|none~0|none~1|+|none~0|none~1|none~2|",
                 "|nor_conv_1x1~0|+|none~0|none~1|+|none~0|none~1|none~2|"]
        class API:
            def __len__(self): return len(CELLS)
            def arch(self, index): return CELLS[index]
            def get_more_info(self, index, dataset, iepoch=None, hp="12", is_random=True):
                assert is_random is False
                base = {"cifar10-valid": 10, "cifar10": 20, "cifar100": 30, "ImageNet16-120": 40}[dataset]
                info = {"train-all-time": 100.0, "test-accuracy": base + index + int(hp) / 1000}
                if dataset != "cifar10":
                    info["valid-accuracy"] = base + 5 + index + int(hp) / 1000
                return info
            def get_cost_info(self, index, dataset, hp="12"): return {"latency": -1 if index else 0.02}
        def create(path, space, fast_mode=False, verbose=True):
            assert space == "tss" and fast_mode
            return API()
        """
      try package.write(toFile: project + "/nats_bench.py", atomically: true, encoding: .utf8)
      let script = try String(contentsOfFile: Tool.package + "/scripts/nas-bench-201", encoding: .utf8)
        .replacing("COUNT = 15_625", with: "COUNT = 3")
      try script.write(toFile: project + "/script.py", atomically: true, encoding: .utf8)
      let process = Process()
      process.executableURL = URL(fileURLWithPath: python)
      process.arguments = ["script.py", "--nats-bench", ".", "--output", "cells.csv.gz"]
      process.currentDirectoryURL = URL(fileURLWithPath: project)
      process.environment = ["PYTHONPATH": project]
      process.standardOutput = FileHandle.nullDevice
      try process.run()
      process.waitUntilExit()
      #expect(process.terminationStatus == 0)
      let imported = try Tool.run(["data", "import", "cells.csv.gz", "--json"], in: project)
      let report = try #require(
        try JSONSerialization.jsonObject(with: Data(imported.output.utf8)) as? [String: Any],
        "\(imported.output)\(imported.error)")
      #expect(report["rows"] as? Int == 3)
      #expect((report["columns"] as? [String])?.count == 18)
      #expect((report["ignored_columns"] as? [String])?.isEmpty == true)
      // Validation of CIFAR-10 comes from the networks trained on half of the images, its test from the others.
      let unzipped = Process()
      let pipe = Pipe()
      unzipped.executableURL = URL(fileURLWithPath: "/bin/gzip")
      unzipped.arguments = ["-dc", project + "/cells.csv.gz"]
      unzipped.standardOutput = pipe
      try unzipped.run()
      let lines = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        .split(separator: "\n").map { $0.split(separator: ",", omittingEmptySubsequences: false) }
      func value(_ name: String, _ row: Int) throws -> Substring {
        lines[row + 1][try #require(lines[0].firstIndex { $0 == name })]
      }
      #expect(try value("c10_val12", 2) == "17.012000")
      #expect(try value("c10_test200_nats", 1) == "21.200000")
      #expect(try value("in16_val200_nats", 0) == "45.200000")
      #expect(try value("c100_latency_s", 0) == "0.020000")
      #expect(try value("c100_latency_s", 1).isEmpty)
    }
  }
}

/// `niche space` as a user runs it.
@Suite struct SpaceCommandTests {
  private func project(_ body: (String) throws -> Void) throws {
    let project = try Tool.project()
    defer { try? FileManager.default.removeItem(atPath: project) }
    try body(project)
  }

  @Test func aCellIsToldOfAndItsNetworkCompiles() throws {
    try project { project in
      let quiet = ["NICHE_DATA": ""]
      let told = try Tool.run(["space", "6111", "--json"], in: project, environment: quiet)
      let facts = try #require(
        try JSONSerialization.jsonObject(with: Data(told.output.utf8)) as? [String: Any], "\(told.error)")
      #expect(facts["index"] as? Int == 6111)
      #expect((facts["figures"] as? [String: Double])?["parameters"] == 1_073_466)
      #expect((facts["note"] as? String)?.contains("niche data import") == true)
      let arch = try #require(facts["arch"] as? String)
      let source = try Tool.run(
        ["space", arch, "--source", "--task", "imagenet16-120"], in: project, environment: quiet)
      try source.output.write(toFile: project + "/cell.py", atomically: true, encoding: .utf8)
      let compiled = try Tool.run(["compile", "cell.py", "--input", "3x16x16", "--json"], in: project)
      let report = try #require(
        try JSONSerialization.jsonObject(with: Data(compiled.output.utf8)) as? [String: Any])
      #expect(report["parameters"] as? Int == 1_073_466 + 7_150)
      #expect(report["output_shape"] as? [Int] == [1, 120])
      // With a table its figures are there, too.
      try "index,c10_val12,in16_val12\n6111,84.5,30\n".write(
        toFile: project + "/cells.csv", atomically: true, encoding: .utf8)
      #expect(try Tool.run(["data", "import", "cells.csv"], in: project).status == 0)
      let text = try Tool.run(["space", arch], in: project, environment: quiet)
      #expect(text.output.contains("c10_val12  84.500") && !text.output.contains("in16_val12"))
    }
  }

  @Test(arguments: [
    (["space", "15625"], "There is no cell 15625; they are numbered from 0 to 15624."),
    (["space", "|none~0|"], "A cell has 3 nodes"), (["space", "--source"], "--source needs a cell"),
    (["space", "1", "--task", "mnist"], "--task must be cifar-10, cifar-100, imagenet16-120"),
  ])
  func mistakesGetOneSentence(arguments: [String], says: String) throws {
    try project { project in
      let result = try Tool.run(arguments, in: project)
      #expect(result.status == 1)
      #expect(result.error.contains(says), "\(result.error)")
    }
  }
}
