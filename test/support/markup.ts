/** An element of a page, as far as tests look at one. */
export interface Element {
  readonly name: string;
  readonly attributes: ReadonlyMap<string, string>;
  readonly children: (Element | string)[];
}

const VOID = new Set(['meta', 'link', 'br', 'img', 'input']);

/**
 * Reads a page that is HTML and well-formed: every element is ended in its turn, every attribute quoted, nothing left raw.
 * @throws an error that says where it is not
 */
export function readMarkup(page: string): Element {
  const root: Element = { name: '', attributes: new Map(), children: [] };
  const open = [root];
  const tags = /<!doctype html>|<(\/?)([a-z][a-z0-9]*)((?:\s+[a-zA-Z:-]+="[^"<>]*")*)\s*(\/?)>/giy;
  let at = 0;
  while (at < page.length) {
    const here = open.at(-1)!;
    if (page[at] !== '<') {
      const end = page.indexOf('<', at) === -1 ? page.length : page.indexOf('<', at);
      const text = page.slice(at, end);
      if (/&(?!#\d+;|lt;|gt;|amp;|quot;)/.test(text) || text.includes('>'))
        throw new Error(`raw text at ${at}: ${text}`);
      here.children.push(textOf(text));
      at = end;
      continue;
    }
    tags.lastIndex = at;
    const tag = tags.exec(page);
    if (!tag) throw new Error(`no tag at ${at}: ${page.slice(at, at + 80)}`);
    at = tags.lastIndex;
    const [, closing, name, attributes, selfClosing] = tag;
    if (name === undefined) continue;
    if (closing) {
      if (here.name !== name) throw new Error(`</${name}> ends <${here.name}> at ${at}`);
      open.pop();
      continue;
    }
    const element: Element = { name, attributes: attributesIn(attributes!), children: [] };
    here.children.push(element);
    if (name === 'style') {
      // Raw text by the rules of HTML.
      const end = page.indexOf('</style>', at);
      element.children.push(page.slice(at, end));
      at = end + '</style>'.length;
    } else if (!selfClosing && !VOID.has(name)) open.push(element);
  }
  if (open.length > 1) throw new Error(`<${open.at(-1)!.name}> is not ended`);
  return root;
}

const attributesIn = (text: string): ReadonlyMap<string, string> =>
  new Map([...text.matchAll(/([a-zA-Z:-]+)="([^"]*)"/g)].map(([, name, value]) => [name!, textOf(value!)]));

const textOf = (text: string): string =>
  text
    .replace(/&#(\d+);/g, (_, code: string) => String.fromCodePoint(Number(code)))
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&quot;', '"')
    .replaceAll('&amp;', '&');

/** Every element of a name below another, in the order of the page. */
export function elements(within: Element, ...names: readonly string[]): readonly Element[] {
  return within.children.flatMap((child) =>
    typeof child === 'string' ? [] : [...(names.includes(child.name) ? [child] : []), ...elements(child, ...names)],
  );
}

/** All text in an element. */
export const textIn = (element: Element): string =>
  element.children.map((child) => (typeof child === 'string' ? child : textIn(child))).join('');
