import { createHash } from 'node:crypto';
import type { TenantId } from '@cairn/event-sourcing';

/** What stands for the tenant in a prefix of topics. */
const TENANT = '{tenant}';

/** The topics of a tenant begin so, unless the operator says otherwise. */
export const TOPIC_PREFIX = `cairn.${TENANT}.`;

/**
 * Whether a tenant may publish to a topic. The service has one login at the cluster, so the cluster cannot tell tenants
 * apart: a topic's name must begin as the operator says.
 * @param prefix with `{tenant}` where the tenant's id goes; one without leaves all such topics to every tenant
 */
export const isTopicOf = (tenant: TenantId, topic: string, prefix: string): boolean =>
  topic.length > topicsBeginWith(tenant, prefix).length && topic.startsWith(topicsBeginWith(tenant, prefix));

/**
 * How the names of a tenant's topics begin. An id with characters that a topic cannot have, or with one that could end it
 * early, is replaced by its digest after an underscore, which no other id keeps.
 */
export const topicsBeginWith = (tenant: TenantId, prefix: string): string =>
  prefix.replaceAll(TENANT, /^[A-Za-z0-9-]+$/.test(tenant) ? tenant : digest(tenant));

const digest = (tenant: TenantId): string => `_${createHash('sha256').update(tenant).digest('hex').slice(0, 32)}`;
