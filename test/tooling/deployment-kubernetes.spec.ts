import { faultsOf, type Manifest, writtenManifests } from '../support/kubernetes.js';
import { kubernetesPolicies } from '../support/kubernetes-policies.js';
import { brokenBy } from '../support/policies.js';

const manifests = writtenManifests();
const named = (kind: string, name: string): Manifest =>
  manifests.find((each) => each.kind === kind && each.metadata.name === name)!;

/** A copy of what is written, with one thing otherwise. */
function changed(kind: string, name: string, change: (it: any) => void): readonly Manifest[] {
  const all = structuredClone(manifests) as Manifest[];
  change(all.find((each) => each.kind === kind && each.metadata.name === name)!);
  return all;
}

it('is what Kubernetes takes, without a field that it does not know', async () => {
  const faults = await Promise.all(manifests.map(faultsOf));
  expect(manifests.length).toBeGreaterThan(20);
  expect(faults.flat()).toEqual([]);
});

it.each<[string, (it: any) => void]>([
  [
    'a field that there is not',
    (it) => (it.spec.template.spec.containers[0].securityContext.readOnlyRootFileSystem = true),
  ],
  ['a field in the wrong place', (it) => (it.spec.terminationGracePeriodSeconds = 5)],
  ['a value of another type', (it) => (it.spec.replicas = 'two')],
  ['something that is missing', (it) => delete it.spec.selector],
])('finds %s', async (_, change) => {
  const deployment = structuredClone(named('Deployment', 'cairn-projector'));
  change(deployment);
  expect(await faultsOf(deployment)).not.toEqual([]);
});

it('keeps to every policy', () => {
  expect(brokenBy(kubernetesPolicies, manifests)).toEqual([]);
});

const container = (it: any) => it.spec.template.spec.containers[0];
it.each<[string, readonly Manifest[]]>([
  ['images are pinned', changed('Deployment', 'cairn-api', (it) => (container(it).image = 'cairn-api:latest'))],
  [
    'restricted',
    changed('Deployment', 'cairn-api', (it) => (container(it).securityContext.allowPrivilegeEscalation = true)),
  ],
  [
    'restricted',
    changed('Deployment', 'cairn-api', (it) => (it.spec.template.spec.securityContext.runAsNonRoot = false)),
  ],
  [
    'restricted',
    changed('Deployment', 'cairn-api', (it) => delete it.spec.template.spec.securityContext.seccompProfile),
  ],
  ['restricted', changed('Deployment', 'cairn-api', (it) => (it.spec.template.spec.hostNetwork = true))],
  [
    'restricted',
    changed('Job', 'cairn-migrate', (it) => (container(it).securityContext.capabilities = { add: ['NET_RAW'] })),
  ],
  [
    'restricted',
    changed('Job', 'cairn-migrate', (it) => it.spec.template.spec.volumes.push({ name: 'x', hostPath: { path: '/' } })),
  ],
  [
    'root cannot be written',
    changed('Deployment', 'cairn-api', (it) => (container(it).securityContext.readOnlyRootFilesystem = false)),
  ],
  ['resources', changed('Deployment', 'cairn-api', (it) => delete container(it).resources.limits.memory)],
  ['probes', changed('Deployment', 'cairn-api', (it) => (container(it).livenessProbe.httpGet.path = '/ready'))],
  ['probes', changed('Deployment', 'cairn-alerter', (it) => delete container(it).readinessProbe)],
  ['no token', changed('Deployment', 'cairn-api', (it) => delete it.spec.template.spec.automountServiceAccountToken)],
  [
    'no secret in the tree',
    [...manifests, { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'x' }, stringData: {} }],
  ],
  [
    'no secret in the environment',
    changed('Deployment', 'cairn-api', (it) => container(it).env.push({ name: 'VAULT_TOKEN', value: 's' })),
  ],
  [
    'never fewer than before',
    changed('Deployment', 'cairn-api', (it) => (it.spec.strategy.rollingUpdate.maxUnavailable = 1)),
  ],
  ['two at least', changed('Deployment', 'cairn-alerter', (it) => (it.spec.replicas = 1))],
  ['two at least', changed('HorizontalPodAutoscaler', 'cairn-api', (it) => (it.spec.minReplicas = 1))],
  ['may be disrupted one by one', manifests.filter(({ kind }) => kind !== 'PodDisruptionBudget')],
  [
    'spread over nodes',
    changed('Deployment', 'cairn-api', (it) => (it.spec.template.spec.topologySpreadConstraints = [])),
  ],
  ['default deny', manifests.filter(({ metadata }) => metadata.name !== 'cairn-nobody')],
  [
    'selectors find pods',
    changed('Service', 'cairn-api', (it) => (it.spec.selector = { 'app.kubernetes.io/component': 'web' })),
  ],
  ['migrated before', manifests.filter(({ kind }) => kind !== 'Job')],
])('the policy "%s" finds what breaks it', (name, broken) => {
  expect(brokenBy(kubernetesPolicies, broken).filter((line) => line.startsWith(`${name}: `))).not.toEqual([]);
});
