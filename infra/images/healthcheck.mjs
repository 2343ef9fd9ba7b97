// Whether a service answers, for HEALTHCHECK: an image of Debian-slim has no curl, and needs none.
//
//   node healthcheck.mjs http://127.0.0.1:4000/ready
const [, , url] = process.argv;
try {
  const response = await fetch(url, { signal: AbortSignal.timeout(4_000) });
  process.exitCode = response.ok ? 0 : 1;
} catch {
  process.exitCode = 1;
}
