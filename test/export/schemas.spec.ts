import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { schemaPath } from '@cairn/audit';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { catalogue as apiCatalogue } from '../../apps/api/src/application/application.js';
import { catalogue } from '../../apps/cli/src/event-types.js';
import { schemaText } from '../../apps/cli/src/export/derived-files.js';

/** Formats are said by patterns too; an export is to be read without knowing formats. */
const ajv = new Ajv2020({ strict: true, allowUnionTypes: true, validateFormats: false });

const golden = join(import.meta.dirname, '../golden/events');

test.each([...catalogue.versions()])(
  'the schema of %s takes what is stored of it, and not everything',
  (type, version) => {
    const path = schemaPath({ type, schemaVersion: version });
    const validate = ajv.compile(JSON.parse(schemaText(type, path)!) as object);
    const stored = JSON.parse(readFileSync(join(golden, `${type}.v${version}.json`), 'utf8')) as object;
    expect({ taken: validate(stored), errors: validate.errors }).toEqual({ taken: true, errors: null });
    expect(validate({})).toBe(false);
    expect(validate([])).toBe(false);
  },
);

test('the command line knows the events that the service knows', () => {
  expect([...catalogue.versions()]).toEqual([...apiCatalogue.versions()]);
});
