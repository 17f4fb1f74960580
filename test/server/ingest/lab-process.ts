import { openLab } from './lab.ts';

/** A lab in a process of its own: prints what a client needs, and ends when its standard input does. */
const lab = await openLab({}, process.argv[2]);
const collector = await lab.enrol('c1aaaaaa');
console.log(JSON.stringify({ port: lab.ingest.port, ca: lab.authority.certificate, ...collector }));
process.stdin.resume().on('end', async () => {
  await lab.close();
});
