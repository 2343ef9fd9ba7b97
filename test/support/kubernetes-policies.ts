import type { Manifest } from './kubernetes.js';
import { isPinned, isSecretVariable, type Policy } from './policies.js';

const SERVICES = ['api', 'projector', 'alerter'];
/** Of the profile `restricted` of the Pod Security Standards. */
const VOLUMES = [
  'configMap',
  'csi',
  'downwardAPI',
  'emptyDir',
  'ephemeral',
  'persistentVolumeClaim',
  'projected',
  'secret',
];

const podOf = (manifest: Manifest): any => manifest['spec']?.template?.spec;
const withPods = (all: readonly Manifest[]): readonly Manifest[] => all.filter((each) => podOf(each) !== undefined);
const containersOf = (manifest: Manifest): readonly any[] => [
  ...(podOf(manifest).initContainers ?? []),
  ...podOf(manifest).containers,
];

/** Of each document with a pod. */
const eachPod =
  (holds: (pod: any, manifest: Manifest) => boolean) =>
  (all: readonly Manifest[]): readonly string[] =>
    withPods(all)
      .filter((manifest) => !holds(podOf(manifest), manifest))
      .map(({ kind, metadata }) => `${kind} ${metadata.name}`);

const eachContainer = (holds: (container: any) => boolean) =>
  eachPod((_, manifest) => containersOf(manifest).every(holds));

const eachDeployment =
  (holds: (spec: any, component: string, all: readonly Manifest[]) => boolean) => (all: readonly Manifest[]) =>
    SERVICES.filter((name) => {
      const found = all.find(({ kind, metadata }) => kind === 'Deployment' && metadata.name === `cairn-${name}`);
      return !found || !holds(found['spec'], name, all);
    });

const componentOf = (labels: any): string | undefined => labels?.['app.kubernetes.io/component'] as string | undefined;

export const kubernetesPolicies: readonly Policy<readonly Manifest[]>[] = [
  { name: 'images are pinned', broken: eachContainer(({ image }) => isPinned(image as string)) },
  {
    name: 'restricted',
    broken: eachPod((pod, manifest) => {
      const { securityContext: of = {}, volumes = [] } = pod;
      return (
        of.runAsNonRoot === true &&
        of.runAsUser > 0 &&
        of.seccompProfile?.type === 'RuntimeDefault' &&
        !pod.hostNetwork &&
        !pod.hostPID &&
        !pod.hostIPC &&
        volumes.every((volume: object) =>
          Object.keys(volume).every((key) => key === 'name' || VOLUMES.includes(key)),
        ) &&
        containersOf(manifest).every(
          ({ securityContext: own = {}, ports = [] }) =>
            own.allowPrivilegeEscalation === false &&
            own.capabilities?.drop?.join() === 'ALL' &&
            own.capabilities.add === undefined &&
            !own.privileged &&
            ports.every((port: any) => port.hostPort === undefined),
        )
      );
    }),
  },
  {
    name: 'root cannot be written',
    broken: eachContainer(({ securityContext }) => securityContext?.readOnlyRootFilesystem === true),
  },
  {
    name: 'resources',
    broken: eachContainer(
      ({ resources: { requests, limits } = {} as any }) =>
        requests?.cpu && requests.memory && limits?.cpu && limits.memory && limits['ephemeral-storage'],
    ),
  },
  {
    name: 'probes',
    // What fails while the database is away must restart nobody.
    broken: eachDeployment(({ template }) =>
      template.spec.containers.every(
        ({ startupProbe, livenessProbe, readinessProbe }: any) =>
          startupProbe?.httpGet.path === '/live' &&
          livenessProbe?.httpGet.path === '/live' &&
          readinessProbe?.httpGet.path === '/ready',
      ),
    ),
  },
  {
    name: 'no token',
    broken: (all) => [
      ...eachPod(
        (pod) =>
          pod.automountServiceAccountToken === false &&
          pod.enableServiceLinks === false &&
          pod.serviceAccountName !== undefined,
      )(all),
      ...all
        .filter(({ kind, automountServiceAccountToken: mounts }) => kind === 'ServiceAccount' && mounts !== false)
        .map(({ metadata }) => metadata.name),
    ],
  },
  {
    name: 'no secret in the tree',
    broken: (all) => all.filter(({ kind }) => kind === 'Secret').map(({ metadata }) => metadata.name),
  },
  {
    name: 'no secret in the environment',
    broken: eachContainer(({ env = [] }) =>
      env.every(
        ({ name, value, valueFrom }: any) => valueFrom === undefined && (!isSecretVariable(name as string) || !value),
      ),
    ),
  },
  {
    name: 'never fewer than before',
    broken: eachDeployment(({ strategy }) => strategy?.rollingUpdate?.maxUnavailable === 0),
  },
  {
    name: 'two at least',
    broken: eachDeployment((spec, name, all) => {
      const scaler = all.find(
        ({ kind, spec: of }) => kind === 'HorizontalPodAutoscaler' && of.scaleTargetRef.name === `cairn-${name}`,
      );
      // Who is scaled has no number of its own: each apply would set it back.
      return scaler ? scaler['spec'].minReplicas >= 2 && spec.replicas === undefined : spec.replicas >= 2;
    }),
  },
  {
    name: 'may be disrupted one by one',
    broken: eachDeployment((_, name, all) =>
      all.some(
        ({ kind, spec }) =>
          kind === 'PodDisruptionBudget' &&
          componentOf(spec.selector.matchLabels) === name &&
          spec.maxUnavailable === 1,
      ),
    ),
  },
  {
    name: 'spread over nodes',
    broken: eachDeployment(({ template }, name) =>
      (template.spec.topologySpreadConstraints ?? []).some(
        ({ topologyKey, labelSelector }: any) =>
          topologyKey === 'kubernetes.io/hostname' && componentOf(labelSelector.matchLabels) === name,
      ),
    ),
  },
  {
    name: 'default deny',
    broken: (all) =>
      all.some(
        ({ kind, spec }) =>
          kind === 'NetworkPolicy' &&
          Object.keys(spec.podSelector as object).length === 0 &&
          spec.policyTypes.join() === 'Ingress,Egress' &&
          spec.ingress === undefined &&
          spec.egress === undefined,
      )
        ? []
        : ['no policy denies everything'],
  },
  {
    name: 'selectors find pods',
    broken: (all) => {
      const components = new Set(withPods(all).map((each) => componentOf(each['spec'].template.metadata.labels)));
      return all
        .filter(({ kind }) => ['Service', 'PodDisruptionBudget', 'PodMonitor', 'Deployment'].includes(kind))
        .filter(({ spec }) => !components.has(componentOf(spec.selector?.matchLabels ?? spec.selector)))
        .map(({ kind, metadata }) => `${kind} ${metadata.name}`);
    },
  },
  {
    name: 'migrated before',
    broken: (all) =>
      all.some(({ kind, spec }) => kind === 'Job' && spec.template.spec.containers[0].args[0] === 'migrate')
        ? []
        : ['no job migrates'],
  },
];
