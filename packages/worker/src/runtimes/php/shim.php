<?php

// Runs in the user's process. Waits on file descriptor 3 for a function and serves it.
require __DIR__ . '/guest.php';
require Relais\begin();
Relais\serve();
