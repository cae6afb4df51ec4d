<?php
// Sends the outbox again and again, for as long as it runs: what could not be sent at once waits no longer than a second.
declare(strict_types=1);
require __DIR__ . '/chat.php';

while (true) {
    usleep(sendOutbox() ? 250_000 : 1_000_000);
}
