import type http from 'node:http';
import { ask } from './ask.js';

/** What every site table shows. */
export const SITE_TABLE = `query SiteTable($trial: ID!, $asOf: DateTime, $knownAt: DateTime) {
  trial(id: $trial) {
    engagement(asOf: $asOf, knownAt: $knownAt) {
      asOf position
      overall { ...Counts }
      sites { site { id name employerKind locality } fidelity counts { ...Counts } }
    }
  }
}
fragment Counts on EngagementCounts {
  randomised offered withData engaged notYet notEngaged
  ofWithData { numerator denominator value } ofOffered { value } bounds { lower upper }
}`;

/** @param moment of the past; absent: now. @throws when it is not a site table that is answered */
export async function askSiteTable(
  port: number,
  agent: http.Agent,
  token: string,
  trial: string,
  moment: { readonly asOf?: string; readonly knownAt?: string } = {},
): Promise<void> {
  const { status, text } = await ask(port, agent, token, SITE_TABLE, { trial, ...moment });
  if (status !== 200 || !text.includes('"sites":[{')) {
    throw new Error(`the site table was answered with ${status}: ${text.slice(0, 500)}`);
  }
}
