import type { ServerResponse } from 'node:http';

/** Text that is safe in an element and in a quoted attribute. */
export const escapeHtml = (text: string): string =>
  text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);

/** Path of the style sheet that pages before a sign-in use. */
export const STYLE = '/sign-in/page.css';

/** @param main HTML; whatever came from outside is escaped in it */
export function answerPage(response: ServerResponse, status: number, title: string, main: string): void {
  response.writeHead(status, { 'content-type': 'text/html; charset=utf-8', 'cache-control': 'no-store' });
  response.end(pageOf(title, main));
}

export const pageOf = (title: string, main: string): string => `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <meta name="viewport" content="width=device-width, initial-scale=1" />
    <title>${escapeHtml(title)} – Cairn</title>
    <link rel="icon" href="data:," />
    <link rel="stylesheet" href="${STYLE}" />
  </head>
  <body>
    <main class="narrow">
      <h1>${escapeHtml(title)}</h1>
      ${main}
    </main>
  </body>
</html>
`;
