import type { ProxyKind } from './proxy-process.ts';

/** How nginx is started, and says that it listens. */
const NGINX: Omit<ProxyKind, 'configure'> = {
  name: 'nginx',
  program: 'nginx',
  listens: /using the "\w+" event method/,
  arguments: (folder, file) => ['-p', folder, '-e', 'stderr', '-c', file],
};

/** One process, in front, that writes nowhere but into its folder. */
const stayInFront = (folder: string): string => `daemon off;
master_process off;
pid ${folder}/nginx.pid;
error_log stderr notice;
events {}
`;

const keepTemporaryFiles = (folder: string): string =>
  ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
    .map((name) => `${name}_temp_path ${folder}/${name};`)
    .join('\n  ');

/** Both keep connections to the server open and pass on bodies as they come. */
export const PROXIES: readonly ProxyKind[] = [
  {
    ...NGINX,
    configure: (folder, port, serverPort) => `
${stayInFront(folder)}http {
  access_log off;
  client_max_body_size 0;
  ${keepTemporaryFiles(folder)}
  upstream app {
    server 127.0.0.1:${serverPort} max_fails=0;
    keepalive 4;
  }
  server {
    listen 127.0.0.1:${port};
    location / {
      proxy_pass http://app;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_set_header Host $http_host;
      proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
      proxy_set_header X-Forwarded-Proto $scheme;
      proxy_set_header X-Forwarded-Host $http_host;
      proxy_request_buffering off;
      proxy_buffering off;
    }
  }
}
`,
  },
  {
    name: 'HAProxy',
    program: 'haproxy',
    listens: /Loading success/,
    arguments: (_folder, file) => ['-W', '-db', '-f', file],
    configure: (_folder, port, serverPort) => `
defaults
  mode http
  option forwardfor
  timeout connect 5s
  timeout client 30s
  timeout server 30s
  http-reuse always
frontend clients
  bind 127.0.0.1:${port}
  default_backend app
backend app
  server app 127.0.0.1:${serverPort}
`,
  },
];

/** nginx set up for WebSockets as its documentation says, with little patience for silence. */
export function nginxForWebSockets(readTimeoutMs: number): ProxyKind {
  return {
    ...NGINX,
    configure: (folder, port, serverPort) => `
${stayInFront(folder)}http {
  access_log off;
  ${keepTemporaryFiles(folder)}
  map $http_upgrade $connection_upgrade {
    default upgrade;
    '' '';
  }
  upstream app {
    server 127.0.0.1:${serverPort} max_fails=0;
    keepalive 4;
  }
  server {
    listen 127.0.0.1:${port};
    location / {
      proxy_pass http://app;
      proxy_http_version 1.1;
      proxy_set_header Upgrade $http_upgrade;
      proxy_set_header Connection $connection_upgrade;
      proxy_set_header Host $http_host;
      proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
      proxy_set_header X-Forwarded-Proto $scheme;
      proxy_set_header X-Forwarded-Host $http_host;
      proxy_read_timeout ${readTimeoutMs}ms;
    }
  }
}
`,
  };
}
