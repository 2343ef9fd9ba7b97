import net from 'node:net';

/** Throws a sentence for the user when nothing can listen there; asked before anything is started. */
export async function requireFreePort(name, host, port, command = 'npm start') {
  const server = net.createServer();
  try {
    await new Promise((resolve, reject) => {
      server.once('error', reject);
      server.listen({ host, port, exclusive: true }, resolve);
    });
  } catch (error) {
    throw new Error(explain({ name, host, port, command }, error), { cause: error });
  } finally {
    await new Promise((resolve) => server.close(resolve));
  }
}

function explain({ name, host, port, command }, error) {
  if (error.code === 'EADDRINUSE') {
    return `Port ${port} on ${host} is in use by another program. End it, or choose another port: ${name}=${port + 10} ${command}`;
  }
  if (error.code === 'EACCES')
    return `Port ${port} may not be used by this user. Choose one above 1023: ${name}=4000 ${command}`;
  if (error.code === 'EADDRNOTAVAIL' || error.code === 'ENOTFOUND')
    return `HOST is ${host}, which is no address of this machine.`;
  return `Cannot listen on ${host} port ${port}: ${error.message}`;
}
