/// What is known of a request's tokens before it is sent.
enum TokenEstimate {
  /// The bytes of everything that a server counts as the prompt.
  ///
  /// A turn has a handful of tokens around it, here taken for sixteen bytes.
  static func promptBytes(of request: ChatRequest) -> Int {
    var bytes = 16
    for message in request.messages { bytes += message.content.utf8.count + 16 }
    if let schema = request.responseSchema { bytes += schema.schema.encoded().utf8.count }
    bytes += (request.grammar?.utf8.count ?? 0) + (request.suffix?.utf8.count ?? 0)
    return bytes
  }
}
