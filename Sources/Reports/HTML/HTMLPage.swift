/// A page in one file that loads nothing: headings, sections, pictures in both themes.
///
/// Its policy forbids every request. It follows the reader's colour scheme, with a switch where scripts run; without
/// them all is there to be read.
struct HTMLPage: Sendable {
  /// A section with its heading and a place in the list of contents.
  struct Section: Sendable {
    /// The name in addresses, such as `map`.
    var name: String
    var title: String
    var content: HTML
  }

  var title: String
  /// A line below the title.
  var subtitle = ""
  var sections: [Section]
  /// What stands behind the sections and is in no list of contents.
  var appendix: HTML = ""
  /// Scripts that the page needs beside its own; the author answers for them.
  var script = ""

  /// The file.
  var document: String {
    let contents = sections.map { section -> HTML in
      "<li><a href=\"#\(section.name)\">\(section.title)</a></li>"
    }
    let body = sections.map { section -> HTML in
      """
      <section id="\(section.name)" aria-labelledby="\(section.name)-title">
      <h2 id="\(section.name)-title">\(section.title)</h2>
      \(section.content)
      </section>
      """
    }
    let line: HTML = subtitle.isEmpty ? "" : "<p class=\"lead\">\(subtitle)</p>"
    let top: HTML = """
      <header>
      <h1>\(title)</h1>
      \(line)
      <button type="button" id="theme" hidden="hidden">Dark or light</button>
      <nav aria-label="Contents"><ul>
      \(HTML(contents))
      </ul></nav>
      </header>
      <main>
      \(HTML(body))
      \(appendix)
      </main>
      """
    return """
      <!DOCTYPE html>
      <html lang="en">
      <head>
      <meta charset="utf-8"/>
      <meta http-equiv="Content-Security-Policy" content="default-src 'none'; \
      style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'"/>
      <meta name="viewport" content="width=device-width, initial-scale=1"/>
      <meta name="color-scheme" content="light dark"/>
      <meta name="referrer" content="no-referrer"/>
      <title>\(Markup.escaped(Markup.line(title)))</title>
      <style>
      \(PageStyle.text)
      </style>
      </head>
      <body>
      \(top.text)
      <script>
      \(PageScript.text)
      \(script)
      </script>
      </body>
      </html>

      """
  }
}
