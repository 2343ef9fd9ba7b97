import { createHash } from 'node:crypto';

/**
 * The style sheet of a report: to read on a screen, and to print on A4. On paper the page's body is a table to the printer,
 * whose foot is repeated on every page; the heads of tables are, too.
 */
export const REPORT_STYLE = `
:root { color-scheme: light; font: 15px/1.45 system-ui, sans-serif; color: #1b1f24; background: #fff; }
body { margin: 0 auto; max-width: 62rem; padding: 1.5rem; }
h1 { font-size: 1.5rem; margin: 0 0 .25rem; }
h2 { font-size: 1.15rem; margin: 1.6rem 0 .5rem; }
h3 { font-size: 1rem; margin: 1.2rem 0 .4rem; }
p { margin: .3rem 0; }
dl.cut { display: grid; grid-template-columns: max-content 1fr; gap: .1rem .8rem; margin: .5rem 0; }
dl.cut dt, dl.columns dt { font-weight: 600; }
dl.cut dd, dl.columns dd { margin: 0; overflow-wrap: anywhere; }
dl.columns { font-size: .85em; columns: 2; column-gap: 2rem; margin: .4rem 0 1rem; }
dl.columns div { break-inside: avoid; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; font-size: .9em; }
caption { text-align: start; font-weight: 600; padding: .3rem 0; }
th, td { border-bottom: 1px solid #c9ced6; padding: .2rem .45rem; text-align: start; vertical-align: top; overflow-wrap: anywhere; }
thead th { border-bottom: 2px solid #1b1f24; overflow-wrap: normal; }
td.number, th.number { text-align: end; }
tr.total th, tr.total td { font-weight: 600; }
ul.signals { margin: .3rem 0; padding-inline-start: 1.2rem; }
.new { font-weight: 700; }
.restricted { border: 2px solid #8a1c1c; padding: .4rem .7rem; margin: .6rem 0; }
svg.flow { width: 100%; max-width: 34rem; height: auto; display: block; font: 12px system-ui, sans-serif; }
svg.wide { max-width: none; }
svg.flow rect { fill: #fff; stroke: #1b1f24; }
svg.flow .line { fill: none; stroke: #1b1f24; }
svg.flow text { fill: #1b1f24; }
footer { border-top: 1px solid #1b1f24; margin-top: 2rem; padding-top: .4rem; font-size: .8em; overflow-wrap: anywhere; }
@page { size: A4; margin: 14mm 14mm 16mm; @bottom-right { content: counter(page) " / " counter(pages); font: 8pt sans-serif; } }
@media print {
  :root { font-size: 10pt; }
  body { display: table; width: 100%; max-width: none; padding: 0; }
  main { display: table-row-group; }
  footer { display: table-footer-group; font-size: 7.5pt; margin: 0; }
  section.page { break-before: page; }
  thead { display: table-header-group; }
  tr, dl.columns div, svg.flow { break-inside: avoid; }
  h2, h3, caption { break-after: avoid; }
  .scroll { overflow: visible; }
  svg.flow { max-height: 92mm; max-width: 110mm; }
  svg.wide { max-width: none; }
  table { font-size: 8.5pt; }
  dl.columns { font-size: 7.5pt; }
}
`;

/** What a page with this style sheet may do: be seen, and nothing else. No script, nothing from elsewhere. */
export const REPORT_POLICY = [
  "default-src 'none'",
  `style-src 'sha256-${createHash('sha256').update(REPORT_STYLE).digest('base64')}'`,
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');
