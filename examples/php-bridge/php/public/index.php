<?php
declare(strict_types=1);

session_start(['cookie_httponly' => true, 'cookie_samesite' => 'Lax']);
$name = $_POST['name'] ?? null;
if (is_string($name) && preg_match('/^\S.{0,29}$/u', $name)) {
    session_regenerate_id(true);
    $_SESSION['user'] = trim($name);
    header('Location: /', response_code: 303);
    exit;
}
$user = $_SESSION['user'] ?? null;
session_write_close();
$connections = preg_replace('#^http(.*)/_publish$#', 'ws$1/chat', getenv('BRIDGE_URL'));
header("Content-Security-Policy: default-src 'self'; img-src 'self' data:; connect-src 'self' " . preg_replace('#/chat$#', '', $connections));
?>
<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>A chat of PHP</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="style.css">
<?php if ($user === null) { ?>
<form method="post" class="sign-in">
  <h1>A chat of PHP</h1>
  <p>PHP has the rules and the messages, Portlight the connections.</p>
  <label for="name">Your name</label>
  <input id="name" name="name" required maxlength="30" autocomplete="nickname" autofocus>
  <button>Come in</button>
</form>
<?php } else { ?>
<main data-user="<?= htmlspecialchars($user) ?>" data-connections="<?= htmlspecialchars($connections) ?>">
  <header><h1>A chat of PHP</h1><p id="state" role="status">connecting</p></header>
  <ol id="messages" aria-live="polite"></ol>
  <form id="say">
    <label for="text">Message, as <?= htmlspecialchars($user) ?></label>
    <input id="text" autocomplete="off" autofocus>
    <button>Send</button>
    <p id="refused" role="alert"></p>
  </form>
</main>
<script type="module" src="chat.js"></script>
<?php } ?>
</html>
