// Loaded into each service before its own code, so that no service has to know about its supervisor: when the
// supervisor is gone, even by SIGKILL, the service ends as if asked to, and at the latest after this time.
import { endWithParent } from '../workspace/end-with-parent.mjs';

/** In milliseconds. */
const AT_THE_LATEST = 10_000;

endWithParent();
process.once('disconnect', () => setTimeout(() => process.kill(process.pid, 'SIGKILL'), AT_THE_LATEST).unref());
process.channel?.unref();
