import { formatInstant } from '@cairn/event-sourcing';
import type { TrialTable } from '@cairn/monitoring';
import { firstPageOf, type SiteSummary } from './first-page.js';
import type { FlowNode } from '@cairn/monitoring';
import { flowRows, flowSvg, lossesOf } from './flow-diagram.js';
import { markup, Markup, nothing } from './markup.js';
import { REPORT_STYLE } from './report-style.js';
import type { Report } from './report.js';
import type { Signal } from './signals.js';

type Table = TrialTable;
type Column = Table['columns'][number];
type Value = Table['rows'][number][string];

/** A report as one page that needs nothing else: no script, nothing from elsewhere, to be read, kept and printed. */
export function reportHtml(report: Report): string {
  const { kind, trial } = report;
  const title = `${kind === 'open' ? 'Open' : 'Closed'} report: ${trial.title}`;
  return markup`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8" />
<meta name="viewport" content="width=device-width, initial-scale=1" />
<title>${title}</title>
<style>${new Markup(REPORT_STYLE)}</style>
</head>
<body>
<main>
<section aria-labelledby="report">
<h1 id="report">${title}</h1>
${restriction(report)}
${cutList(report)}
${firstPage(report)}
</section>
<section class="page" aria-labelledby="flow-and-signals">
<h2 id="flow-and-signals">Flow and signals in full</h2>
${report.flow ? flowTable(report.flow, report.kind) : nothing}
${signalTable(report)}
${raisedTable(report)}
</section>
<section class="page" aria-labelledby="tables">
<h2 id="tables">Tables</h2>
${report.tables.map((table, index) => tableSection(table, index))}
</section>
</main>
${footer(report)}
</body>
</html>
`.text;
}

function restriction(report: Report): Markup {
  if (report.kind === 'open') return nothing;
  const key = report.armKey?.map(({ letter, arm }) => markup`<li>${letter}: ${arm}</li>`);
  return markup`<div class="restricted" role="note"><p>By masked arm. For members of the data monitoring committee and the unblinded statistician only, until ${formatInstant(report.closedUntil)}. Each look at it is recorded.</p>${key ? markup`<p>Arms:</p><ul>${key}</ul>` : nothing}</div>`;
}

function cutList({ trial, cut }: Report): Markup {
  const said: readonly (readonly [string, string])[] = [
    ['Trial', trial.registration === undefined ? trial.trial : `${trial.trial}, ${trial.registration}`],
    ['Data cut', `${cut.cut}: ${cut.note}`],
    ['Happened before', cut.occurredBefore],
    ['Recorded up to', `position ${cut.position} of the log, ${cut.size} events of the trial`],
    ['Taken', formatInstant(cut.takenAt)],
    ['Protocol, code', `version ${cut.protocol}, ${cut.code}`],
  ];
  return markup`<dl class="cut">${said.map(([name, value]) => markup`<dt>${name}</dt><dd>${value}</dd>`)}</dl>`;
}

function firstPage(report: Report): Markup {
  const { engagement, sites } = firstPageOf(report);
  const { flow, signals } = report;
  const fresh = signals.raised.filter(({ isNew }) => isNew);
  const against =
    signals.against === undefined ? 'There is no earlier cut: all are new.' : `Against cut ${signals.against}.`;
  return markup`<h2>Participant flow</h2>
${flow ? flowSvg(flow, `Participant flow of ${report.trial.trial}`) : markup`<p>The cut has no table of it.</p>`}
<h2>New signals</h2>
<p>${report.raised.length} were raised by rules ${sinceOf(report)}; they follow in full below.</p>
<h3>Limits newly crossed</h3>
<p>${against} ${fresh.length} new of ${signals.raised.length}.</p>
<ul class="signals">${fresh.slice(0, SIGNALS_ON_FIRST_PAGE).map((signal) => markup`<li>${signal.sentence}</li>`)}</ul>
${fresh.length > SIGNALS_ON_FIRST_PAGE ? markup`<p>The other ${fresh.length - SIGNALS_ON_FIRST_PAGE} follow in full below.</p>` : nothing}
<h2>Engagement, fidelity and currency by site</h2>
<div class="scroll"><table>
<caption>Engagement by definition ${engagement}: engaged of those with data. Fidelity: the latest assessment. Currency: recorded of expected. Limits crossed: new of all.</caption>
<thead><tr><th scope="col">Site</th><th scope="col" class="number">Engaged / with data</th><th scope="col" class="number">Fidelity</th><th scope="col" class="number">Recorded / expected</th><th scope="col" class="number">Limits newly crossed / all</th></tr></thead>
<tbody>${sites.map(siteRow)}</tbody>
</table></div>`;
}

/** As many as leave the rest of the first page its room. */
const SIGNALS_ON_FIRST_PAGE = 6;

const siteRow = ({ site, engaged, withData, fidelity, recorded, expected, signals, newSignals }: SiteSummary): Markup =>
  markup`<tr${site === 'all' ? new Markup(' class="total"') : nothing}><th scope="row">${site}</th><td class="number">${share(engaged, withData)}</td><td class="number">${number(fidelity)}</td><td class="number">${share(recorded, expected)}</td><td class="number">${newSignals} / ${signals}</td></tr>`;

function share(numerator: number | null, denominator: number | null): Markup {
  if (numerator === null || denominator === null) return none;
  const part = denominator === 0 ? nothing : markup` (${percent(numerator / denominator)})`;
  return markup`${number(numerator)} / ${number(denominator)}${part}`;
}

const none = markup`–`;
const percent = (proportion: number): string => `${(proportion * 100).toFixed(2)} %`;
const number = (value: number | null): Markup =>
  value === null ? none : markup`<data value="${value}">${value}</data>`;

