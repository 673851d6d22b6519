extension BenchmarkColumn {
  /// The columns that a table of NAS-Bench-201 may have, preferred ones first; docs/nas-bench-201.md tells of them.
  ///
  /// There are two measurements of the networks trained for 200 epochs. They differ on some 2,400 cells by up to 4.8
  /// points, so one figure never mixes them; that of NATS-Bench comes first.
  public static let nasBench201: [BenchmarkColumn] = tasks.flatMap { prefix, task in
    accuracies(prefix, task, epochs: 200, suffix: "200_nats", family: natsBench)
      + accuracies(prefix, task, epochs: 12, suffix: "12", family: lowFidelity)
      + accuracies(prefix, task, epochs: 200, suffix: "200", family: nasBench201Family)
      + [
        BenchmarkColumn(
          name: prefix + "_train_time200_s", task: task, quantity: .trainingTime, epochs: 200,
          family: natsBench),
        BenchmarkColumn(
          name: prefix + "_latency_s", task: task, quantity: .latency, epochs: nil, family: natsBench),
      ]
  }

  /// What NATS-Bench (Dong, Liu, Musial & Gabrys 2021) measured after 200 epochs.
  public static let natsBench = "nats-bench"
  /// What NAS-Bench-201 1.1 (Dong & Yang 2020) measured after 200 epochs.
  public static let nasBench201Family = "nas-bench-201"
  /// What a training of 12 epochs came to.
  public static let lowFidelity = "12-epochs"

  private static let tasks = [("c10", "cifar-10"), ("c100", "cifar-100"), ("in16", "imagenet16-120")]

  private static func accuracies(
    _ prefix: String, _ task: String, epochs: Int, suffix: String, family: String
  ) -> [BenchmarkColumn] {
    [("val", Quantity.validationAccuracy), ("test", .testAccuracy)].map { name, quantity in
      BenchmarkColumn(
        name: "\(prefix)_\(name)\(suffix)", task: task, quantity: quantity, epochs: epochs, family: family)
    }
  }
}
