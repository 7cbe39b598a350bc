import type { RelaisError } from '@relais/sdk';

const byReason: Readonly<Record<string, string>> = {
  unreachable: 'start it with "npm start" or "npx relais up", or say where it runs with --url or RELAIS_URL',
  connection_lost: 'look whether the platform still runs; repeat the call only if running it twice does no harm',
  foreign_answer: 'something else answers there: check --url and RELAIS_URL',
  wrong_use: 'the command with --help shows how it is used',
  no_such_file: 'check the path; "relais init js" makes a first function',
  unreadable_file: 'check its permissions',
  bad_settings: 'correct the file; "relais deploy --help" lists what it may hold',
  file_exists: 'choose another directory, or remove the file',
  bad_config: '"relais up --help" lists every setting',
  bad_name: 'give another by --name',
  unknown_language: 'say it by --lang; "relais doctor" lists the languages',
  name_taken: 'deploy with --update to make a new version, or with another --name',
  compile_error: 'correct the source and deploy again',
  function_failed: 'correct the function and deploy it again with --update; "relais dev FILE" does so on every save',
  payload_too_large: 'send less, or keep the data elsewhere and send where it is',
  no_worker: '"relais workers" shows the fleet, "relais doctor" what it lacks',
  client_deadline: 'give it more time by --timeout-ms',
  rate_limit: 'send fewer requests a second, or use a key that may send more',
  concurrency_limit: 'wait for calls to end, or allow more at once',
  secret_missing: '"relais secret set" stores it, "relais secret ls" shows which there are',
  memory_limit: 'deploy with more, --memory-mb, or let the function use less',
};

const byCode: Partial<Record<RelaisError['code'], string>> = {
  unauthenticated: 'give a key by --key or RELAIS_KEY; "relais key create" makes one',
  permission_denied: 'use a key that has this right, by --key or RELAIS_KEY',
  not_found: '"relais ls" shows what there is',
  already_exists: 'choose another name',
  failed_precondition: '"relais doctor" shows what is missing and the line that installs it',
  resource_exhausted: 'try again shortly',
  deadline_exceeded: 'deploy the function with a longer --timeout-ms, or make it quicker',
  aborted: 'correct the function and deploy it again with --update',
  unavailable: 'try again shortly; "relais workers" shows the fleet',
  unimplemented: 'this platform is older than this command: update it',
  internal: 'the cause is in the log of the platform',
  invalid_argument: 'correct it and try again; the command with --help shows how it is used',
};

/** What to do about a failure, in one line. */
export function adviceFor({ code, reason }: RelaisError): string {
  // Something between us and the platform may ask for a key in words of its own.
  const isAboutKeys = code === 'unauthenticated' || code === 'permission_denied';
  const advice = !isAboutKeys && Object.hasOwn(byReason, reason) ? byReason[reason] : undefined;
  return advice ?? byCode[code] ?? 'try again';
}
