import Foundation

/// Tries programs that want to crash, hang or exhaust the compiler; see docs/network-language.md.
let usage = """
  usage: scripts/fuzz [--programs N] [--seed S] [--seconds T] [--first N] [--seeds FOLDER]... [--findings FOLDER]
         scripts/fuzz --reduce FILE
         scripts/fuzz --show N [--seed S] [--seeds FOLDER]...

    --programs N       how many programs are tried (10000)
    --seed S           which (1); program number n of a seed is always the same
    --seconds T        stop after that time
    --first N          the number of the first program (0)
    --seeds FOLDER     further networks to mutate: all .py files below, whose input is 3x32x32 unless their first
                       line ends in another shape
    --findings FOLDER  where what was found is written (fuzz-findings)
    --reduce FILE      makes the program of a finding as small as can be
    --show N           prints a program
  """

do throws(any Error) {
  let options = try FuzzOptions(CommandLine.arguments.dropFirst())
  switch options.action {
  case .help: print(usage)
  case .supervise:
    var supervisor = try Supervisor(options)
    exit(try supervisor.run() ? 0 : 1)
  case .work: Worker(options).run()
  case .once(let file): exit(try Worker.once(file))
  case .reduce(let file):
    var reducer = try Reducer(file)
    try reducer.run()
  case .show(let number):
    let program = options.programs().program(seed: options.seed, number: number)
    print(program.source, terminator: "")
  }
} catch {
  FileHandle.standardError.write(Data("error: \(error)\n\(usage)\n".utf8))
  exit(2)
}
