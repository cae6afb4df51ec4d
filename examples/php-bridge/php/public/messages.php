<?php
// What a page has missed: all that was said after the number that it gives.
declare(strict_types=1);
require __DIR__ . '/../chat.php';

user();
answer(200, ['messages' => messages(locked('log.jsonl'), (int) ($_GET['after'] ?? 0))]);
