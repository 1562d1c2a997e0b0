// A proxy between two Unix sockets that keeps a share of the messages, of each direction, for up to some ms, in order; or holds all back for as long as it is told to.
//   node proxy.mjs FROM TO DELAY-MS SHARE
import { rmSync } from 'node:fs';
import net from 'node:net';

const [from, to, delay, share] = process.argv.slice(2);
let held = Promise.resolve(), letGo = null;

function pass(source, target) {
  let before = Promise.resolve();
  source.on('data', (part) => {
    const due = Math.random() < Number(share) ? new Promise((resolve) => setTimeout(resolve, Math.random() * Number(delay))) : null;
    before = Promise.all([before, due, held]).then(() => { if (!target.destroyed) target.write(part); });
  });
  source.on('end', () => before.then(() => target.end()));
  source.on('error', () => target.destroy());
  source.on('close', () => before.then(() => target.destroySoon()));
}

rmSync(from, { force: true }); // of the run before
net.createServer({ allowHalfOpen: true }, (client) => {
  const server = net.createConnection({ path: to, allowHalfOpen: true });
  pass(client, server);
  pass(server, client);
}).listen(from, () => process.send('ready'));

process.on('message', (message) => {
  if (message === 'hold' && !letGo) held = new Promise((resolve) => { letGo = resolve; });
  else if (message === 'go') { letGo?.(); letGo = null; }
});
process.on('disconnect', () => process.exit(0));
