/** A variable of the process that launches, which nothing it launches may know. */
export const hostOnly = 'RELAIS_TEST_HOST_ONLY';

process.env[hostOnly] = 'yes';
