import type { Compose, ComposeService } from './compose.js';
import { isPinned, isSecretVariable, type Policy } from './policies.js';

type Rule = (service: ComposeService, name: string) => boolean;

/** Services that end by themselves. */
const ONE_SHOT = ['migrate', 'cli'];
/** What is kept by nobody but those who are meant to reach it. */
const STORES = ['postgres', 'kurrentdb', 'kafka'];

const each =
  (holds: Rule) =>
  ({ services }: Compose): readonly string[] =>
    Object.entries(services)
      .filter(([name, service]) => !holds(service, name))
      .map(([name]) => name);

const networksOf = ({ networks = [] }: ComposeService): readonly string[] =>
  Array.isArray(networks) ? networks : Object.keys(networks);

const secretsOf = ({ secrets = [] }: ComposeService): readonly string[] =>
  secrets.map((secret) => (typeof secret === 'string' ? secret : secret.source));

export const composePolicies: readonly Policy<Compose>[] = [
  { name: 'image is pinned', broken: each(({ image = '' }) => isPinned(image)) },
  { name: 'root cannot be written', broken: each(({ read_only }) => read_only === true) },
  {
    name: 'no capabilities',
    broken: each(({ cap_drop, cap_add }) => cap_drop?.join() === 'ALL' && cap_add === undefined),
  },
  {
    name: 'no new privileges',
    broken: each(({ security_opt = [], privileged }) => security_opt.includes('no-new-privileges:true') && !privileged),
  },
  { name: 'user is a number, and not root', broken: each(({ user = '' }) => /^[1-9]\d*:[1-9]\d*$/.test(user)) },
  {
    name: 'resources are limited',
    broken: each(({ deploy }) =>
      (['cpus', 'memory', 'pids'] as const).every((what) => deploy?.resources?.limits?.[what] !== undefined),
    ),
  },
  {
    name: 'is started again',
    broken: each(({ restart }, name) => restart === (ONE_SHOT.includes(name) ? 'no' : 'unless-stopped')),
  },
  {
    name: 'health is looked at',
    // Images of ours say so themselves.
    broken: each(
      ({ healthcheck, build }, name) =>
        ONE_SHOT.includes(name) || healthcheck !== undefined || build?.dockerfile === 'infra/images/Dockerfile',
    ),
  },
  {
    name: 'no secret in the environment',
    broken: each(({ environment = {} }) =>
      Object.entries(environment).every(([variable, value]) => !isSecretVariable(variable) || value === ''),
    ),
  },
  {
    name: 'ports are published to this machine only',
    broken: each(({ ports = [] }) => ports.every((port) => port.startsWith('127.0.0.1:'))),
  },
  {
    name: 'nothing of the host is mounted to be written',
    broken: each(({ volumes = [] }) => volumes.every((volume) => /^[\w-]+:|:ro$/.test(volume))),
  },
  { name: 'has networks of its own', broken: each(({ network_mode }) => network_mode === undefined) },
  {
    name: 'stores are reached from inside only',
    broken: each(
      (service, name) =>
        !STORES.includes(name) || (networksOf(service).join() === 'data' && service.ports === undefined),
    ),
  },
  { name: 'the inner network is inner', broken: ({ networks }) => (networks['data']?.internal ? [] : ['data']) },
  {
    name: 'secrets are declared and used',
    broken: ({ services, secrets }) => {
      const used = new Set(Object.values(services).flatMap(secretsOf));
      const declared = new Set(Object.keys(secrets));
      return [...used, ...declared].filter((name) => !used.has(name) || !declared.has(name));
    },
  },
  {
    name: 'secrets are files that are not in the tree',
    broken: ({ secrets }) =>
      Object.entries(secrets)
        .filter(([name, { file }]) => file !== `infra/compose/secrets/${name}`)
        .map(([name]) => name),
  },
  {
    name: 'volumes are declared',
    broken: ({ services, volumes }) =>
      Object.values(services)
        .flatMap(({ volumes: used = [] }) => used.map((volume) => volume.split(':')[0]!))
        .filter((name) => !name.startsWith('.') && !(name in volumes)),
  },
];
