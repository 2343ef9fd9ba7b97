import { createReadStream } from 'node:fs';
import path from 'node:path';
import { Controller, Get, StreamableFile } from '@nestjs/common';

/** Seen from `src` and from `dist` alike. */
const DESCRIPTION = path.resolve(import.meta.dirname, '../../../../docs/asyncapi.yaml');

/** What the streams of alerts look like, for whoever is signed in and makes a client of them. */
@Controller('asyncapi.yaml')
export class DescriptionController {
  @Get()
  description(): StreamableFile {
    return new StreamableFile(createReadStream(DESCRIPTION), { type: 'application/yaml; charset=utf-8' });
  }
}
