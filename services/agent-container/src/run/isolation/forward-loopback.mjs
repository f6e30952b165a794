// node forward-loopback.mjs <port> <socket>: inside the sandbox, which has no network, 127.0.0.1:<port> leads to a socket of the server.
import { connect, createServer } from 'node:net';

const [port, socket] = process.argv.slice(2);
createServer((incoming) => {
  const outgoing = connect(socket);
  incoming.on('error', () => outgoing.destroy()).on('close', () => outgoing.destroy());
  outgoing.on('error', () => incoming.destroy()).on('close', () => incoming.destroy());
  incoming.pipe(outgoing).pipe(incoming);
}).listen(Number(port), '127.0.0.1', () => process.stdout.write('ready\n'));
