/// The style sheet of pages.
enum PageStyle {
  /// The variables of both themes and the rules.
  static var text: String {
    let light = variables(Theme.lightColour, Theme.lightLine)
    let dark = variables(Theme.darkColour, Theme.darkLine)
    return """
      :root{color-scheme:light;\(light)}
      @media (prefers-color-scheme:dark){:root:not([data-theme=light]){color-scheme:dark;\(dark)}}
      :root[data-theme=dark]{color-scheme:dark;\(dark)}
      \(rules)
      """
  }

  private static func variables(_ colour: (Theme.Role) -> Colour, _ line: (Double) -> Colour) -> String {
    let roles = Theme.Role.allCases.map { "--\($0.rawValue):\(colour($0).hex)" }
    let lines = (0..<Theme.lineColours).map {
      "--line\($0):\(line(Double($0) / Double(Theme.lineColours - 1)).hex)"
    }
    return (roles + lines).joined(separator: ";")
  }

  private static let rules = """
    *{box-sizing:border-box}
    html{scroll-behavior:smooth;-webkit-text-size-adjust:100%}
    @media (prefers-reduced-motion:reduce){html{scroll-behavior:auto}}
    body{margin:0;background:var(--background);color:var(--ink);font:16px/1.55 \(TextMetrics.family)}
    header,main{max-width:72rem;margin:0 auto;padding:0 1.25rem}
    header{padding-top:2rem;position:relative}
    h1{font-size:1.7rem;line-height:1.25;margin:0 9rem .4rem 0;overflow-wrap:anywhere}
    h2{font-size:1.3rem;margin:2.6rem 0 .7rem;padding-top:.8rem;border-top:1px solid var(--grid)}
    h3{font-size:1.05rem;margin:1.4rem 0 .4rem}
    .lead,.note,caption,figcaption{color:var(--muted)}
    .lead{margin:0 0 .8rem;overflow-wrap:anywhere}
    .note,figcaption{font-size:.9rem;max-width:48rem}
    p{max-width:48rem}
    a{color:var(--accent)}
    :focus-visible{outline:3px solid var(--accent);outline-offset:2px}
    nav ul{list-style:none;display:flex;flex-wrap:wrap;gap:.3rem 1.1rem;margin:0;padding:0}
    button{font:inherit;font-size:.9rem;color:var(--ink);background:var(--panel);border:1px solid var(--rule);\
    border-radius:6px;padding:.25rem .7rem;cursor:pointer}
    #theme{position:absolute;top:2rem;right:1.25rem}
    figure{margin:1rem 0}
    svg{display:block;width:100%;height:auto}
    svg a{cursor:pointer}
    svg a:hover>*,svg a:focus-visible>*{stroke:var(--ink);stroke-width:2}
    svg a:hover>text,svg a:focus-visible>text{stroke:none}
    .scroll{overflow-x:auto;margin:.8rem 0}
    table{border-collapse:collapse;font-size:.92rem;min-width:50%}
    caption{text-align:left;padding:.2rem 0 .5rem;font-size:.9rem}
    th,td{padding:.32rem .7rem;text-align:left;border-bottom:1px solid var(--grid);vertical-align:top}
    th{font-weight:600;border-bottom:1px solid var(--rule);white-space:nowrap}
    .number{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}
    th button{border:0;background:none;padding:0;font-weight:600;font-size:inherit}
    th[aria-sort] button::after{content:" \\2195";color:var(--muted)}
    th[aria-sort=ascending] button::after{content:" \\2191"}
    th[aria-sort=descending] button::after{content:" \\2193"}
    pre,code{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,'DejaVu Sans Mono',monospace;font-size:.86rem}
    pre{background:var(--panel);border:1px solid var(--grid);border-radius:6px;padding:.7rem .9rem;\
    overflow:auto;max-height:34rem;line-height:1.45;tab-size:4;margin:.5rem 0}
    .wrap{white-space:pre-wrap;overflow-wrap:anywhere}
    dl{display:grid;grid-template-columns:max-content 1fr;gap:.25rem 1.2rem;margin:.6rem 0}
    dt{color:var(--muted)}
    dd{margin:0;overflow-wrap:anywhere}
    details{margin:.6rem 0}
    summary{cursor:pointer}
    .figures{display:grid;grid-template-columns:repeat(auto-fit,minmax(10rem,1fr));gap:.8rem;margin:1rem 0;padding:0}
    .figures>div{background:var(--panel);border:1px solid var(--grid);border-radius:8px;padding:.7rem .9rem}
    .figures dt{font-size:.88rem}
    .figures dd{font-size:1.45rem;font-weight:600}
    .figures dd.what{font-size:.85rem;font-weight:400;color:var(--muted);line-height:1.4}
    article{border:1px solid var(--grid);border-radius:8px;padding:.2rem 1rem 1rem;margin:1rem 0;scroll-margin-top:1rem}
    article:focus{outline:none}
    article:target{border-color:var(--accent)}
    .add{color:var(--green)}.del{color:var(--vermilion)}.hunk{color:var(--muted)}
    .k{color:var(--blue)}.s{color:var(--green)}.c{color:var(--muted);font-style:italic}.n{color:var(--purple)}
    .tip{position:fixed;z-index:9;max-width:22rem;pointer-events:none;white-space:pre-line;background:var(--ink);\
    color:var(--background);font-size:.85rem;line-height:1.4;padding:.35rem .6rem;border-radius:6px}
    .panelled article{display:none}
    .panelled article.open{display:block;position:fixed;z-index:8;top:0;right:0;bottom:0;width:min(46rem,100vw);\
    margin:0;overflow:auto;border-radius:0;background:var(--background);border:0;\
    border-left:1px solid var(--rule);box-shadow:0 0 24px #0006;padding:.4rem 1.2rem 2rem}
    .close{position:sticky;top:.5rem;float:right;z-index:1}
    @media (max-width:40rem){figure{overflow-x:auto}figure>svg{min-width:34rem}h1{margin-right:0}#theme{position:static;margin:.2rem 0 .8rem}dl{grid-template-columns:1fr}\
    dd{margin-bottom:.4rem}.figures{grid-template-columns:1fr 1fr}}
    @media print{#theme,.close{display:none}article{break-inside:avoid}}
    """
}
