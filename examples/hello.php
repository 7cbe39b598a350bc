<?php
// A program: what it prints is the output.
echo "Hello from PHP ", PHP_MAJOR_VERSION, "!\n";
