import http from 'node:http';

export interface Answer {
  readonly status: number;
  readonly text: string;
}

/** One GraphQL request over a kept connection, as the owner of a token. */
export function ask(
  port: number,
  agent: http.Agent,
  token: string,
  query: string,
  variables: Readonly<Record<string, unknown>>,
): Promise<Answer> {
  const body = JSON.stringify({ query, variables });
  return new Promise((resolve, reject) => {
    const request = http.request(
      {
        host: '127.0.0.1',
        port,
        path: '/graphql',
        method: 'POST',
        agent,
        headers: {
          'content-type': 'application/json',
          'content-length': Buffer.byteLength(body),
          authorization: `Bearer ${token}`,
        },
      },
      (response) => {
        let text = '';
        response.setEncoding('utf8');
        response.on('data', (chunk: string) => (text += chunk));
        response.on('end', () => resolve({ status: response.statusCode!, text }));
        response.on('error', reject);
      },
    );
    request.on('error', (error: NodeJS.ErrnoException) => {
      // The server had just closed the kept connection, and saw nothing of the request.
      if (request.reusedSocket && error.code === 'ECONNRESET')
        ask(port, agent, token, query, variables).then(resolve, reject);
      else reject(error);
    });
    request.end(body);
  });
}
