import Foundation

/// Times a network's training step or forward pass on one thread and prints what it found as JSON.
func benchmark(_ arguments: Arguments) throws {
  let measurement = try Measurement(arguments)
  if arguments.listsOperations {
    _ = try measurement.step()
    for (name, seconds, count) in try measurement.operationTimes(repetitions: 3) {
      print(String(format: "%9.3f ms %5d × ", seconds * 1000, count) + name)
    }
    return
  }
  for _ in 0..<2 { _ = try measurement.step() }
  let start = ContinuousClock.now
  var times: [(wall: Double, processor: Double)] = []
  repeat {
    times.append(try measurement.step())
  } while ContinuousClock.now - start < .seconds(arguments.seconds) || times.count < 3
  let json = try JSONSerialization.data(
    withJSONObject: measurement.report(times), options: [.sortedKeys, .withoutEscapingSlashes])
  print(String(decoding: json, as: UTF8.self))
}

guard let arguments = Arguments(Array(CommandLine.arguments.dropFirst())) else {
  FileHandle.standardError.write(Data((Arguments.usage + "\n").utf8))
  exit(2)
}
do {
  try benchmark(arguments)
} catch {
  FileHandle.standardError.write(Data("engine-benchmark: \(error)\n".utf8))
  exit(1)
}
