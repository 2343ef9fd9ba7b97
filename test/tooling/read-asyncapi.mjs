// Reads an AsyncAPI document from standard input with the public parser, which does not load within Jest, and writes what
// it found and what it read to standard output.
import { text } from 'node:stream/consumers';
import { Parser } from '@asyncapi/parser';

const { document, diagnostics } = await new Parser().parse(await text(process.stdin));
process.stdout.write(JSON.stringify({ document: document?.json(), diagnostics }));
