import { z } from 'zod';
import { UsageError } from '../exit-code.js';
import { ask, GraphqlError, type Server } from '../server/server.js';

const Proportion = z.object({ numerator: z.number(), denominator: z.number(), value: z.number().nullable() });
const Counts = z.object({
  randomised: z.number(),
  offered: z.number(),
  withData: z.number(),
  engaged: z.number(),
  notYet: z.number(),
  notEngaged: z.number(),
  ofWithData: Proportion,
  ofOffered: Proportion,
  bounds: z.object({ lower: z.number().nullable(), upper: z.number().nullable() }),
});
export type EngagementCounts = z.infer<typeof Counts>;

const Engagement = z.object({
  definition: z.object({ id: z.string(), title: z.string(), source: z.string() }),
  asOf: z.string(),
  position: z.string(),
  overall: Counts,
  sites: z.array(
    z.object({
      site: z.object({ id: z.string(), name: z.string() }),
      counts: Counts,
      fidelity: z.number().nullable(),
    }),
  ),
});
/** Who is engaged, site by site, at a time. */
export type EngagementReport = z.infer<typeof Engagement>;

const Answer = z.object({
  viewer: z.object({ id: z.string(), tenant: z.object({ id: z.string() }), roles: z.array(z.string()) }),
  trial: z.object({ engagement: Engagement.nullable() }).nullable(),
});

const QUERY = `
  query($trial: ID!, $definition: ID!, $asOf: DateTime) {
    viewer { id tenant { id } roles }
    trial(id: $trial) {
      engagement(definition: $definition, asOf: $asOf) {
        definition { id title source }
        asOf
        position
        overall { ...counts }
        sites { site { id name } counts { ...counts } fidelity }
      }
    }
  }
  fragment counts on EngagementCounts {
    randomised offered withData engaged notYet notEngaged
    ofWithData { numerator denominator value }
    ofOffered { numerator denominator value }
    bounds { lower upper }
  }`;

/**
 * Asks for a trial's engagement.
 * @param asOf RFC 3339 text; undefined: now
 * @throws UsageError for a trial or definition that the server does not know
 * @throws ServerUnreachable
 */
export async function engagementReport(
  server: Server,
  trial: string,
  definition: string,
  asOf: string | undefined,
): Promise<EngagementReport> {
  try {
    const answer = await ask(server, QUERY, { trial, definition, asOf: asOf ?? null }, Answer);
    if (!answer.trial) throw new UsageError(`there is no trial ${trial}${whyNone(answer.viewer)}`);
    if (!answer.trial.engagement) throw new UsageError(`the engagement of trial ${trial} is not shown to your role`);
    return answer.trial.engagement;
  } catch (error) {
    if (error instanceof GraphqlError) throw new UsageError(error.message);
    throw error;
  }
}

/** Whoever has no role sees nothing, whatever there is; what a role does not see looks like what does not exist. */
const whyNone = ({ id, tenant, roles }: z.infer<typeof Answer>['viewer']): string =>
  roles.length > 0 ? '' : ` for ${id}, who has no role in ${tenant.id}`;
