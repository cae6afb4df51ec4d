<?php
// The rules of the chat: who is signed in, what was said, and how it gets to the pages.
declare(strict_types=1);

/** The name of who asks. Ends with 401 where nobody is signed in. */
function user(): string
{
    session_start(['read_and_close' => true]);
    return $_SESSION['user'] ?? answer(401, ['reason' => 'Sign in first.']);
}

function answer(int $status, array $body): never
{
    http_response_code($status);
    header('Content-Type: application/json');
    exit(json_encode($body, JSON_THROW_ON_ERROR | JSON_UNESCAPED_UNICODE));
}

/** A file of the chat, which one process at a time has. */
function locked(string $name): SplFileObject
{
    $folder = getenv('CHAT_FOLDER');
    if (!is_dir($folder)) {
        @mkdir($folder, 0o700, true);
    }
    $file = new SplFileObject("$folder/$name", 'c+');
    $file->flock(LOCK_EX);
    return $file;
}

/** All that was said after a number, in order. A number is a line. */
function messages(SplFileObject $log, int $after, int $most = PHP_INT_MAX): array
{
    $messages = [];
    for ($log->seek($after); $log->valid() && count($messages) < $most; $log->next()) {
        $line = rtrim($log->current());
        if ($line !== '') {
            $messages[] = ['number' => $log->key() + 1, ...json_decode($line, true, flags: JSON_THROW_ON_ERROR)];
        }
    }
    return $messages;
}

/** Keeps what somebody says. From here on it will reach everybody, whoever is down now. */
function say(string $user, string $text): void
{
    $log = locked('log.jsonl');
    $log->fseek(0, SEEK_END);
    $said = ['user' => $user, 'text' => $text, 'at' => time()];
    $log->fwrite(json_encode($said, JSON_THROW_ON_ERROR | JSON_UNESCAPED_UNICODE) . "\n");
    $log->fflush();
}

/**
 * Sends what was not sent yet: the outbox is the end of the log. Its number goes with each message as its id, so that
 * one that is sent again, because the answer was lost, is not told twice.
 *
 * @return bool whether nothing is left
 */
function sendOutbox(): bool
{
    $sent = locked('sent');
    while (true) {
        $number = (int) $sent->fread(20);
        $unsent = messages(locked('log.jsonl'), $number, 100);
        if ($unsent === []) {
            return true;
        }
        if (!publish($unsent)) {
            return false;
        }
        $sent->ftruncate(0);
        $sent->rewind();
        $sent->fwrite((string) end($unsent)['number']);
        $sent->fflush();
        $sent->rewind();
    }
}

/** Publishes by the bridge, signed. @return bool whether all were taken */
function publish(array $messages): bool
{
    $url = getenv('BRIDGE_URL');
    $toMessage = fn (array $said) => ['topic' => 'chat', 'id' => "chat-{$said['number']}", 'data' => $said];
    $body = json_encode(['messages' => array_map($toMessage, $messages)], JSON_THROW_ON_ERROR);
    $time = (string) time();
    $nonce = bin2hex(random_bytes(16));
    $text = implode("\n", [$time, $nonce, 'POST', parse_url($url, PHP_URL_PATH), hash('sha256', $body)]);
    $answer = @file_get_contents($url, false, stream_context_create(['http' => [
        'method' => 'POST',
        'header' => [
            'Content-Type: application/json',
            'Portlight-Key: php',
            "Portlight-Timestamp: $time",
            "Portlight-Nonce: $nonce",
            'Portlight-Signature: v1=' . hash_hmac('sha256', $text, getenv('BRIDGE_SECRET')),
        ],
        'content' => $body,
        'timeout' => 5,
    ]]));
    return $answer !== false;
}
