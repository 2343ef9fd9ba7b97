import fs from 'node:fs';
import { inRoot } from '../workspace/root.mjs';

/**
 * The tenants of the demo, each with its trial, its people and its machines. What they may see, their roles say; `years` is
 * for roles that end.
 */
export const demoTenants = JSON.parse(fs.readFileSync(inRoot('infra', 'demo', 'tenants.json'), 'utf8'));

/** The bundle of a demo tenant's trial. */
export const demoBundle = ({ trial }) => inRoot('infra', 'demo', trial);