function flowTable(root: FlowNode, kind: Report['kind']): Markup {
  const byArm = (cell: Markup): Markup => (kind === 'closed' ? cell : nothing);
  const rows = flowRows(root).map(
    ({ node, from, arm }) =>
      markup`<tr><th scope="row">${node.label}</th>${byArm(markup`<td>${arm ?? 'all'}</td>`)}<td>${from?.label ?? none}</td><td class="number">${from ? share(node.count, from.count) : number(node.count)}</td></tr>`,
  );
  const lost = lossesOf(root).map(({ label }) => label);
  return markup`<div class="scroll"><table>
<caption>Participant flow, the diagram as a table</caption>
<thead><tr><th scope="col">Participants</th>${byArm(markup`<th scope="col">Arm</th>`)}<th scope="col">Of</th><th scope="col" class="number">n / of</th></tr></thead>
<tbody>${rows}</tbody>
</table></div>${lost.length > 0 ? markup`<p role="alert">These do not add up to what they come from: ${lost.join(', ')}.</p>` : nothing}`;
}

function signalTable({ signals }: Report): Markup {
  const rows = signals.raised.map(
    (signal: Signal) =>
      markup`<tr><td>${signal.isNew ? markup`<span class="new">new</span>` : 'known'}</td><td>${signal.rule}</td><th scope="row">${signal.about}</th><td class="number">${valueCell(signal.value)}</td><td class="number">${valueCell(signal.limit)}</td><td>${signal.sentence}</td></tr>`,
  );
  const unchecked = signals.notChecked.map(({ rule, why }) => markup`<li>${rule}: ${why}</li>`);
  return markup`<div class="scroll"><table>
<caption>Limits that are crossed in this cut</caption>
<thead><tr><th scope="col">New</th><th scope="col">Limit</th><th scope="col">About</th><th scope="col" class="number">Value</th><th scope="col" class="number">At</th><th scope="col">In words</th></tr></thead>
<tbody>${rows.length > 0 ? rows : markup`<tr><td colspan="6">None.</td></tr>`}</tbody>
</table></div>${unchecked.length > 0 ? markup`<p>Not looked for:</p><ul>${unchecked}</ul>` : nothing}`;
}

/** As many as a page still shows at a glance; all of them are in the JSON file. */
const RAISED_ON_PAGE = 500;

const sinceOf = ({ signals }: Report): string =>
  signals.against === undefined ? 'so far' : `since cut ${signals.against}`;

function raisedTable(report: Report): Markup {
  const { raised } = report;
  const rows = raised
    .slice(0, RAISED_ON_PAGE)
    .map(
      ({ rule, severity, site, about, since }) =>
        markup`<tr><td>${severity}</td><td>${rule}</td><td>${site}</td><th scope="row">${about}</th><td>${since}</td></tr>`,
    );
  return markup`<div class="scroll"><table>
<caption>Signals that rules raised ${sinceOf(report)}: ${raised.length}</caption>
<thead><tr><th scope="col">Severity</th><th scope="col">Rule</th><th scope="col">Site</th><th scope="col">About</th><th scope="col">Since</th></tr></thead>
<tbody>${rows.length > 0 ? rows : markup`<tr><td colspan="5">None.</td></tr>`}</tbody>
</table></div>${raised.length > rows.length ? markup`<p>The other ${raised.length - rows.length} are in the JSON file.</p>` : nothing}`;
}

function tableSection({ table, key, columns, rows }: Table, index: number): Markup {
  const isNumeric = (name: string): boolean => rows.some((row) => typeof row[name] === 'number');
  const numeric = new Set(columns.map(({ name }) => name).filter(isNumeric));
  const align = (name: string): Markup => (numeric.has(name) ? new Markup(' class="number"') : nothing);
  const head = columns.map((column) => markup`<th scope="col"${align(column.name)}>${column.name}</th>`);
  const body = rows.map((row) => {
    const cells = columns.map((column) =>
      key.includes(column.name)
        ? markup`<th scope="row">${cell(row[column.name], column)}</th>`
        : markup`<td${align(column.name)}>${cell(row[column.name], column)}</td>`,
    );
    return markup`<tr>${cells}</tr>`;
  });
  const definitions = columns.map(
    ({ name, unit, definition }) =>
      markup`<div><dt>${name}${unit === undefined ? '' : ` (${unit})`}</dt><dd>${definition}</dd></div>`,
  );
  return markup`<h3 id="table-${index}">${table}</h3>
<div class="scroll"><table aria-labelledby="table-${index}">
<caption>${table}: ${rows.length} ${rows.length === 1 ? 'row' : 'rows'}</caption>
<thead><tr>${head}</tr></thead>
<tbody>${rows.length > 0 ? body : markup`<tr><td colspan="${columns.length}">None.</td></tr>`}</tbody>
</table></div>
<dl class="columns">${definitions}</dl>`;
}

function cell(value: Value | undefined, { unit }: Column): Markup {
  if (typeof value === 'number' && unit === 'proportion') {
    return markup`<data value="${value}">${percent(value)}</data>`;
  }
  return valueCell(value ?? null);
}

function valueCell(value: Value): Markup {
  if (value === null) return none;
  if (typeof value === 'boolean') return markup`${value ? 'yes' : 'no'}`;
  return typeof value === 'number' ? number(value) : markup`${value}`;
}

/** Repeated on every printed page: by which everything on it is to be cited. */
const footer = ({ kind, trial, cut }: Report): Markup =>
  markup`<footer><p>${kind === 'open' ? 'Open' : 'Closed'} report of trial ${trial.trial}, data cut ${cut.cut}, position ${cut.position}, happened before ${cut.occurredBefore}, SHA-256 ${cut.hash}</p></footer>`;
