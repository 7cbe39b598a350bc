<?php

// Called with the parsed payload; stays warm between calls. What it prints is its log.
function handler($event, $context)
{
    echo 'got ', gettype($event), "\n";
    return 'Hello from PHP! You sent: ' . json_encode($event) . "\n";
}
