<?php
// Told what a client says on its connection.
declare(strict_types=1);
require __DIR__ . '/../chat.php';

$user = user();
$text = json_decode(file_get_contents('php://input'), true)['text'] ?? null;
if (!is_string($text) || trim($text) === '' || preg_match_all("/./su", $text) > 500) {
    answer(422, ['reason' => 'A message has 1 to 500 characters, and something to see among them.']);
}
say($user, $text);
sendOutbox();
answer(200, ['said' => true]);
