import { type GraphQLResolveInfo, responsePathAsArray } from 'graphql';
import type { Disclosures } from '../graphql/disclosures.js';
import type { FreeText } from './free-text.js';
import { openData } from './open-data.js';

/** What is shown, and to whom its nulls are explained. */
interface Showing {
  readonly disclosures: Pick<Disclosures, 'seal'>;
}

/** One text of an event, or null with the reason why it is not shown. */
export async function shownText(
  freeText: FreeText,
  { disclosures }: Showing,
  info: Pick<GraphQLResolveInfo, 'path'>,
  { tenant, trial, participant }: { readonly tenant: string; readonly trial: unknown; readonly participant: unknown },
  { member, text }: { readonly member: string; readonly text: string },
): Promise<string | null> {
  // What is about nobody is stored as it was typed.
  if (typeof trial !== 'string' || typeof participant !== 'string') return text;
  const opened = await freeText.open({ tenant, trial, participant }, member, text);
  if (opened.kind === 'open') return opened.text;
  disclosures.seal(responsePathAsArray(info.path), opened.reason);
  return null;
}

/** An event's data with its texts as they may be shown. */
export async function shownTexts(
  freeText: FreeText,
  { disclosures }: Showing,
  info: Pick<GraphQLResolveInfo, 'path'>,
  tenant: string,
  data: Readonly<Record<string, unknown>>,
): Promise<Record<string, unknown>> {
  const opened = await openData(freeText, tenant, data);
  const path = responsePathAsArray(info.path);
  for (const { path: below, reason } of opened.withheld) disclosures.seal([...path, ...below], reason);
  return { ...opened.data };
}
