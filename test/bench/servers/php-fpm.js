// PHP-FPM with eight processes behind nginx, on the port of the first argument: as the mode forked, elsewhere.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { HELLO, port } from '../app.js';

const folder = mkdtempSync(join(tmpdir(), 'portlight-fpm-'));
const isRoot = process.getuid?.() === 0;
const write = (name, text) => writeFileSync(join(folder, name), text);

write(
  'index.php',
  `<?php
  if (isset($_GET['ms'])) { $ends = microtime(true) + $_GET['ms'] / 1000; while (microtime(true) < $ends); }
  header('content-type: text/plain; charset=utf-8');
  echo ${JSON.stringify(HELLO)};`,
);
const settings = [
  '[global]',
  `error_log = ${folder}/fpm.log`,
  'daemonize = no',
  '[bench]',
  ...(isRoot ? ['user = root', 'group = root'] : []),
  `listen = ${folder}/fpm.sock`,
  'listen.backlog = 511',
  'pm = static',
  'pm.max_children = 8',
];
write('fpm.conf', `${settings.join('\n')}\n`);
write(
  'nginx.conf',
  `${isRoot ? 'user root;' : ''}
  worker_processes 1;
  daemon off;
  pid ${folder}/nginx.pid;
  error_log ${folder}/nginx.log;
  events { worker_connections 1024; }
  http {
    access_log off;
    client_body_temp_path ${folder}/body;
    fastcgi_temp_path ${folder}/fastcgi;
    proxy_temp_path ${folder}/proxy;
    uwsgi_temp_path ${folder}/uwsgi;
    scgi_temp_path ${folder}/scgi;
    server {
      listen 127.0.0.1:${port};
      location / {
        fastcgi_pass unix:${folder}/fpm.sock;
        fastcgi_param SCRIPT_FILENAME ${folder}/index.php;
        fastcgi_param REQUEST_METHOD $request_method;
        fastcgi_param QUERY_STRING $query_string;
      }
    }
  }`,
);

const { PHP_FPM = 'php-fpm' } = process.env;
const programs = [
  spawn(PHP_FPM, [
    '--nodaemonize',
    ...(isRoot ? ['--allow-to-run-as-root'] : []),
    '--fpm-config',
    join(folder, 'fpm.conf'),
  ]),
  spawn('nginx', ['-p', folder, '-c', join(folder, 'nginx.conf')]),
];
for (const program of programs)
  program.on('error', (error) => {
    throw error;
  });
process.on('SIGTERM', () => {
  for (const program of programs) program.kill('SIGTERM');
  rmSync(folder, { recursive: true, force: true });
  process.exit();
});
