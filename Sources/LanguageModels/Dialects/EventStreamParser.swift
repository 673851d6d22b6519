/// One event of a server's stream.
struct ServerEvent: Sendable, Hashable {
  /// What kind of event it is, where the stream says so.
  var name: String?
  /// The event's identity, where the stream gives it one of its own.
  var id: String?
  /// What it carries.
  var data: [UInt8]
}

/// Cuts a stream of bytes into events, however the bytes are parted on their way.
///
/// Server-sent events as the HTML standard defines them: lines end with LF, CR or CRLF; comments are skipped; several
/// `data` lines make one text; a byte order mark is skipped. Beyond it, an event that the stream ends before its blank
/// line is given out by `finish`, since servers leave that line out.
struct EventStreamParser: Sendable {
  /// How events are parted.
  enum Framing: Sendable { case serverSentEvents, lines }

  private let framing: Framing
  private var line: [UInt8] = []
  private var isAfterCarriageReturn = false
  private var isFirstLine = true
  private var name: String?
  private var id: String?
  private var data: [UInt8]?

  init(_ framing: Framing) {
    self.framing = framing
  }

  /// The events that those bytes complete.
  mutating func take(_ bytes: some Sequence<UInt8>) -> [ServerEvent] {
    var events: [ServerEvent] = []
    for byte in bytes {
      switch byte {
      case 0x0A where isAfterCarriageReturn:
        isAfterCarriageReturn = false
      case 0x0A, 0x0D:
        isAfterCarriageReturn = byte == 0x0D
        endLine(into: &events)
      default:
        isAfterCarriageReturn = false
        line.append(byte)
      }
    }
    return events
  }

  /// The event that the end of the stream completes.
  mutating func finish() -> [ServerEvent] {
    var events: [ServerEvent] = []
    if !line.isEmpty { endLine(into: &events) }
    if framing == .serverSentEvents { dispatch(into: &events) }
    return events
  }

  private mutating func endLine(into events: inout [ServerEvent]) {
    defer { line.removeAll(keepingCapacity: true) }
    if isFirstLine {
      isFirstLine = false
      if line.starts(with: [0xEF, 0xBB, 0xBF]) { line.removeFirst(3) }
    }
    guard framing == .serverSentEvents else {
      if line.contains(where: { $0 != 0x20 && $0 != 0x09 }) { events.append(ServerEvent(data: line)) }
      return
    }
    guard !line.isEmpty else { return dispatch(into: &events) }
    let colon = line.firstIndex(of: UInt8(ascii: ":"))
    guard colon != 0 else { return }  // a comment
    let field = String(decoding: line[..<(colon ?? line.count)], as: UTF8.self)
    var value = colon.map { line[($0 + 1)...] } ?? []
    if value.first == 0x20 { value.removeFirst() }
    switch field {
    case "data":
      if data == nil { data = Array(value) } else { data?.append(contentsOf: [0x0A] + value) }
    case "event": name = String(decoding: value, as: UTF8.self)
    case "id": id = String(decoding: value, as: UTF8.self)
    default: break
    }
  }

  private mutating func dispatch(into events: inout [ServerEvent]) {
    if let data { events.append(ServerEvent(name: name, id: id, data: data)) }
    (name, id, data) = (nil, nil, nil)
  }
}
