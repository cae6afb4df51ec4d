<?php
// What PHP can do by itself, as the servers that were written in it for chats do: one process, stream_select, and a
// connection for each request, on the port of the first argument.
$hello = 'Hello, World!';
$answer = "HTTP/1.1 200 OK\r\ncontent-type: text/plain; charset=utf-8\r\n"
    . 'content-length: ' . strlen($hello) . "\r\nconnection: close\r\n\r\n$hello";

$context = stream_context_create(['socket' => ['backlog' => 511, 'tcp_nodelay' => true]]);
$flags = STREAM_SERVER_BIND | STREAM_SERVER_LISTEN;
$server = stream_socket_server("tcp://127.0.0.1:$argv[1]", $code, $message, $flags, $context);
if ($server === false) {
    fwrite(STDERR, "$message\n");
    exit(1);
}
stream_set_blocking($server, false);

$clients = [];
$heads = [];
for (;;) {
    $read = [...$clients, $server];
    $write = $except = null;
    stream_select($read, $write, $except, null);
    foreach ($read as $socket) {
        if ($socket === $server) {
            while ($client = @stream_socket_accept($server, 0)) {
                stream_set_blocking($client, false);
                $clients[(int) $client] = $client;
                $heads[(int) $client] = '';
            }
            continue;
        }
        $id = (int) $socket;
        $bytes = fread($socket, 8192);
        $heads[$id] .= $bytes;
        $isWhole = str_contains($heads[$id], "\r\n\r\n");
        if ($isWhole) {
            fwrite($socket, $answer);
        }
        if ($isWhole || $bytes === '' || $bytes === false) {
            fclose($socket);
            unset($clients[$id], $heads[$id]);
        }
    }
}
