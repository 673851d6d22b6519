import Foundation
import FoundationXML

@testable import Reports

/// Reads a document as XML and keeps what tests ask about.
final class DocumentReader: NSObject, XMLParserDelegate {
  var elements: [(name: String, attributes: [String: String])] = []
  var texts: [String] = []
  var titles: [String] = []
  private var current = ""

  func parser(
    _ parser: XMLParser, didStartElement name: String, namespaceURI: String?, qualifiedName: String?,
    attributes: [String: String]
  ) {
    elements.append((name, attributes))
    current = ""
  }

  func parser(_ parser: XMLParser, foundCharacters string: String) { current += string }

  func parser(_ parser: XMLParser, didEndElement name: String, namespaceURI: String?, qualifiedName: String?)
  {
    if name == "text" { texts.append(current) }
    if name == "title" { titles.append(current) }
    current = ""
  }

  /// What is in the document, or nil where it is not well-formed.
  static func read(_ document: String) -> DocumentReader? {
    let reader = DocumentReader()
    let parser = XMLParser(data: Data(document.utf8))
    parser.delegate = reader
    return parser.parse() ? reader : nil
  }

  /// The attributes of all elements of that name.
  func attributes(of name: String) -> [[String: String]] {
    elements.filter { $0.name == name }.map(\.attributes)
  }

  /// What is wrong with a picture as such: not well-formed, a number that is none, text over text or outside.
  static func faults(of picture: SVG) -> [String] {
    guard let document = read(picture.document) else { return ["not well-formed: \(picture.document)"] }
    var faults: [String] = []
    for (name, attributes) in document.elements {
      for (key, value) in attributes {
        if ["x", "y", "width", "height", "cx", "cy", "r", "font-size"].contains(key),
          value != "100%", Double(value)?.isFinite != true
        {
          faults.append("\(name) \(key)=\(value)")
        }
        if key == "d" || key == "points", value.contains("n") || value.contains("i") {
          faults.append("\(name) \(key)=\(value)")
        }
      }
    }
    let frame = Rectangle(x: 0, y: 0, width: picture.width, height: picture.height)
    for (index, label) in picture.labels.enumerated() {
      let box = label.box
      if box.x < frame.x || box.y < frame.y || box.right > frame.right || box.bottom > frame.bottom {
        faults.append("'\(label.text)' is outside")
      }
      for other in picture.labels[..<index] where box.overlaps(other.box) {
        faults.append("'\(label.text)' is over '\(other.text)'")
      }
    }
    return faults
  }
}
