// Writes docs/access.md from the policy, as it was built last.
import fs from 'node:fs';
import path from 'node:path';
import { accessPage } from '../dist/access-page.js';

fs.writeFileSync(path.resolve(import.meta.dirname, '../../../docs/access.md'), accessPage());
