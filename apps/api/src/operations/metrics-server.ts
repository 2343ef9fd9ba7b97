import http from 'node:http';
import { probes, type Readiness } from '@cairn/platform/operations';
import { Registry } from 'prom-client';

/**
 * Serves metrics and probes on a port of their own, which asks for no token: for a Prometheus that reaches what nobody else does.
 * @returns ends it
 */
export async function serveMetrics(
  { host, port }: { readonly host: string; readonly port: number },
  scrape: () => Promise<string>,
  readiness: Readiness,
): Promise<() => Promise<void>> {
  const probing = probes(readiness);
  const server = http.createServer((request, response) =>
    probing(request, response, () => {
      if (request.method !== 'GET' || request.url !== '/metrics') {
        response.writeHead(404).end();
        return;
      }
      scrape().then(
        (text) => response.writeHead(200, { 'content-type': Registry.PROMETHEUS_CONTENT_TYPE }).end(text),
        () => response.writeHead(500).end(),
      );
    }),
  );
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(port, host, resolve));
  return () =>
    new Promise((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
}
