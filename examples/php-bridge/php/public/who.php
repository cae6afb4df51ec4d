<?php
// Asked before a WebSocket is opened, with the cookie of the browser.
declare(strict_types=1);
require __DIR__ . '/../chat.php';

answer(200, ['user' => user()]);
