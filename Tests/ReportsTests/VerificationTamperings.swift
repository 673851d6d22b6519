import Testing

@testable import Reports

extension VerificationTests {
  /// A change of the file, and what must be said of it.
  struct Tampering: CustomTestStringConvertible, Sendable {
    var name: String
    var sql: String
    var table: String
    var row: String
    var part: RunVerification.Part
    var testDescription: String { name }
  }

  // X stands for an elite's number, C for its cell.
  static let tamperings: [Tampering] = [
    Tampering(
      name: "a candidate that is gone",
      sql: """
        PRAGMA foreign_keys = OFF; DELETE FROM epochs WHERE candidate = 3; DELETE FROM candidate_changes WHERE candidate = 3;
        DELETE FROM candidate_sources WHERE candidate = 3; DELETE FROM candidate_figures WHERE candidate = 3;
        DELETE FROM weights WHERE candidate = 3;
        DELETE FROM network_history WHERE candidate = 3; DELETE FROM candidate_facts WHERE id = 3
        """, table: "candidates", row: "id 3", part: .candidates),
    Tampering(
      name: "a source without its candidate",
      sql: "PRAGMA foreign_keys = OFF; INSERT INTO candidate_sources VALUES (999, 'x')",
      table: "candidate_sources", row: "row 999", part: .file),
    Tampering(
      name: "an epoch that is gone", sql: "DELETE FROM epochs WHERE candidate = X AND epoch = 1",
      table: "epochs", row: "candidate X", part: .file),
    Tampering(
      name: "all epochs gone", sql: "DELETE FROM epochs WHERE candidate = X", table: "epochs",
      row: "candidate X", part: .candidates),
    Tampering(
      name: "the last epoch gone",
      sql: """
        DELETE FROM epochs WHERE candidate = X AND epoch = 2;
        UPDATE candidate_facts SET fitness = (SELECT validation_accuracy FROM epochs WHERE candidate = X) WHERE id = X
        """, table: "epochs", row: "candidate X", part: .candidates),
    Tampering(
      name: "negative seconds", sql: "UPDATE candidate_facts SET seconds = -1 WHERE id = X",
      table: "candidates", row: "id X", part: .candidates),
    Tampering(
      name: "part of a batch", sql: "UPDATE candidate_facts SET images_seen = images_seen + 1 WHERE id = X",
      table: "candidates", row: "id X", part: .candidates),
    Tampering(
      name: "fewer images than others", sql: "UPDATE candidate_facts SET images_seen = 0 WHERE id = X",
      table: "candidates", row: "id X", part: .candidates),
    Tampering(
      name: "more epochs than there are numbers",
      sql: "UPDATE run SET header = json_set(header, '$.configuration.training.epochs', 9223372036854775807)",
      table: "candidates", row: "id ", part: .candidates),
    Tampering(
      name: "a figure that no axis names",
      sql: "UPDATE candidate_figures SET figures = json_set(figures, '$.linear', 99) WHERE candidate = X",
      table: "candidate_figures", row: "candidate X", part: .networks),
    Tampering(
      name: "a view that is gone",
      sql: "DROP VIEW elites; UPDATE candidate_facts SET seconds = seconds + 1 WHERE id = X", table: "elites",
      row: "the view", part: .file),
    Tampering(
      name: "a view of something else",
      sql: """
        DROP VIEW elites; CREATE VIEW elites AS SELECT id AS niche, id, fitness FROM candidate_facts;
        UPDATE candidate_facts SET seconds = seconds + 1 WHERE id = X
        """, table: "elites", row: "the view", part: .file),
    Tampering(
      name: "an elite that is no candidate",
      sql: "PRAGMA foreign_keys = OFF; UPDATE network_history SET candidate = 999 WHERE candidate = X",
      table: "network_history", row: "generation ", part: .file),
    Tampering(
      name: "another place", sql: "UPDATE candidate_facts SET place = 7 WHERE id = 4",
      table: "candidates", row: "id 4", part: .candidates),
    Tampering(
      name: "another generation", sql: "UPDATE candidate_facts SET generation = 3 WHERE id = 6",
      table: "candidates", row: "id 6", part: .candidates),
    Tampering(
      name: "a parent that is none", sql: "UPDATE candidate_facts SET parents = '[99]' WHERE id = 7",
      table: "candidates", row: "id 7", part: .candidates),
    Tampering(
      name: "a parent of the same generation", sql: "UPDATE candidate_facts SET parents = '[6]' WHERE id = 8",
      table: "candidates", row: "id 8", part: .candidates),
    Tampering(
      name: "another parent", sql: "UPDATE candidate_facts SET parents = '[5]' WHERE id = 2",
      table: "candidates", row: "id 2", part: .candidates),
    Tampering(
      name: "a parent the strategy did not choose",
      sql:
        "UPDATE candidate_facts SET parents = CASE parents WHEN '[0]' THEN '[1]' ELSE '[0]' END WHERE id = 16",
      table: "candidates", row: "id 16", part: .generations),
    Tampering(
      name: "another prompt", sql: "UPDATE candidate_facts SET prompt = 'nonsense' WHERE id = 2",
      table: "candidates", row: "id 2", part: .generations),
    Tampering(
      name: "another temperature", sql: "UPDATE candidate_facts SET temperature = 0.125 WHERE id = 2",
      table: "candidates", row: "id 2", part: .generations),
    Tampering(
      name: "a twin of itself", sql: "UPDATE candidate_facts SET twin = 1, status = 'duplicate' WHERE id = X",
      table: "candidates", row: "id X", part: .candidates),
    Tampering(
      name: "a hash",
      sql: "UPDATE candidate_facts SET hash = '00000000000000000000000000000000' WHERE id = X",
      table: "candidates", row: "id X", part: .networks),
    Tampering(
      name: "the parameters", sql: "UPDATE candidate_facts SET parameters = parameters + 1 WHERE id = X",
      table: "candidates", row: "id X", part: .candidates),
    Tampering(
      name: "the MACs, which are no measure", sql: "UPDATE candidate_facts SET macs = macs + 1 WHERE id = X",
      table: "candidates", row: "id X", part: .networks),
    Tampering(
      name: "a measure", sql: "UPDATE candidate_facts SET measure_0 = measure_0 + 1e-9 WHERE id = X",
      table: "candidates", row: "id X", part: .candidates),
    Tampering(
      name: "a fitness", sql: "UPDATE candidate_facts SET fitness = 0.99 WHERE id = X",
      table: "candidates", row: "id X", part: .candidates),
    Tampering(
      name: "a fitness with its epoch",
      sql: """
        UPDATE candidate_facts SET fitness = 0.99 WHERE id = X;
        UPDATE epochs SET validation_accuracy = 0.99 WHERE candidate = X AND epoch = 2
        """, table: "network_history", row: "generation ", part: .generations),
    Tampering(
      name: "a source that computes something else",
      sql:
        "UPDATE candidate_sources SET source = (SELECT source FROM candidate_sources WHERE candidate = 0) WHERE candidate = X",
      table: "candidates", row: "id X", part: .networks),
    Tampering(
      name: "a source that is none",
      sql: "UPDATE candidate_sources SET source = 'import os' WHERE candidate = X",
      table: "candidates", row: "id X", part: .networks),
    Tampering(
      name: "a source that is gone", sql: "DELETE FROM candidate_sources WHERE candidate = X",
      table: "candidate_sources", row: "candidate X", part: .networks),
    Tampering(
      name: "another elite", sql: "UPDATE network_history SET candidate = 0 WHERE candidate = X",
      table: "network_history", row: "generation ", part: .generations),
    Tampering(
      name: "an elite's fitness",
      sql: "UPDATE network_history SET fitness = fitness + 1e-12 WHERE candidate = X",
      table: "network_history", row: "generation ", part: .generations),
    Tampering(
      name: "an elite that is gone", sql: "DELETE FROM network_history WHERE candidate = X",
      table: "network_history", row: "generation ", part: .generations),
    Tampering(
      name: "a prompt's score", sql: "UPDATE prompt_history SET score = score + 1",
      table: "prompt_history", row: "generation 1, cell ", part: .generations),
    Tampering(
      name: "the QD score",
      sql: "UPDATE generations SET record = json_set(record, '$.statistics.qdScore', 99.5) WHERE number = 2",
      table: "generations", row: "number 2", part: .generations),
    Tampering(
      name: "the coverage alone",
      sql: "UPDATE generations SET record = json_set(record, '$.statistics.coverage', 0.5) WHERE number = 2",
      table: "generations", row: "number 2", part: .generations),
    Tampering(
      name: "a generation that is gone",
      sql: "PRAGMA foreign_keys = OFF; DELETE FROM generations WHERE number = 2", table: "prompt_history",
      row: "", part: .file),
    Tampering(
      name: "the last generation's history and itself gone",
      sql: """
        DELETE FROM network_history WHERE generation = 4; DELETE FROM prompt_history WHERE generation = 4;
        DELETE FROM generations WHERE number = 4; UPDATE candidate_facts SET generation = 9 WHERE id = 20
        """, table: "candidates", row: "id 20", part: .candidates),
    Tampering(
      name: "weights of nobody's", sql: "INSERT INTO weights VALUES (0, x'00', NULL)", table: "weights",
      row: "candidate 0", part: .weights),
    Tampering(
      name: "weights that are gone", sql: "DELETE FROM weights WHERE candidate = X", table: "weights",
      row: "candidate X", part: .weights),
    Tampering(
      name: "weights cut off",
      sql: "UPDATE weights SET safetensors = substr(safetensors, 1, 50) WHERE candidate = X",
      table: "weights", row: "candidate X", part: .weights),
    Tampering(
      name: "one bit of a weight",
      sql: """
        UPDATE weights SET safetensors = CAST(substr(safetensors, 1, length(safetensors) - 1) || CASE
          substr(safetensors, -1) WHEN x'00' THEN x'01' ELSE x'00' END AS BLOB) WHERE candidate = X
        """, table: "weights", row: "candidate X", part: .weights),
    Tampering(
      name: "a checksum", sql: "UPDATE weights SET crc32 = crc32 + 1 WHERE candidate = X", table: "weights",
      row: "candidate X", part: .weights),
    Tampering(
      name: "weights of another shape",
      // {"w":{"dtype":"F32","shape":[0],"data_offsets":[0,0]}}
      sql:
        "UPDATE weights SET crc32 = NULL, safetensors = x'36000000000000007b2277223a7b226474797065223a22463332222c227368617065223a5b305d2c22646174615f6f666673657473223a5b302c305d7d7d' WHERE candidate = X",
      table: "weights", row: "candidate X", part: .weights),
    Tampering(
      name: "a candidate of an exchange that is none",
      sql: "UPDATE candidate_facts SET exchange = 'k' WHERE id = 1",
      table: "candidates", row: "id 1", part: .exchanges),
  ]
}
