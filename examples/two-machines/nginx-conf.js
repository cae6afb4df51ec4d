/**
 * What nginx is told: it hands each request, WebSocket and event stream to one of the servers in turn, and to the other
 * one where that one does not answer. Everything that it writes lies in its folder.
 */
export function nginxConf(port, servers) {
  return `
daemon off;
pid nginx.pid;
error_log stderr crit;
worker_processes 1;
events { worker_connections 1024; }

http {
  access_log off;
  client_body_temp_path body;
  proxy_temp_path proxy;
  fastcgi_temp_path fastcgi;
  uwsgi_temp_path uwsgi;
  scgi_temp_path scgi;
  proxy_max_temp_file_size 0;

  upstream machines {
    # No pause for one that has failed: it is asked again with the next request.
    ${servers.map((each) => `server 127.0.0.1:${each} max_fails=0;`).join('\n    ')}
    keepalive 16;
  }

  map $http_upgrade $connection_to_app {
    ~*^websocket$ upgrade;
    default "";
  }

  server {
    listen 127.0.0.1:${port};

    location / {
      proxy_pass http://machines;
      proxy_http_version 1.1;
      proxy_connect_timeout 1s;
      proxy_set_header Upgrade $http_upgrade;
      proxy_set_header Connection $connection_to_app;
      proxy_set_header Host $host;
      proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
      proxy_set_header X-Forwarded-Proto $scheme;
      proxy_set_header X-Forwarded-Host $http_host;
      proxy_set_header Forwarded "";
    }
  }
}
`;
}
